-- ARGV 1=id 2=fence 3=report 4=verdict 5=ttl ms 6=dead: why ('': not dead) 7=ttl ms while a webhook is to be told
-- 8=bytes that may be kept of a tenant. Answers with the tenant ('': none), or nothing to a stale owner
local id = ARGV[1]
local j = redis.call('HMGET', job_key(id), 'fence', 'state', 'tenant', 'eid', 'idem', 'hook', 'by', 'bytes')
-- A stale owner: its report is dropped.
if j[1] ~= ARGV[2] or (j[2] ~= 'running' and j[2] ~= 'ending') then return false end
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
  local gone = {}
  redis.call('ZADD', set, 0, id)
  for _, old in ipairs(redis.call('ZRANGE', set, 0, 1)) do
    if redis.call('EXISTS', job_key(old)) == 0 then
      redis.call('ZREM', set, old)
      gone[#gone + 1] = old
    end
  end
  return gone
end
done(base .. 'done')
if j[3] ~= '' then
  local tenant, own, bytes = j[3], base .. 'done:' .. j[3], tonumber(j[8] or 0)
  redis.call('ZREM', base .. 'live:' .. tenant, id)
  for _, old in ipairs(done(own)) do forget(tenant, old) end
  count('tenants', tenant, -1)
  count('waiting', tenant, -bytes)
  -- One that was given up keeps its payload.
  local size = #ARGV[3] + (ARGV[6] ~= '' and bytes or 0)
  redis.call('HSET', base .. 'sizes:' .. tenant, id, size)
  local stored = count('stored', tenant, size)
  -- The oldest go early, but not the newest, nor those of which a webhook is still to be told.
  if stored > tonumber(ARGV[8]) then
    for _, old in ipairs(redis.call('ZRANGE', own, 0, 255)) do
      if stored <= tonumber(ARGV[8]) then break end
      if old ~= id and not redis.call('ZSCORE', base .. 'hooks', old) then
        redis.call('DEL', job_key(old))
        redis.call('ZREM', own, old)
        redis.call('ZREM', base .. 'done', old)
        redis.call('ZREM', base .. 'dead', old)
        stored = forget(tenant, old)
      end
    end
  end
end
if j[7] and redis.call('HINCRBY', base .. 'quotas', j[7], -1) <= 0 then redis.call('HDEL', base .. 'quotas', j[7]) end
redis.call('HINCRBY', base .. 'counts', 'finished', 1)
redis.call('DEL', base .. 'told:' .. id)
publish(id, 'done')
return j[3]
