"""Tells process 0 a number, hands its message to process 1, and looks at what that makes of it. Half for a long message."""
import sys

number = sys.stdin.readline().strip()
from_first, to_first = open(sys.argv[1]), open(sys.argv[2], "w")
from_second, to_second = open(sys.argv[3]), open(sys.argv[4], "w")
print(number, file=to_first, flush=True)
message = from_first.readline().strip()
print(message, file=to_second, flush=True)
if from_second.readline().strip() != number:
    sys.exit("another number")
print(0.5 if len(message) > 8 else 1)
