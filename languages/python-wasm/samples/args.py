# optimus: verdict=accepted
# optimus: args=["a b", "-c"] expect="['a b', '-c']\n"
import sys

print(sys.argv[1:])
