-- optimus: verdict=accepted limits.cpu_ms=10000
-- optimus: expect="0123456789\n" expect_times=500000
for i = 1, 500000 do print("0123456789") end
