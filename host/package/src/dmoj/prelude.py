"""What DMOJ's judge offers to the modules of a package, as far as these use it. The programs that run a module begin with this."""
import json
import sys
import types


class CheckerResult:
    def __init__(self, passed, points, feedback=None, extended_feedback=None):
        self.passed, self.points, self.feedback, self.extended_feedback = passed, points, feedback, extended_feedback


def utf8bytes(text):
    return text if text is None or isinstance(text, bytes) else text.encode("utf-8")


def utf8text(data, errors="strict"):
    return data if data is None or isinstance(data, str) else data.decode("utf-8", errors)


class InternalError(Exception):
    pass


def provide(name, **contents):
    """Makes `import name` work."""
    module = types.ModuleType(name)
    module.__dict__.update(contents)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


provide("dmoj")
provide("dmoj.result", CheckerResult=CheckerResult)
provide("dmoj.error", InternalError=InternalError)
provide("dmoj.utils")
provide("dmoj.utils.unicode", utf8bytes=utf8bytes, utf8text=utf8text)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def load():
    """The package's module."""
    path = read("optimus_module.txt").decode().strip()
    module = types.ModuleType("module")
    module.__file__ = path
    exec(compile(read(path), path, "exec"), module.__dict__)
    return module


