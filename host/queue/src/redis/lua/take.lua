-- The only way into `running`. ARGV 1=lease ms 2=attempts 3=how often a class may be passed over
-- 4=jobs of a tenant that may run at once (0: any number)
local at = now()
promote(at, tonumber(ARGV[2]))
local ready, passed = base .. 'ready:', base .. 'passed'
local function waits(class) return redis.call('EXISTS', ready .. class) == 1 end

-- High before normal before low; but whoever has been passed over often enough goes first.
local function choose()
  for class = 2, 1, -1 do
    if waits(class) and tonumber(redis.call('HGET', passed, class) or 0) >= tonumber(ARGV[3]) then return class end
  end
  for class = 0, 2 do
    if waits(class) then return class end
  end
end

local slots = tonumber(ARGV[4])
local function is_full(tenant)
  return slots > 0 and tenant ~= '' and tonumber(redis.call('HGET', base .. 'running', tenant) or 0) >= slots
end

-- The first of a class whose tenant may have one more.
local function pop(class)
  while true do
    local first = redis.call('ZPOPMIN', ready .. class)
    if not first[1] then return end
    local tenant = redis.call('HGET', job_key(first[1]), 'tenant') or ''
    if not is_full(tenant) then return first[1], first[2], tenant end
    hold(first[1], class, tenant, first[2])
  end
end

while true do
  local class = choose()
  if not class then break end
  local id, tag, tenant = pop(class)
  local turns = base .. 'turns:' .. class
  if waits(class) then
    local turn = tonumber(redis.call('HGET', turns, '@') or 0)
    if id and tonumber(tag) > turn then redis.call('HSET', turns, '@', tag) end
  else
    redis.call('DEL', turns)
  end
  if id then
    redis.call('HDEL', passed, class)
    for lower = class + 1, 2 do
      if waits(lower) then redis.call('HINCRBY', passed, lower, 1) end
    end
  end
  local j = id and redis.call('HMGET', job_key(id), 'state', 'payload', 'at') or {}
  -- Anything else was removed by hand.
  if j[1] == 'queued' and j[2] then
    local attempt = redis.call('HINCRBY', job_key(id), 'attempt', 1)
    local fence = redis.call('HINCRBY', job_key(id), 'fence', 1)
    stand(id, 'running')
    redis.call('ZADD', base .. 'leases', at + tonumber(ARGV[1]), id)
    if tenant ~= '' then
      redis.call('HSET', base .. 'holders', id, tenant)
      redis.call('HINCRBY', base .. 'running', tenant, 1)
    end
    redis.call('HINCRBY', base .. 'counts', 'begun', 1)
    return {id, j[2], attempt, fence, at - tonumber(j[3])}
  end
end
-- Nothing waits; something may in so many ms.
local due = 1000
for _, set in ipairs({'rests', 'leases'}) do
  local head = redis.call('ZRANGE', base .. set, 0, 0, 'WITHSCORES')
  if head[2] then due = math.min(due, math.max(1, tonumber(head[2]) - at)) end
end
return {due}
