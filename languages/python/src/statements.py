# Runs a program, then the statements of a test with the program's names. Only where neither raises anything is the first
# line of stdin printed, with the seconds that the statements took; what they print themselves goes nowhere.
def run():
    import os
    import sys
    import time

    token = sys.stdin.readline().rstrip("\n")
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    paths, sys.argv = sys.argv[1:3], sys.argv[1:2] + sys.argv[3:]
    # Taken before the program can put others in their place.
    write, leave, now = os.write, os._exit, time.perf_counter
    names = {"__builtins__": __builtins__}
    for path in paths:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        began = now()
        exec(code, names)
    write(out, f"{token} {now() - began:.6f}\n".encode())
    # Threads and handlers that are left do not change what was found.
    leave(0)


run()
