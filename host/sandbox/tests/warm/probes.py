# Programs that look at everything a start could leave different. They are divided by lines that begin with `#:`; each prints
# what it sees, and does not print what differs between any two starts (addresses, times, the seed of hashes).
#: arguments
import sys
print(sys.argv, sys.orig_argv, sys.flags, sys.executable, sys.prefix, sys.exec_prefix)
#: search path
import sys
print(sys.path, sys.path_hooks, sorted(sys.path_importer_cache), sys.meta_path)
#: main module
import __main__
print({k: str(v) for k, v in vars(__main__).items() if k != "__main__"})
#: main is in sys.modules
import sys
print(sys.modules["__main__"].__file__, __name__, __builtins__, __spec__, __doc__, __package__, type(__loader__), __loader__.path)
#: modules
import sys
print(list(sys.modules))
#: annotations
x: int = 3
print(__annotations__, __cached__, globals().keys())
#: environment
import os
print(dict(os.environ), os.environb)
#: environment as the kernel has it
print(open("/proc/self/environ", "rb").read())
#: command line
print(open("/proc/self/cmdline", "rb").read(), open("/proc/self/comm").read())
#: working directory
import os
print(os.getcwd(), os.listdir("."), os.listdir("/"), os.readlink("/proc/self/cwd"), os.readlink("/proc/self/root"), os.readlink("/proc/self/exe"))
#: umask
import os
print(oct(os.umask(0)))
#: descriptors
import os
print(sorted(os.listdir("/proc/self/fd")), [os.readlink(f"/proc/self/fd/{fd}").split(":")[0] for fd in range(3)])
#: descriptor flags
import fcntl, os, stat
print([(fcntl.fcntl(fd, fcntl.F_GETFL), fcntl.fcntl(fd, fcntl.F_GETFD), os.get_blocking(fd), os.get_inheritable(fd)) for fd in range(3)])
print([(oct(os.fstat(fd).st_mode), os.fstat(fd).st_uid, os.fstat(fd).st_gid, os.isatty(fd)) for fd in range(3)])
#: next descriptor
import os
print(os.open("/dev/null", os.O_RDONLY), os.pipe())
#: streams by name
print(open("/dev/stdin").read())
open("/dev/stdout", "w").write("out\n")
open("/dev/stderr", "w").write("err\n")
#: signal handlers
import signal
print([(s.name, str(signal.getsignal(s))) for s in sorted(signal.valid_signals()) if isinstance(s, signal.Signals)])
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.sigpending(), signal.getitimer(signal.ITIMER_REAL), signal.get_wakeup_fd() if hasattr(signal, "get_wakeup_fd") else None)
#: signals as the kernel has them
print([line for line in open("/proc/self/status") if line.startswith(("Sig", "Shd"))])
#: limits
import resource
print([(name, resource.getrlimit(getattr(resource, name))) for name in dir(resource) if name.startswith("RLIMIT_")])
#: limits as the kernel has them
print(open("/proc/self/limits").read())
#: ids
import os
print(os.getpid(), os.getppid(), os.getpgrp(), os.getsid(0), os.getuid(), os.geteuid(), os.getgid(), os.getegid(), os.getgroups(), os.getresuid(), os.getresgid())
#: status
keep = ("Name", "Umask", "State", "Tgid", "Pid", "PPid", "TracerPid", "Uid", "Gid", "FDSize", "Groups", "NStgid", "NSpid", "Kthread", "Threads", "SigQ", "Cap", "NoNewPrivs", "Seccomp", "Specul", "CoreDumping", "THP", "untag", "Cpus", "Mems")
print([line for line in open("/proc/self/status") if line.startswith(keep)])
#: children
import os
pid = os.fork()
if pid == 0:
    print("child", os.getpid(), os.getppid())
    os._exit(7)
