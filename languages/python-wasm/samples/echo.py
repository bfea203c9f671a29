# optimus: verdict=accepted
# optimus: stdin="one\ntwo three\n" expect="one\ntwo three\n"
import sys

for line in sys.stdin:
    print(line, end="")
