# optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864
blocks = []
while True:
    blocks.append(bytearray(b"x") * (1 << 20))
