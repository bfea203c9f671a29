# optimus: verdict=memory_limit_exceeded
# As much as a size can say there: refused at once, and Python raises MemoryError.
block = bytearray((1 << 31) - 1000)
