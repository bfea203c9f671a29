-- ARGV 1=id 2=grace ms
local id = ARGV[1]
local j = redis.call('HMGET', job_key(id), 'state', 'class', 'payload', 'tenant')
if not j[1] then return {'unknown'} end
if j[1] == 'running' then
  redis.call('HSET', job_key(id), 'cancel', 1)
  return {'asked'}
end
if j[1] ~= 'queued' then return {'late'} end
redis.call('ZREM', base .. 'ready:' .. j[2], id)
redis.call('ZREM', base .. 'held:' .. j[2] .. ':' .. j[4], id)
redis.call('ZREM', base .. 'rests', id)
redis.call('HSET', job_key(id), 'cancel', 1)
return {'ending', j[3], ending(id, now(), tonumber(ARGV[2]))}
