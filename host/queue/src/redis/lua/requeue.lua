-- A dead job waits again, as if it had never begun. ARGV 1=id
local id = ARGV[1]
if redis.call('ZREM', base .. 'dead', id) == 0 then return 0 end
local j = redis.call('HMGET', job_key(id), 'state', 'payload', 'tenant', 'class', 'by', 'bytes')
if j[1] ~= 'done' or not j[2] then return 0 end
redis.call('ZREM', base .. 'done', id)
redis.call('ZREM', base .. 'hooks', id)
if j[3] ~= '' then
  redis.call('ZREM', base .. 'done:' .. j[3], id)
  redis.call('HINCRBY', base .. 'tenants', j[3], 1)
  forget(j[3], id)
  redis.call('HINCRBY', base .. 'waiting', j[3], tonumber(j[6] or 0))
end
if j[5] then redis.call('HINCRBY', base .. 'quotas', j[5], 1) end
redis.call('PERSIST', job_key(id))
redis.call('HDEL', job_key(id), 'report', 'verdict', 'finished', 'fault', 'cancel', 'why', 'tries')
redis.call('HINCRBY', job_key(id), 'fence', 1)
redis.call('HINCRBY', job_key(id), 'round', 1)
local tag, eid = line_up(id, j[4], j[3])
redis.call('HSET', job_key(id), 'tag', tag, 'eid', eid, 'attempt', 0, 'at', now())
stand(id, 'queued')
return 1
