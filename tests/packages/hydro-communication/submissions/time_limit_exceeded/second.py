import sys

while sys.argv[1] == "1":
    pass
print(input())
