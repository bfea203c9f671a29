-- Adds events to a tenant's feed, a stream whose ids are EPOCH-NUMBER: the epoch is the time at which the feed began, and
-- the numbers count up by one, so that a reader sees what it missed. KEYS[1] is the feed.
-- ARGV 1=events that are kept 2=ttl ms 3...=events
local feed = KEYS[1]
local newest = redis.call('XREVRANGE', feed, '+', '-', 'COUNT', 1)[1]
local epoch, number
if newest then
  epoch, number = string.match(newest[1], '^(%d+)-(%d+)$')
  number = tonumber(number)
else
  local t = redis.call('TIME')
  epoch, number = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)), 0
end
for i = 3, #ARGV do
  number = number + 1
  redis.call('XADD', feed, 'MAXLEN', ARGV[1], epoch .. '-' .. string.format('%.0f', number), 'event', ARGV[i])
end
redis.call('PEXPIRE', feed, ARGV[2])
return 1
