# Runs cells with `python3 -c`, in one interpreter whose state is kept from one to the next. The other half is supervisor.py.
import sys

# A job's own `json.py` is for its cells, not for this program.
sys.path.remove("")

import _thread, ast, base64, builtins, codecs, json, linecache, os, select, signal, time, traceback, types

# Of a code object that has to be awaited (`inspect.CO_COROUTINE`, whose module takes long to load).
CO_COROUTINE = 0x80


class Interpreter:
    """The child, in which cells run. What it tells its parent goes through a pipe of its own, so no print is mistaken for it."""

    def __init__(self, asked, told):
        self.asked, self.told, self.lock, self.pid = asked, told, _thread.allocate_lock(), os.getpid()
        self.main, self.loop, self.cell = types.ModuleType("__main__"), None, 0
        sys.modules["__main__"], builtins.display = self.main, self.display
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        os.environ.setdefault("MPLBACKEND", "module://" + Figures.NAME)
        sys.meta_path.append(Figures(self))
        sys.path.insert(0, "")

    def serve(self):
        """Runs cells until there are no more."""
        signal.signal(signal.SIGINT, lambda *_: None)
        while True:
            head = read_exactly(self.asked, 8)
            if head is None:
                return
            source = read_exactly(self.asked, int.from_bytes(head, "big")).decode("utf-8", "replace")
            self.cell += 1
            self.tell(type="end", cell=self.cell, status=self.run(source))

    def run(self, source):
        """Runs one cell, whatever it does, and returns its status."""
        try:
            try:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                self.execute(source, f"<cell {self.cell}>")
                self.show_figures()
                status = "ok"
            except BaseException as error:
                self.tell(**described(error))
                status = "error"
            signal.signal(signal.SIGINT, lambda *_: None)
        except BaseException as error:
            # Interrupted while it was being described.
            signal.signal(signal.SIGINT, lambda *_: None)
            self.tell(type="error", ename=type(error).__name__, evalue="", traceback=[type(error).__name__])
            status = "error"
        flush()
        if os.getpid() != self.pid:
            # A cell forked, and this is the copy: there are no further cells for it.
            os._exit(0)
        return status

    def execute(self, source, name):
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree = compile(source, name, "exec", flags | ast.PyCF_ONLY_AST)
        shown = tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";")
        last = ast.Expression(tree.body.pop().value) if shown else None
        self.evaluate(compile(tree, name, "exec", flags))
        value = self.evaluate(compile(last, name, "eval", flags)) if last else None
        if value is not None:
            self.main._ = value
            self.show(value)

    def evaluate(self, code):
        value = eval(code, self.main.__dict__)
        if not code.co_flags & CO_COROUTINE:
            return value
        import asyncio

        self.loop = self.loop or asyncio.new_event_loop()
        return self.loop.run_until_complete(value)

    def display(self, *values):
        """Shows values with the richest of the forms that they have."""
        for value in values:
            self.show(value)

    def show(self, value, data=None):
        data = data or bundle(value)
        flush()
        self.tell(type="display", data=data)

    def show_figures(self):
        """Shows the open figures of matplotlib, and closes them."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        for number in pyplot.get_fignums() if pyplot else ():
            figure = pyplot.figure(number)
            self.show(figure, figure_bundle(figure))
            pyplot.close(figure)

    def tell(self, **message):
        line = json.dumps(message, default=str).encode() + b"\n"
        with self.lock:
            write_all(self.told, line)


class Figures:
    """A backend of matplotlib, where that is installed: `show` shows figures as a cell's output."""

    NAME = "_cell_figures"

    def __init__(self, interpreter):
        self.interpreter = interpreter

    def find_spec(self, name, path=None, target=None):
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self) if name == self.NAME else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        module.FigureCanvas = FigureCanvasAgg
        module.show = lambda *_, **__: self.interpreter.show_figures()


METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
    "application/json": "_repr_json_",
    "application/javascript": "_repr_javascript_",
}


def bundle(value):
    """A value in all of the forms that it has, by their media types, as IPython's displayed objects give them."""
    data = {}
    # An object that has every attribute has no form of its own; nor does a class, whose methods are its objects'.
    if not isinstance(value, type) and not hasattr(value, "_ipython_canary_method_should_not_exist_"):
        methods = {"": "_repr_mimebundle_", **METHODS}
        for kind, name in methods.items():
            try:
                form = getattr(value, name)() if hasattr(value, name) else None
            except Exception:
                continue
            form = form[0] if isinstance(form, tuple) else form
            forms = form if kind == "" and isinstance(form, dict) else {kind: form}
            for kind, form in forms.items():
                form = base64.b64encode(form).decode() if isinstance(form, bytes) else form
                if kind and (isinstance(form, str) or form is not None and kind.endswith("json")):
                    data[kind] = form
    data.setdefault("text/plain", repr(value))
    if type(value).__module__ == "matplotlib.figure":
        data.update(figure_bundle(value))
    return data


def figure_bundle(figure):
    import io

    image = io.BytesIO()
    figure.savefig(image, format="png", bbox_inches="tight")
    return {"image/png": base64.b64encode(image.getvalue()).decode(), "text/plain": repr(figure)}


def described(error):
    """An exception as data, without the frames of this program."""
    try:
        first = error.__traceback__
        while first and first.tb_frame.f_code.co_filename == "<string>":
            first = first.tb_next
        told = traceback.TracebackException(type(error), error, first)
        lines = "".join(told.format()).rstrip("\n").split("\n")
    except Exception:
        lines = [type(error).__name__]
    try:
        value = str(error)
    except Exception:
        value = "<exception str() failed>"
    return {"type": "error", "ename": type(error).__name__, "evalue": value, "traceback": lines}


def flush():
    for stream in {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}:
        try:
            stream.flush()
        except Exception:
            pass


def read_exactly(file, count):
    """This many bytes; none at the end."""
    pieces = []
    while count:
        piece = os.read(file, min(count, 1 << 16))
        if not piece:
            return None
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def write_all(file, data):
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
