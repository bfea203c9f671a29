import sys

print(f"{int(input()):x}" if sys.argv[1] == "0" else int(input(), 16))
