"""Runs a DMOJ checker: a module with `check(process_output, judge_output, ...)`, which returns a bool or a CheckerResult.

Called as `INPUT ANSWER OUTPUT POINTS POSITION BATCH`; prints the share of the points on stdout and the feedback on stderr,
as checkers of CMS do. The modules of DMOJ's judge that checkers import are here as far as checkers use them.
"""
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


def standard(process_output, judge_output, **kwargs):
    return process_output.split() == judge_output.split()


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
provide("dmoj.checkers")
provide("dmoj.checkers._checker", standard=lambda expected, actual: standard(actual, expected))
provide("dmoj.checkers.standard", check=standard)


def main():
    with open("optimus_module.txt") as file:
        path = file.read().strip()
    module = types.ModuleType("checker")
    module.__file__ = path
    with open(path) as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)
    contents = []
    for name in sys.argv[1:4]:
        with open(name, "rb") as file:
            contents.append(file.read())
    given, answer, output = contents
    points = float(sys.argv[4])
    options = {}
    if len(sys.argv) > 7:
        import json

        options = json.loads(sys.argv[7])
    try:
        result = module.check(
            output,
            answer,
            submission_source=b"",
            judge_input=given,
            point_value=points,
            case_position=int(sys.argv[5]),
            batch=int(sys.argv[6]),
            submission_language="",
            binary_data=False,
            execution_time=0.0,
            problem_id="",
            result=None,
            **options,
        )
    except UnicodeDecodeError:
        result = CheckerResult(False, 0, feedback="invalid unicode")
    if not isinstance(result, CheckerResult):
        result = CheckerResult(bool(result), points if result else 0.0)
    share = 1.0 if points <= 0 and result.passed else (result.points / points if points > 0 else 0.0)
    sys.stderr.write(result.feedback or "")
    print(min(max(share, 0.0), 1.0))


main()
