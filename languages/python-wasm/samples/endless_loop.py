# optimus: verdict=time_limit_exceeded limits.cpu_ms=500
while True:
    pass
