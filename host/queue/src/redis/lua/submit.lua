-- ARGV 1=id 2=payload 3=tenant 4=class 5=queue cap 6=tenant cap 7=idempotency key ('': none) 8=fingerprint 9=webhook ('': none)
-- 10=key ('': no quota) 11=its quota 12=bytes that a tenant's jobs may hold
local id, tenant, class, key = ARGV[1], ARGV[3], ARGV[4], ARGV[7]
if key ~= '' then
  local known = redis.call('HMGET', base .. 'idem:' .. key, 'id', 'fp')
  if known[1] and known[1] ~= id then return {known[2] == ARGV[8] and 'known' or 'reused', known[1]} end
end
-- The answer to an earlier call got lost.
if redis.call('EXISTS', job_key(id)) == 1 then return {'pushed', id} end
local depth = redis.call('XLEN', q)
if depth >= tonumber(ARGV[5]) then return {'full', depth} end
local by = ARGV[10]
if by ~= '' and tonumber(redis.call('HGET', base .. 'quotas', by) or 0) >= tonumber(ARGV[11]) then
  return {'quota', tonumber(ARGV[11])}
end
if tenant ~= '' then
  local used = tonumber(redis.call('HGET', base .. 'tenants', tenant) or 0)
  if used >= tonumber(ARGV[6]) then return {'tenant', used} end
  local bytes = tonumber(redis.call('HGET', base .. 'waiting', tenant) or 0)
  if bytes + #ARGV[2] > tonumber(ARGV[12]) then return {'bytes', bytes} end
  redis.call('HINCRBY', base .. 'waiting', tenant, #ARGV[2])
  redis.call('HINCRBY', base .. 'tenants', tenant, 1)
end
local tag, eid = line_up(id, class, tenant)
redis.call('HSET', job_key(id), 'state', 'queued', 'payload', ARGV[2], 'tenant', tenant, 'class', class, 'tag', tag,
  'eid', eid, 'at', now(), 'attempt', 0, 'fence', 0, 'idem', key, 'bytes', #ARGV[2])
if by ~= '' then
  redis.call('HINCRBY', base .. 'quotas', by, 1)
  redis.call('HSET', job_key(id), 'by', by)
end
if ARGV[9] ~= '' then redis.call('HSET', job_key(id), 'hook', ARGV[9]) end
if key ~= '' then redis.call('HSET', base .. 'idem:' .. key, 'id', id, 'fp', ARGV[8]) end
return {'pushed', id}
