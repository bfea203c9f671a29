-- optimus: verdict=time_limit_exceeded limits.cpu_ms=500 limits.wall_ms=20000
while true do end
