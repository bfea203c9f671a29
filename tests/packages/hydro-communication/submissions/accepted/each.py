import sys
import time

# Each process has the limit for itself.
while time.process_time() < 0.7:
    pass
print(f"{int(input()):x}" if sys.argv[1] == "0" else int(input(), 16))
