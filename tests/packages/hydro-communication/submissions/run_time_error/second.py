import sys

if sys.argv[1] == "1":
    raise ValueError
print(input())
