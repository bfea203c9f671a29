-- Those that nobody will bring to an end: the caller does, or after the grace another one. ARGV 1=attempts 2=grace ms
local at, found = now(), {}
promote(at, tonumber(ARGV[1]))
for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. 'leases', '-inf', at, 'LIMIT', 0, 16)) do
  local j = redis.call('HMGET', job_key(id), 'state', 'payload', 'attempt', 'cancel', 'fault')
  if j[1] == 'running' or j[1] == 'ending' then
    local fence = ending(id, at, tonumber(ARGV[2]))
    found[#found + 1] = {id, j[2] or '', tonumber(j[3]), fence, j[4] and 1 or 0, j[5] or ''}
  else
    freed(id)
    redis.call('ZREM', base .. 'leases', id)
  end
end
-- The oldest of the dead are forgotten with their reports.
for _, id in ipairs(redis.call('ZRANGE', base .. 'dead', 0, 15)) do
  if redis.call('EXISTS', job_key(id)) == 0 then redis.call('ZREM', base .. 'dead', id) end
end
return found
