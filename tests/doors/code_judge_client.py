"""What code-judge's own client sends, against a server of ours: `code_judge_client.py URL`.

Requests and answers as in judge_client.py and quick_test.py of 0xWJ/code-judge, which is in no package registry.
"""

import sys
from dataclasses import asdict, dataclass

import requests

URL = sys.argv[1]


@dataclass
class Submission:
    type: str
    solution: str
    input: str | None = None
    expected_output: str | None = None


@dataclass
class SubmissionResult:
    """Any other field in an answer is an error."""

    sub_id: str
    success: bool
    run_success: bool
    cost: float
    stdout: str | None = None
    stderr: str | None = None
    reason: str = ""


def post(path, body):
    response = requests.post(URL + path, json=body, timeout=300)
    response.raise_for_status()
    return response.json()


def long_batch(submissions):
    body = {"type": "batch", "submissions": [asdict(submission) for submission in submissions]}
    return [SubmissionResult(**result) for result in post("/run/long-batch", body)["results"]]


C_A = '#include <cstdio>\nint main(){printf("a");return 0;}\n'
C_SLEEPS = '#include <cstdio>\n#include <unistd.h>\nint main(){sleep(1);printf("a");return 0;}\n'
C_BROKEN = '#include <cstdio>\nint main(){printf("a")xx;return 0;}\n'
ECHO = "print(input())"
# A submission, and its `success` and `run_success`.
CASES = [
    (Submission("cpp", C_SLEEPS, expected_output="a"), True, True),
    (Submission("cpp", C_A, expected_output="b"), False, True),
    (Submission("cpp", C_BROKEN, expected_output="b"), False, False),
    (Submission("python", ECHO, "a", "a"), True, True),
    (Submission("python", ECHO, "a", " a \n"), True, True),
    (Submission("python", ECHO, "a", "b"), False, True),
    (Submission("python", ECHO, "", "a"), False, False),
    (Submission("python", "with open('test.txt', 'w') as f:\n    f.write('x')", "", ""), True, True),
    (Submission("python", "raise SystemExit(3)"), False, False),
]

assert requests.get(f"{URL}/ping", timeout=10).json() == "pong"
assert set(requests.get(f"{URL}/status", timeout=10).json()) == {"queue", "num_workers"}
for submission, success, run_success in CASES:
    result = SubmissionResult(**post("/run", asdict(submission)))
    assert (result.success, result.run_success, result.reason) == (success, run_success, ""), (submission, result)
    judged = post("/judge", asdict(submission))
    assert (judged["success"], "stdout" in judged) == (success, False), judged
together = long_batch([submission for submission, _, _ in CASES] * 20)
assert [(r.success, r.run_success) for r in together] == [case[1:] for case in CASES] * 20
broken = long_batch([Submission("cpp", C_BROKEN)])[0]
assert "expected" in broken.stderr and broken.stdout == "", broken
late = long_batch([Submission("python", "print('Suicide', flush=True)\nwhile True: pass")])[0]
assert (late.success, late.reason) == (False, "worker_timeout") and late.cost >= 10, late
answer = requests.post(f"{URL}/run", json={"type": "math", "solution": "1"}, timeout=10)
assert answer.status_code == 422 and answer.json()["detail"][0]["loc"] == ["body", "type"], answer.text
print("code-judge: the requests work")
