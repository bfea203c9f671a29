"""Tells process 0 a number, hands its message to process 1, and looks at what that makes of it. Half for a long message."""
import sys

number = sys.stdin.readline().strip()
from_first, to_first = open(sys.argv[1]), open(sys.argv[2], "w")
from_second, to_second = open(sys.argv[3]), open(sys.argv[4], "w")
print(number, file=to_first)
# Its end is what process 0 waits for.
to_first.close()
message = from_first.readline().strip()
print(message, file=to_second, flush=True)
if from_second.readline().strip() != number:
    score, said = 0.0, "translate:wrong"
elif len(message) > 8:
    score, said = 0.5, "translate:partial"
else:
    score, said = 1.0, "translate:success"
print(score)
print(said, file=sys.stderr)