print(pid, os.waitpid(pid, 0))
#: next pids
import subprocess
print([subprocess.run(["sh", "-c", "echo $$ $PPID"], capture_output=True).stdout for _ in range(3)])
#: processes
import os
print(sorted(name for name in os.listdir("/proc") if name.isdigit()))
#: threads
import threading
print(threading.current_thread().name, threading.main_thread().native_id, threading.get_native_id(), threading.active_count(), threading.stack_size())
#: new threads
import threading
out = []
threads = [threading.Thread(target=lambda: out.append(threading.get_native_id())) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print(sorted(out))
#: thread names
import os
print(os.listdir("/proc/self/task"), open("/proc/thread-self/comm").read())
#: recursive locks between threads
import threading, time
lock, order = threading.RLock(), []
def hold(n):
    with lock:
        with lock:
            order.append(n); time.sleep(0.001); order.append(n)
threads = [threading.Thread(target=hold, args=(n,)) for n in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
print([order[i] == order[i + 1] for i in range(0, 16, 2)])
#: robust futexes and thread keys
import ctypes
print(ctypes.CDLL(None).getpid(), ctypes.CDLL(None).gettid(), ctypes.sizeof(ctypes.c_long))
#: environment of the C library
import ctypes
libc = ctypes.CDLL(None)
libc.getenv.restype = ctypes.c_char_p
print([libc.getenv(name) for name in (b"PATH", b"HOME", b"LANG", b"LD_PRELOAD")])
#: raise
import os, signal
print("before", flush=True)
os.kill(os.getpid(), signal.SIGTERM)
#: abort
import os
os.abort()
#: locale
import locale, sys
print(locale.setlocale(locale.LC_ALL), locale.getpreferredencoding(), sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), sys.getdefaultencoding())
#: streams
import sys
for s in (sys.stdin, sys.stdout, sys.stderr):
    print(s.name, s.mode, s.encoding, s.errors, s.newlines, s.line_buffering, s.write_through, s.seekable(), s.fileno(), type(s.buffer), s.buffer.raw.name, s.buffer.raw.mode, s.closed)
print(sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__)
#: reading a line at a time
import sys
print(sys.stdin.readline(), sys.stdin.buffer.peek()[:5], sys.stdin.read())
#: reading by descriptor
import os
print(os.read(0, 3), input())
#: unflushed output at the end
import sys
sys.stdout.write("no newline"); sys.stderr.write("err")
#: output after a hard exit is lost
import os, sys
sys.stdout.write("lost"); os._exit(3)
#: exit codes
import sys
sys.exit(41)
#: exit with a text
import sys
sys.exit("a text")
#: exit handlers
import atexit
atexit.register(print, "bye"); atexit.register(print, "good")
print("main")
#: an error
def f():
    return 1 / 0
f()
#: an error with a cause
try:
    {}["x"]
except KeyError as error:
    raise ValueError("no") from error
#: a syntax error
def f(:
#: an error in an import
import nothing_of_this_name
#: indentation
if 1:
	x = 1
        y = 2
#: frames
import sys, traceback
frame = sys._getframe()
print(frame.f_back, frame.f_code.co_filename, frame.f_code.co_name, frame.f_lineno)
traceback.print_stack()
#: recursion
import sys
def depth(n):
    try:
        return depth(n + 1)
    except RecursionError:
        return n
print(sys.getrecursionlimit(), depth(0))
#: deep recursion
import sys
sys.setrecursionlimit(60_000)
def depth(n): return n if n == 50_000 else depth(n + 1)
print(depth(0))
#: overflow of the stack
import sys
sys.setrecursionlimit(10**9)
def depth(n): return depth(n + 1) + 1
depth(0)
#: hashing
import sys
print(sys.hash_info, sys.flags.hash_randomization, hash(1), hash(2.5), hash((1, 2)))
#: random is seeded afresh
import random
print(random.getstate()[0], len(random.getstate()[1]), random.Random(5).random())
#: collector
import gc
print(gc.get_threshold(), gc.isenabled(), gc.get_debug(), gc.get_freeze_count(), gc.callbacks)
#: collector's counts
import gc
print(gc.get_stats())
#: switches
import sys
print(sys.getswitchinterval(), sys.getdlopenflags(), sys.gettrace(), sys.getprofile(), sys.warnoptions, sys._xoptions, sys.dont_write_bytecode, sys.pycache_prefix)
#: hooks
import sys
print(sys.excepthook, sys.displayhook, sys.unraisablehook, sys.breakpointhook.__name__, hasattr(sys, "last_type"), hasattr(sys, "ps1"))
#: decimal and other contexts
import decimal, contextvars, asyncio
print(decimal.getcontext(), list(contextvars.copy_context()))
async def main(): await asyncio.sleep(0); return 5
print(asyncio.run(main()))
#: standard library
import json, re, collections, itertools, math, heapq, bisect, functools, string, datetime, fractions, dataclasses, typing
print(json.dumps({"a": [1, 2]}), re.findall(r"\d+", "a1b22"), math.gcd(12, 18), collections.Counter("abca"))
#: files beside the program come first
import helper
print(helper.VALUE, helper.__file__, helper.__cached__)
#: no user's packages
import site, sys
print(site.ENABLE_USER_SITE, site.getsitepackages(), site.PREFIXES)
#: writing files
open("out.txt", "w").write("x" * 10); print(open("out.txt").read())
import os
print(os.stat("out.txt").st_mode, os.listdir("/tmp"), os.listdir("/dev/shm"))
#: time zone
import time
print(time.tzname, time.timezone, time.localtime(0)[:6])
#: multiprocessing
import multiprocessing
def double(n): return n * 2
with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(double, range(5)))
#: a process of its own interpreter
import subprocess, sys
print(subprocess.run([sys.executable, "-c", "import sys; print(sys.argv, sys.flags)"], capture_output=True, text=True))
#: mounts
print([line.split()[4] for line in open("/proc/self/mountinfo")])
#: namespaces
import os
print(sorted(os.listdir("/proc/self/ns")), os.readlink("/proc/self/ns/pid") == os.readlink("/proc/self/ns/pid_for_children"))
#: control groups
print(open("/proc/self/cgroup").read())
#: user map
print(open("/proc/self/uid_map").read(), open("/proc/self/gid_map").read())
#: loaded files
names = {line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if len(line.split(None, 5)) == 6}
print(sorted(names))
#: kinds of mappings
print(sorted({line.split()[1] for line in open("/proc/self/maps")}))
#: auxiliary vector
import struct
data = open("/proc/self/auxv", "rb").read()
pairs = [struct.unpack_from("QQ", data, at) for at in range(0, len(data), 16)]
print([(k, v if k in (6, 11, 12, 13, 14, 16, 17, 23, 26) else None) for k, v in pairs])
#: alarms
import signal, time
signal.signal(signal.SIGALRM, lambda *_: print("alarm"))
signal.alarm(1); signal.pause()
#: a broken pipe
import os, signal
r, w = os.pipe(); os.close(r)
os.write(w, b"x")
#: a child's death
import os, signal
signal.signal(signal.SIGCHLD, lambda *_: print("died"))
if os.fork() == 0: os._exit(0)
os.wait(); print("waited")
#: settings of the process
import ctypes
prctl = ctypes.CDLL(None).prctl
print([prctl(option, 0, 0, 0, 0) for option in (3, 7, 21, 27, 39, 42)], ctypes.CDLL(None).personality(0xffffffff))
#: scheduling
import os
print(os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), os.cpu_count())
#: usage begins at nothing
import resource
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_utime < 1, usage.ru_nswap, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime)
#: memory refused
block = bytearray(1 << 62)
#: faulthandler
import faulthandler
print(faulthandler.is_enabled())
#: doctest of identity
import sys
print(sys.version, sys.implementation, sys.platlibdir, sys.api_version, sys.float_repr_style, sys.int_info, sys.thread_info)
