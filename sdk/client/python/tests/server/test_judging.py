"""Programs that are judged by a real server."""

from __future__ import annotations

import asyncio
import io
import time
import zipfile
from collections.abc import AsyncIterator

import pytest

from optimus_client import (
    AsyncClient,
    BadRequestError,
    Client,
    Completed,
    ConflictError,
    NotFoundError,
    Result,
    StillRunningError,
    compute_score,
    content,
    rewards,
    to_bytes,
)
from optimus_client.types import JobRequest

DOUBLE = "print(2 * int(input()))"
C_DOUBLE = '#include <stdio.h>\nint main(void) { int n; scanf("%d", &n); printf("%d\\n", 2 * n); }\n'


def test_right_wrong_and_broken_programs_are_results(client: Client) -> None:
    right = client.run(language="python", source=DOUBLE, tests=[{"stdin": "1", "expect": "2"}])
    assert (right.verdict, right.accepted, right.share, str(right)) == (
        "accepted",
        True,
        1.0,
        "accepted, 1 of 1 tests",
    )
    wrong = client.run(
        language="c", source=C_DOUBLE, tests=[{"stdin": "1", "expect": "2"}, {"stdin": "2", "expect": "5"}]
    )
    assert (wrong.verdict, wrong.passed, wrong.share) == ("wrong_answer", 1, 0.5)
    broken = client.run(language="c", source="int main(void) { retur 0; }")
    assert broken.verdict == "compile_error"
    assert "retur" in broken.compiler_output
    failed = client.run(language="python", source="import sys; print('out'); sys.exit('err')")
    assert (failed.verdict, failed.stdout, failed.stderr) == ("runtime_error", "out\n", "err\n")


def test_bytes_of_any_kind_reach_the_program_and_come_back(client: Client) -> None:
    data = bytes(range(256))
    result = client.run(language="bash", source="cat", tests=[{"stdin": content(data), "expect": content(data)}])
    assert result.accepted
    assert to_bytes(result.tests[0]["stdout"]["content"]) == data


def test_an_unknown_language_is_refused_with_a_remedy(client: Client) -> None:
    with pytest.raises(BadRequestError, match=r"unknown_language: .*`pyton`.*did you mean `python`\?") as caught:
        client.run(language="pyton", source="")
    assert caught.value.status == 422
    assert caught.value.request_id
    with pytest.raises(NotFoundError):
        client.get("0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f")


def test_the_same_key_is_the_same_job(client: Client) -> None:
    first = client.submit(idempotency_key="once", language="python", source=DOUBLE)
    assert client.submit(idempotency_key="once", language="python", source=DOUBLE) == first
    with pytest.raises(ConflictError, match="key_reused"):
        client.submit(idempotency_key="once", language="python", source="")
    assert client.get(first)["id"] == first


def numbers(count: int) -> list[JobRequest]:
    jobs: list[JobRequest] = []
    for number in range(count):
        wanted = f"{number}" if number % 2 else "no"
        jobs.append({"language": "bash", "source": f"echo {number}", "tests": [{"expect": wanted}]})
    return jobs


def check(ended: list[Completed], count: int) -> None:
    verdicts = {done.index: done.result().verdict for done in ended}
    assert len(ended) == count
    assert verdicts == {number: "accepted" if number % 2 else "wrong_answer" for number in range(count)}


def test_two_hundred_jobs_as_they_end(client: Client) -> None:
    check(list(client.as_completed(numbers(200))), 200)


def test_a_batch_and_a_refusal_in_it(client: Client) -> None:
    rows = client.batch([*numbers(150), {"language": "pyton"}])
    assert isinstance(rows[150], BadRequestError)
    ended = list(client.as_completed(rows))
    check([done for done in ended if isinstance(done.outcome, Result)], 150)
    assert len(ended) == 151


def test_events_tell_what_happens(client: Client) -> None:
    source = "import time\nfor _ in range(2):\n    print('a\u2028b\u0085', flush=True)\n    time.sleep(0.3)\n"
    events = list(client.events(client.submit(language="python", source=source)))
    output = [event["content"] for event in events if event["event"] == "output"]
    assert "a\u2028b\u0085\n" in output
    assert events[-1]["event"] == "done"
    assert events[-1]["report"]["verdict"] == "accepted"


