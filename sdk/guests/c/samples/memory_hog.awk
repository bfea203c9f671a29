# optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864 limits.cpu_ms=8000
BEGIN { x = "xxxxxxxxxxxxxxxx"; while (1) x = x x }
