"""What problemtools reads from packages: one JSON object on stdout, by the packages' names.

Points are those of problemtools' own judging: each test gets the verdict that `verdict` gives its name, and groups are
graded by its default grader, which runs in this process.
"""
import contextlib
import io
import json
import pathlib
import sys

from problemtools.judge import submission_judge
from problemtools.judge.result import SubmissionResult
from problemtools.model import problem as model

GRADER = pathlib.Path(model.__file__).parents[1] / "support/default_grader"
CODE = compile(GRADER.read_text(), str(GRADER), "exec")
MADE_UP = 6


class Silent:
    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def graded(results, grader, flags, *rest):
    if not results:
        return "AC", 0.0
    text = "".join(f"{r.verdict} {0 if r.score is None else r.score}\n" for r in results)
    out, argv, stdin = io.StringIO(), sys.argv, sys.stdin
    sys.argv, sys.stdin = ["grader", *flags], io.StringIO(text)
    try:
        with contextlib.redirect_stdout(out):
            exec(CODE, {"__name__": "__main__"})
    finally:
        sys.argv, sys.stdin = argv, stdin
    verdict, score = out.getvalue().split()
    return verdict, float(score)


submission_judge.grade_group = graded


class Judge(submission_judge.SubmissionJudge):
    number = 0

    def _judge_testcase(self, testcase, timelim):
        is_wrong = sum(str(testcase.path).encode()) * (self.number + 1) % 7 < self.number
        return SubmissionResult("WA" if is_wrong else "AC")


class Anything:
    def matches(self, *args):
        return True

    search = match = fullmatch = matches


class Context:
    data_filter = Anything()


def judged(read, path, number):
    judge = Judge(None, None, read.metadata, read.testdata, path, Context(), read.graders, Silent())
    judge.number = number
    last = judge.judge(1.0)[-1]
    is_right = last.verdict == "AC"
    return [is_right, last.score if is_right and read.metadata.is_scoring() else 0.0]


def groups(group, data):
    name = str(group.datadir.relative_to(data))
    own = group.config
    found = {"data" if name == "." else name: [own["on_reject"] == "break", own["accept_score"], own["reject_score"]]}
    for inner in group.get_subgroups():
        found |= groups(inner, data)
    return found


def ordered(group):
    # The format orders by names without extensions: <https://www.kattis.com/problem-package-format/spec/legacy#test-data>
    return [str(test.path) for test in group.get_all_testcases()]


def described(path):
    read = model.load_problem(path, Silent())
    tests, limits, policy = read.testdata.get_all_testcases(), read.metadata.limits, read.submissions.policy
    is_custom = not read.output_validators.uses_default(read.metadata.problem_format_version, read.metadata)
    is_scoring = read.metadata.is_scoring()
    known = [own for own in read.submissions.submissions if policy.matches(own)]
    times = limits.time_multipliers
    return {
        "tests": ordered(read.testdata),
        "type": [is_scoring, read.metadata.is_interactive()],
        "limits": [limits.memory, limits.output, limits.code],
        "time": [
            limits.time_limit and limits.time_limit * 1000, times.ac_to_time_limit, limits.time_resolution * 1000
        ],
        "flags": {str(test.path): test.output_validator_flags for test in tests} if is_custom else {},
        "submissions": sorted(
            ([str(own.path), policy.lower_bounds_time_limit(own)] for own in known), key=lambda own: json.dumps(own)
        ),
        "groups": groups(read.testdata, read.testdata.datadir) if is_scoring else {},
        "points": [judged(read, path, number) for number in range(MADE_UP)],
    }


print(json.dumps({path.name: described(path) for path in sorted(pathlib.Path(sys.argv[1]).iterdir())}))
