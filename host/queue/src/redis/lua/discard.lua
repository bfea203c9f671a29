-- A dead job is dead for good. ARGV 1=id
local id = ARGV[1]
if redis.call('ZREM', base .. 'dead', id) == 0 then return 0 end
local j = redis.call('HMGET', job_key(id), 'tenant', 'bytes')
redis.call('HDEL', job_key(id), 'payload')
if j[1] and j[1] ~= '' and j[2] and redis.call('HGET', base .. 'sizes:' .. j[1], id) then
  redis.call('HINCRBY', base .. 'sizes:' .. j[1], id, -j[2])
  count('stored', j[1], -j[2])
end
return 1
