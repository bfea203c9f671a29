-- ARGV 1=id 2=fence 3=report 4=verdict 5=ttl ms 6=dead: why ('': not dead) 7=ttl ms while a webhook is to be told
local id = ARGV[1]
local j = redis.call('HMGET', job_key(id), 'fence', 'state', 'tenant', 'eid', 'idem', 'hook', 'by')
-- A stale owner: its report is dropped.
if j[1] ~= ARGV[2] or (j[2] ~= 'running' and j[2] ~= 'ending') then return 0 end
redis.call('HSET', job_key(id), 'state', 'done', 'report', ARGV[3], 'verdict', ARGV[4], 'finished', now())
if ARGV[6] == '' then
  redis.call('HDEL', job_key(id), 'payload')
else
  redis.call('HSET', job_key(id), 'why', ARGV[6])
  redis.call('ZADD', base .. 'dead', 0, id)
  if redis.call('ZCARD', base .. 'dead') > 10000 then
    redis.call('ZREM', base .. 'dead', redis.call('ZRANGE', base .. 'dead', 0, 0)[1])
  end
end
redis.call('PEXPIRE', job_key(id), j[6] and math.max(ARGV[5], ARGV[7]) or ARGV[5])
if j[6] then redis.call('ZADD', base .. 'hooks', now(), id) end
if j[5] ~= '' then redis.call('PEXPIRE', base .. 'idem:' .. j[5], ARGV[5]) end
freed(id)
redis.call('XACK', q, 'workers', j[4])
redis.call('XDEL', q, j[4])
redis.call('ZREM', base .. 'leases', id)
redis.call('ZREM', base .. 'live', id)
-- For each that comes, two that have had their time may go.
local function done(set)
  redis.call('ZADD', set, 0, id)
  for _, old in ipairs(redis.call('ZRANGE', set, 0, 1)) do
    if redis.call('EXISTS', job_key(old)) == 0 then redis.call('ZREM', set, old) end
  end
end
done(base .. 'done')
if j[3] ~= '' then
  redis.call('ZREM', base .. 'live:' .. j[3], id)
  done(base .. 'done:' .. j[3])
  if redis.call('HINCRBY', base .. 'tenants', j[3], -1) <= 0 then redis.call('HDEL', base .. 'tenants', j[3]) end
end
if j[7] and redis.call('HINCRBY', base .. 'quotas', j[7], -1) <= 0 then redis.call('HDEL', base .. 'quotas', j[7]) end
redis.call('HINCRBY', base .. 'counts', 'finished', 1)
redis.call('DEL', base .. 'told:' .. id)
publish(id, 'done')
return 1
