"""What a completion is worth, without a server."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from optimus_client import Client, JudgeFailedError, UnauthorizedError, compute_score, extract_code, read_tests, rewards
from optimus_client.rewards import RewardFunction

NAMES = {"python", "py"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("print(1)", "print(1)"),
        ("First:\n```python\nwrong\n```\nBetter:\n```python\nright\n```\nDone.", "right\n"),
        ("```Py\nright\n```\n```bash\nls\n```", "right\n"),
        ("```\nright\n```\n```bash\nls\n```", "right\n"),
        ("```bash\nls\n```", "ls\n"),
        ("so\n```python\ncut off\nhere", "cut off\nhere\n"),
        ("````python\na = '''\n```\n'''\n````", "a = '''\n```\n'''\n"),
        ("~~~python title=x\nright\n~~~", "right\n"),
        ("  ```python\r\n  right\r\n  ```\r\n", "  right\n"),
        ("```print(1)``` is inline\n", "```print(1)``` is inline\n"),
        ("```python\n```", ""),
    ],
)
def test_the_program_of_a_completion(text: str, code: str) -> None:
    assert extract_code(text, NAMES) == code


def test_a_hostile_completion_takes_linear_time() -> None:
    assert extract_code("```python\n" * 200_000, NAMES).count("python") == 199_999


@pytest.mark.parametrize(
    "row",
    [
        {"inputs": ["1", "2"], "outputs": ["2", "3"]},
        {"tests": [{"stdin": "1", "expect": "2"}, {"stdin": "2", "expect": "3"}]},
        {"test_cases": [{"input": "1", "output": "2"}, {"input": "2", "expected_output": "3", "fn_name": None}]},
        [{"input": "1", "output": "2"}, {"stdin": "2", "expect": "3"}],
    ],
)
def test_rows_of_data_sets(row: object) -> None:
    wanted = [{"stdin": "1", "expect": "2"}, {"stdin": "2", "expect": "3"}]
    assert read_tests(row) == wanted
    assert read_tests(json.dumps(row)) == wanted


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("42", "there are no tests"),
        ("{", "the tests are no JSON"),
        ([], "there are no tests"),
        ({"inputs": ["1"], "outputs": []}, "there are 1 `inputs`, and 0 `outputs`"),
        ({"inputs": [[1]], "outputs": [2], "fn_name": "f"}, "`fn_name`"),
        ([{"input": "1"}], "test 0: the expected output is None, not text"),
        ([{"input": [1], "output": "2"}], r"test 0: the input is \[1\], not text"),
        ([{"input": "1", "output": "2", "fn_name": "f"}], "test 0 calls a function"),
        (["1"], "test 0 is str, not an object"),
    ],
)
def test_a_row_that_holds_no_tests_is_named(row: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_tests(row)


def reward(answers: dict[str, httpx.Response], **options: Any) -> RewardFunction:
    """Make a reward function of a server that answers a source with what is written down."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/languages":
            return answers.get("languages") or httpx.Response(200, json={"languages": []})
        return answers[json.loads(request.content)["source"]]

    client = Client("http://judge.example", retry_for=0.0, http=httpx.Client(transport=httpx.MockTransport(handle)))
    return rewards(client, {"language": "python"}, **options)


def ended(verdict: str, *tests: str) -> httpx.Response:
    rows = [{"name": "1", "verdict": test} for test in tests]
    report = {"id": "j", "language": "python", "verdict": verdict, "sandbox": "native", "tests": rows, "timing": {}}
    return httpx.Response(200, json={"id": "j", "state": "done", "report": report})


def fault(status: int) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": "no", "message": "no"}})


TEST = [{"input": "", "output": "1"}]


def test_a_program_that_fails_is_a_score_and_a_server_that_fails_is_none() -> None:
    answers = {
        "ok": ended("accepted"),
        "bad": ended("wrong_answer"),
        "ours": ended("internal_error"),
        "gone": fault(503),
    }
    completions = ["ok", "bad", "ours", "gone", "", "```python\n```", [{"role": "assistant", "content": "ok"}], []]
    columns = {"tests": [TEST] * len(completions), "prompts": [""] * len(completions)}
    assert reward(answers)(completions=completions, **columns) == [1.0, 0.0, None, None, 0.0, 0.0, 1.0, 0.0]
    assert reward(answers, on_failure=-1.0)(completions=["ours"], tests=[TEST]) == [-1.0]


def test_half_of_a_character_is_a_program_that_fails() -> None:
    assert reward({"print('?')": ended("wrong_answer")})(completions=["print('\ud800')"], tests=[TEST]) == [0.0]


def test_parts_count_if_they_are_asked_for() -> None:
    answers = {"half": ended("wrong_answer", "accepted", "wrong_answer")}
    assert reward(answers)(completions=["half"], tests=[TEST]) == [0.0]
    assert reward(answers, partial=True)(completions=["half"], tests=[TEST]) == [0.5]


def test_a_server_that_does_not_answer_at_all_gives_no_scores() -> None:
    assert reward({"languages": fault(503)})(completions=["ok", "ok"], tests=[TEST] * 2) == [None, None]


def test_what_the_operator_has_to_mend_is_raised() -> None:
    with pytest.raises(UnauthorizedError):
        reward({"ok": fault(401)})(completions=["ok"], tests=[TEST])
    with pytest.raises(ValueError, match="no column `cases`: it has tests"):
        reward({}, tests="cases")(completions=["ok"], tests=[TEST])
    with pytest.raises(ValueError, match="there are no tests"):
        compute_score("apps", "print(1)", {})


def test_trainers_log_a_reward_by_its_name() -> None:
    assert reward({}).__name__ == "code_reward"


def test_verls_function_raises_or_scores_a_failure_of_ours() -> None:
    nowhere: dict[str, Any] = {"base": "http://127.0.0.1:9", "retry_for": 0.0}
    with pytest.raises(JudgeFailedError):
        compute_score("apps", "print(1)", TEST, **nowhere)
    assert compute_score("apps", "print(1)", TEST, on_failure=0.0, reward_router_address=None, **nowhere) == 0.0
