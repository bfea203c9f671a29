# optimus: verdict=accepted expect="100000\n"
import sys

# The interpreter's own bound; the stack itself is as large as the memory limit allows.
sys.setrecursionlimit(200_000)


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


print(depth(100_000))
