# optimus: verdict=accepted limits.cpu_ms=20000
# optimus: expect="0123456789\n" expect_times=500000
for _ in range(500_000):
    print("0123456789")
