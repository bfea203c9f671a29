

# The parent. It reads cells from stdin and prints what becomes of them, one JSON value a line; only it has that stdout.
# The first line is `{"output_bytes": N}`, the bound of what one cell may show; each further one is a cell,
# `{"source": "…", "limit_ms": N}`. It answers `ready`, then for each cell `stream`, `display` and `error`, and at last `end`.

# What a cell that is interrupted may still do, in seconds.
GRACE = 2.0
# Streams are told in pieces of about this size, or after this time in seconds.
PIECE, PAUSE = 1 << 15, 0.02
# Reads that empty a pipe, however large a program has made it.
READS = (1 << 20 >> 16) + 1


class Supervisor:
    def __init__(self, output_bytes):
        self.output_bytes, self.cell, self.rest, self.status = output_bytes, 0, [], None
        self.streams = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        self.pending, self.left, self.truncated, self.failed = ("stdout", []), 0, False, False
        self.start()

    def start(self):
        """Starts the interpreter; its stdin is empty, and its stdout and stderr are pipes."""
        asked, out, err, told, ended = (os.pipe() for _ in range(5))
        self.pid = os.fork()
        if self.pid == 0:
            os.setpgid(0, 0)
            nothing = os.open(os.devnull, os.O_RDONLY)
            for file, number in ((nothing, 0), (out[1], 1), (err[1], 2)):
                os.dup2(file, number)
            for file in (nothing, asked[1], *out, *err, told[0], *ended):
                os.close(file)
            try:
                Interpreter(asked[0], told[1]).serve()
            finally:
                flush()
                os._exit(0)
        # Whoever comes first, a cell is interrupted with all that it has started.
        try:
            os.setpgid(self.pid, self.pid)
        except OSError:
            pass
        for file in (asked[0], out[1], err[1], told[1]):
            os.close(file)
        for file in ended:
            os.set_blocking(file, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(ended[1])
        self.asked, self.told = asked[1], told[0]
        self.files = {out[0]: "stdout", err[0]: "stderr", told[0]: "told", ended[0]: "ended"}
        self.poll = select.poll()
        for file in self.files:
            os.set_blocking(file, False)
            self.poll.register(file, select.POLLIN)

    def run(self, source, limit):
        """Runs one cell, at most for this many seconds, and returns whether the interpreter lives on."""
        self.cell += 1
        self.left, self.truncated, self.failed = self.output_bytes, False, False
        begun = time.monotonic()
        self.ask(source.encode("utf-8", "replace"))
        deadline, interrupted = begun + limit if limit else None, False
        status = None
        while status is None and not self.is_dead():
            status = self.watch(deadline)
            if status is None and deadline and time.monotonic() >= deadline:
                self.signal(signal.SIGKILL if interrupted else signal.SIGINT)
                deadline, interrupted = time.monotonic() + GRACE, True
        for _ in range(READS if status is None else 0):
            self.read_told()
        self.drain()
        self.flush(final=True)
        end = {"status": "timeout" if interrupted else status or "died", "alive": status is not None}
        if status is None:
            end["exit"] = self.status
        wall = round((time.monotonic() - begun) * 1000, 3)
        emit({"type": "end", "cell": self.cell, "wall_ms": wall, "truncated": self.truncated, **end})
        return status is not None

    def ask(self, source):
        try:
            write_all(self.asked, len(source).to_bytes(8, "big") + source)
        except BrokenPipeError:
            pass

    def signal(self, number):
        try:
            os.killpg(self.pid, number)
            if os.getpgid(self.pid) != self.pid:
                os.kill(self.pid, number)
        except OSError:
            # It is over, or has left its group.
            if not self.is_dead():
                os.kill(self.pid, number)

    def is_dead(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            # As a shell counts: the code, or the negative number of the signal.
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def watch(self, deadline):
        """Waits for the interpreter to print or tell something; returns the cell's status when it has ended."""
        wait = PAUSE if self.pending[1] else None
        if deadline:
            left = max(deadline - time.monotonic(), 0)
            wait = left if wait is None else min(wait, left)
        ready = {self.files[file]: file for file, _ in self.poll.poll(None if wait is None else int(wait * 1000) + 1)}
        if not ready:
            self.flush()
        if "ended" in ready:
            os.read(ready["ended"], 4096)
        for name in ("stdout", "stderr"):
            if name in ready:
                self.read_stream(ready[name], name)
        return self.read_told() if "told" in ready else None

    def read_stream(self, file, name):
        """Reads what there is of a stream; says whether there was something."""
        piece = self.read(file)
        if piece:
            self.add(name, self.streams[name].decode(piece))
        return bool(piece)

    def read_told(self):
        first, *lines = self.read(self.told).split(b"\n")
        self.rest.append(first)
        status = None
        for line in lines:
            status = self.hear(b"".join(self.rest)) or status
            self.rest = [line]
        return status

    def hear(self, line):
        """Passes on what the interpreter tells. The cells share its process, so none of it is believed to be well formed."""
        try:
            told = json.loads(line)
            kind = told["type"]
            if kind == "end" and told["cell"] == self.cell:
                return told["status"] if told["status"] in ("ok", "error") else None
            if kind == "display":
                data = {str(name): form for name, form in told["data"].items() if is_plain(form)}
                message = {"type": kind, "data": data}
            elif kind == "error":
                lines = [str(line) for line in told["traceback"]]
                message = {"type": kind, "ename": str(told["ename"]), "evalue": str(told["evalue"]), "traceback": lines}
            else:
                return None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        self.drain()
        self.flush()
        self.emit(message)
        return None

    def read(self, file):
        """What a pipe holds, and nothing at its end."""
        try:
            piece = os.read(file, 1 << 16) if file in self.files else b""
        except BlockingIOError:
            return b""
        if not piece and file in self.files:
            self.poll.unregister(file)
            del self.files[file]
        return piece

    def drain(self):
        """Reads what the streams hold already: it was printed before what comes next."""
        for file, name in list(self.files.items()):
            for _ in range(READS if name in self.streams else 0):
                if not self.read_stream(file, name):
                    break

    def add(self, name, text):
        if self.pending[0] != name:
            self.flush()
            self.pending = (name, [])
        if text:
            self.pending[1].append(text)
        if sum(map(len, self.pending[1])) >= PIECE:
            self.flush()

    def flush(self, final=False):
        """Tells what was printed; at last with a character that was only begun."""
        if final:
            for name, decoder in self.streams.items():
                self.add(name, decoder.decode(b"", True))
                decoder.reset()
        name, pieces = self.pending
        self.pending = (name, [])
        text = "".join(pieces)
        if text:
            self.emit({"type": "stream", "name": name, "text": text})

    def emit(self, message):
        """Prints a message if the cell may still show so much; of a text, its beginning."""
        if self.truncated and message["type"] == "stream":
            return
        line = encoded(message)
        if len(line) > self.left:
            self.truncated = True
            share = max(self.left - 64, 0) / len(line)
            line = encoded(shortened(message, share))
            # Its first characters may take more bytes of JSON than the others.
            while message["type"] == "stream" and len(line) > self.left and share > 0.001:
                share *= 0.9
                line = encoded(shortened(message, share))
            # A cell's exception is shown after the flood that came before it, too.
            if message["type"] == "error" and not self.failed:
                self.left = len(line)
            if message["type"] == "display" or len(line) > self.left:
                return
        self.failed |= message["type"] == "error"
        self.left -= len(line)
        write_all(1, line)


def shortened(message, share):
    """This share of a text; of an exception its last words."""
    if message["type"] == "error":
        name, value = message["ename"][:200], message["evalue"][:2000]
        return {"type": "error", "ename": name, "evalue": value, "traceback": [f"{name}: {value}"]}
    text = message.get("text", "")
    return {**message, "text": text[: int(len(text) * share)]}


def is_plain(value, depth=32):
    """Whether other readers of JSON can read this, too."""
    if isinstance(value, (dict, list)):
        inner = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(is_plain(one, depth - 1) for one in inner)
    # What is greater, infinite, or no number at all has no place in JSON.
    return not isinstance(value, (int, float)) or -(2**63) <= value < 2**63


def encoded(message):
    # Half of a pair of surrogates is no character.
    return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def emit(message):
    write_all(1, encoded(message))


def lines():
    """The lines of stdin, each when it is there."""
    rest = b""
    while True:
        piece = os.read(0, 1 << 16)
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if not piece:
            return


def main():
    asked = lines()
    settings = next(asked, None)
    if settings is None:
        return 0
    supervisor = Supervisor(int(json.loads(settings)["output_bytes"]))
    emit({"type": "ready"})
    for line in asked:
        cell = json.loads(line)
        if not supervisor.run(cell["source"], cell.get("limit_ms", 0) / 1000):
            return 1
    supervisor.signal(signal.SIGKILL)
    return 0


sys.exit(main())
