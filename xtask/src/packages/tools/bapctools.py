"""What BAPCtools reads from packages: one JSON object on stdout, by the packages' names."""
import contextlib
import json
import pathlib
import sys
import tempfile

from bapctools import config
from bapctools.expectations import Expectations
from bapctools.problem import Problem
from bapctools.run import Submission
from bapctools.util import PrintBar, substitute

BAR = PrintBar("packages")
SHORT = {"ACCEPTED": "AC", "WRONG_ANSWER": "WA", "TIME_LIMIT_EXCEEDED": "TLE", "RUNTIME_ERROR": "RTE"}


class Own:
    """A submission as far as expectations ask for it."""

    def __init__(self, name):
        self.name = name


def submissions(problem, path, tests):
    expectations, bounds, verdicts = Expectations(problem), [], []
    for file in sorted((path / "submissions").glob("*/*")):
        name = f"{file.parent.name}/{file.name}"
        own = expectations.all_matches(Own(name))
        is_lower = any(part.lower_time_limit for part in own.root_expectations())
        bounds.append([name, is_lower])
        for test in tests:
            words = sorted(SHORT[verdict.name] for verdict in own.all_permitted(test))
            verdicts.append([name, test.name, words])
    return [sorted(rows, key=lambda row: json.dumps(row)) for rows in (bounds, verdicts)]


def described(path, place):
    problem = Problem(path, place)
    tests = sorted(problem.test_cases(), key=lambda test: (not test.name.startswith("sample/"), test.name))
    settings = {test.name: test.get_test_case_yaml(BAR) for test in tests}
    limits = problem.limits
    bounds, verdicts = submissions(problem, path, tests)
    validator = path / "output_validator" / "v.py"
    text = validator.read_text() if validator.is_file() else None
    if text is not None:
        text = substitute(text, problem.settings.constants, BAR, pattern=config.CONSTANT_SUBSTITUTE_REGEX)
    return {
        "tests": [test.name for test in tests],
        "type": [problem.interactive, limits.validation_passes if problem.multi_pass else None],
        "limits": [limits.memory, limits.output, limits.code],
        "time": [
            None if limits.time_limit_is_default else limits.raw_time_limit * 1000,
            limits.ac_to_time_limit,
            limits.time_resolution * 1000,
        ],
        "flags": {name: own.output_validator_args for name, own in settings.items()} if problem.custom_output else {},
        "args": {name: own.args for name, own in settings.items()},
        "constants": text and text.rstrip(),
        "languages": problem.settings.languages,
        "submissions": bounds,
        "verdicts": verdicts,
    }


with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(sys.stderr):
    found = {path.name: described(path, pathlib.Path(place)) for path in sorted(pathlib.Path(sys.argv[1]).iterdir())}
print(json.dumps(found))
