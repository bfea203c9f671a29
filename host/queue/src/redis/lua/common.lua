-- Before every script. KEYS[1] is the language's stream; every other key is named after it, so that all are in its slot.
-- The stream has one entry for each job that waits or runs (XLEN is what KEDA scales on); reading one only wakes a
-- worker. Who gets which job is decided by `take` alone. Time is Redis's own: the clocks of pods do not matter.
local q = KEYS[1]
local base = string.sub(q, 1, -2)

local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

local function job_key(id) return base .. 'job:' .. id end

local function publish(id, what) redis.call('PUBLISH', base .. 'ev:' .. id, what) end

-- Events are numbered: in a cluster one may reach a listener after a look at the job that was taken later. The number of
-- the last one that said where the job stands is kept, for listeners that come again.
local function stand(id, state)
  local number = redis.call('HINCRBY', job_key(id), 'said', 1)
  redis.call('HSET', job_key(id), 'state', state, 'stated', number)
  publish(id, number .. ':' .. state)
end

-- Gives the job's entry a new place at the end of the stream: wakes a worker that waits there.
local function wake(id)
  local eid = redis.call('HGET', job_key(id), 'eid')
  if eid and redis.call('XDEL', q, eid) == 1 then
    redis.call('HSET', job_key(id), 'eid', redis.call('XADD', q, '*', 'id', id))
  end
end

-- Gives a job a place among those that wait. Start-time fair queueing: tenants take turns however much each of them has
-- sent, and an idle one earns no credit.
local function line_up(id, class, tenant)
  local turns = base .. 'turns:' .. class
  local turn = redis.call('HMGET', turns, '@', 't' .. tenant)
  local tag = math.max(tonumber(turn[1] or 0), tonumber(turn[2] or 0))
  redis.call('HSET', turns, 't' .. tenant, tag + 1)
  redis.call('ZADD', base .. 'ready:' .. class, tag, id)
  redis.call('ZADD', base .. 'live', 0, id)
  if tenant ~= '' then redis.call('ZADD', base .. 'live:' .. tenant, 0, id) end
  return tag, redis.call('XADD', q, '*', 'id', id)
end

-- Jobs of a tenant that has as many running as it may are held: they stand in no line, and cost nobody a look.
local function hold(id, class, tenant, tag) redis.call('ZADD', base .. 'held:' .. class .. ':' .. tenant, tag, id) end

-- A job that ran runs no more: the first of its tenant's that are held may line up again.
local function freed(id)
  local tenant = redis.call('HGET', base .. 'holders', id)
  if not tenant then return end
  redis.call('HDEL', base .. 'holders', id)
  if redis.call('HINCRBY', base .. 'running', tenant, -1) <= 0 then redis.call('HDEL', base .. 'running', tenant) end
  for class = 0, 2 do
    local first = redis.call('ZPOPMIN', base .. 'held:' .. class .. ':' .. tenant)
    if first[1] then
      local turn = tonumber(redis.call('HGET', base .. 'turns:' .. class, '@') or 0)
      redis.call('ZADD', base .. 'ready:' .. class, math.min(tonumber(first[2]), turn), first[1])
      wake(first[1])
    end
  end
end

-- Adds to a number of a tenant's, which is kept only while it is above 0; returns it.
local function count(name, tenant, by)
  local number = redis.call('HINCRBY', base .. name, tenant, by)
  if number > 0 then return number end
  redis.call('HDEL', base .. name, tenant)
  return 0
end

-- What is kept of a tenant's job that is over counts no longer; returns how many bytes of the tenant's still do.
local function forget(tenant, id)
  local size = tonumber(redis.call('HGET', base .. 'sizes:' .. tenant, id) or 0)
  redis.call('HDEL', base .. 'sizes:' .. tenant, id)
  return count('stored', tenant, -size)
end

-- Lets a job wait again, in its old place; after a pause of the queue, at the front.
local function back(id)
  local j = redis.call('HMGET', job_key(id), 'class', 'tag')
  local turn = tonumber(redis.call('HGET', base .. 'turns:' .. j[1], '@') or 0)
  redis.call('ZADD', base .. 'ready:' .. j[1], math.min(tonumber(j[2]), turn), id)
  stand(id, 'queued')
  wake(id)
end

-- Nobody may hold the job from now on but who is told the new fence; whoever is due next, if that one falls silent.
local function ending(id, at, grace)
  freed(id)
  redis.call('HSET', job_key(id), 'state', 'ending')
  redis.call('ZADD', base .. 'leases', at + grace, id)
  return redis.call('HINCRBY', job_key(id), 'fence', 1)
end

-- Brings back those whose rest is over or whose worker fell silent. Those with no attempt left are for `reap`.
local function promote(at, attempts)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. 'rests', '-inf', at, 'LIMIT', 0, 64)) do
    redis.call('ZREM', base .. 'rests', id)
    back(id)
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', base .. 'leases', '-inf', at, 'LIMIT', 0, 64)) do
    local j = redis.call('HMGET', job_key(id), 'state', 'attempt', 'cancel')
    if not j[1] then
      freed(id)
      redis.call('ZREM', base .. 'leases', id)
    elseif j[1] == 'running' and not j[3] and tonumber(j[2]) < attempts then
      redis.call('ZREM', base .. 'leases', id)
      redis.call('HINCRBY', job_key(id), 'fence', 1)
      freed(id)
      back(id)
    end
  end
end
