import sys

import relay

reads, writes, process = open(sys.argv[1]), open(sys.argv[2], "w"), int(sys.argv[3])
answer = relay.encode(int(reads.read())) if process == 0 else relay.decode(reads.readline().strip())
print(answer, file=writes, flush=True)