def test_a_job_goes_on_after_a_timeout_until_it_is_cancelled(client: Client) -> None:
    with pytest.raises(StillRunningError) as caught:
        client.run(language="bash", source="sleep 20", limits={"wall_ms": 30_000}, timeout=0.5)
    client.cancel(caught.value.id)
    began = time.monotonic()
    assert client.wait(caught.value.id).verdict == "cancelled"
    assert time.monotonic() - began < 10.0
    with pytest.raises(ConflictError, match="too_late"):
        client.cancel(caught.value.id)


def test_languages_and_limits(client: Client) -> None:
    assert "python" in {language["id"] for language in client.languages()}
    assert client.limits()["max_tests"] >= 1


def package() -> bytes:
    """Make a problem in the Kattis format: print twice what you read."""
    files = {
        "problem.yaml": "name: Double\nlimits:\n  time_limit: 2\n",
        "data/sample/1.in": "1\n",
        "data/sample/1.ans": "2\n",
        "data/secret/2.in": "21\n",
        "data/secret/2.ans": "42\n",
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for name, text in files.items():
            packed.writestr(f"double/{name}", text)
    return archive.getvalue()


def test_a_problem_is_stored_once_and_judged_against(client: Client) -> None:
    stored = client.add_problem(package(), cpu_ms=2000)
    assert stored["tests"] == 2
    assert client.add_problem(package(), cpu_ms=2000)["problem"] == stored["problem"]
    assert client.run(language="python", source=DOUBLE, problem=stored["problem"]).accepted
    assert not client.run(language="python", source="print(2)", problem=stored["problem"]).accepted
    assert stored["problem"] in client.problems()
    client.remove_problem(stored["problem"])
    with pytest.raises(NotFoundError):
        client.problem(stored["problem"])
    with pytest.raises(BadRequestError):
        client.add_problem(b"no archive")


def test_the_async_client_judges_too(client: Client) -> None:
    async def run() -> None:
        async with AsyncClient(client.base) as judge:
            both = await asyncio.gather(
                judge.run(language="python", source=DOUBLE, tests=[{"stdin": "1", "expect": "2"}]),
                judge.run(language="python", source=DOUBLE, tests=[{"stdin": "1", "expect": "3"}]),
            )
            assert [result.verdict for result in both] == ["accepted", "wrong_answer"]
            check(await all_of(judge.as_completed(numbers(50))), 50)
            last = [event async for event in judge.events(await judge.submit(language="bash", source="echo 1"))][-1]
            assert last["event"] == "done"
            stored = await judge.add_problem(package(), cpu_ms=2000)
            assert (await judge.problem(stored["problem"]))["name"] == stored["name"]
            assert {language["id"] for language in await judge.languages()} >= {"python", "bash"}

    async def all_of(ended: AsyncIterator[Completed]) -> list[Completed]:
        return [done async for done in ended]

    asyncio.run(run())


RIGHT = f"The answer:\n```python\n{DOUBLE}\n```\n"
HOSTILE = {
    "exits early": "```python\nimport os; os._exit(0)\n```",
    "crashes": "```python\nraise SystemExit(1)\n```",
    "loops": "```python\nwhile True: pass\n```",
    "does not parse": "```python\ndef f(:\n```",
    "prints bytes": "```python\nimport sys; sys.stdout.buffer.write(b'\\xff\\x00')\n```",
    "forks": "```python\nimport os\nwhile True: os.fork()\n```",
    "holds a surrogate": "```python\nprint('\ud800')\n```",
    "is prose": "I cannot do this.",
    "is empty": "",
}


def test_rewards_of_programs_that_do_their_worst(client: Client) -> None:
    tests = {"inputs": ["1", "21"], "outputs": ["2", "42"]}
    reward = rewards(client, {"language": "python", "limits": {"cpu_ms": 500, "wall_ms": 2000}})
    completions = [RIGHT, *HOSTILE.values(), [{"role": "assistant", "content": RIGHT}]]
    scores = reward(prompts=[""] * len(completions), completions=completions, tests=[tests] * len(completions))
    assert scores == [1.0, *[0.0] * len(HOSTILE), 1.0]


def test_verls_score(client: Client) -> None:
    tests = '{"inputs": ["1", "2"], "outputs": ["2", "5"]}'
    assert compute_score("taco", RIGHT, tests, None, base=client.base) == 0.0
    assert compute_score("taco", RIGHT, tests, {"split": "train"}, base=client.base, partial=True) == 0.5
    shell = "```sh\nread n; echo $((2 * n))\n```"
    assert (
        compute_score("taco", shell, '[{"input": "4", "output": "8"}]', {"language": "bash"}, base=client.base) == 1.0
    )
