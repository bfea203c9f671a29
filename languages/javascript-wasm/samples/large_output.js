// optimus: verdict=accepted limits.cpu_ms=10000
// optimus: expect="0123456789\n" expect_times=500000
for (let i = 0; i < 500000; i++) std.out.puts("0123456789\n");
