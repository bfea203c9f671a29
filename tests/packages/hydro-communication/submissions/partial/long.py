import sys

print(f"{int(input()):032b}" if sys.argv[1] == "0" else int(input(), 2))
