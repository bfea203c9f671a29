-- optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864 limits.cpu_ms=8000
local all = {}
while true do all[#all + 1] = string.rep("x", 1048576) .. #all end
