-- ARGV 1=id 2=fence 3=counted 4=fault 5=attempts 6=grace ms 7...=rest ms after the 1st, 2nd, ... attempt
local id, counted = ARGV[1], ARGV[3] == '1'
local j = redis.call('HMGET', job_key(id), 'fence', 'state', 'cancel', 'attempt', 'payload')
if j[1] ~= ARGV[2] or j[2] ~= 'running' then return {'lost'} end
local at = now()
if counted then
  redis.call('HSET', job_key(id), 'fault', ARGV[4])
else
  redis.call('HINCRBY', job_key(id), 'attempt', -1)
end
if j[3] then return {'cancel', j[5], ending(id, at, tonumber(ARGV[6]))} end
if counted and tonumber(j[4]) >= tonumber(ARGV[5]) then
  return {'dead', j[5], ending(id, at, tonumber(ARGV[6]))}
end
redis.call('ZREM', base .. 'leases', id)
redis.call('HINCRBY', job_key(id), 'fence', 1)
freed(id)
local rest = tonumber(ARGV[math.min(6 + tonumber(j[4]), #ARGV)])
if counted and rest > 0 then
  stand(id, 'queued')
  redis.call('ZADD', base .. 'rests', at + rest, id)
else
  back(id)
end
return {'back'}
