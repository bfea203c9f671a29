"""A server that asks for keys, stops, and comes back."""

from __future__ import annotations

import threading
import time

import pytest

from optimus_client import Client, ForbiddenError, UnauthorizedError
from optimus_client.types import JobRequest
from tests.server.conftest import Server


def test_keys_are_asked_for(new_server: Server) -> None:
    right, reader = new_server.key("submit,read"), new_server.key("read")
    new_server.start()
    for wrong in (None, "opt_00000000_no"):
        with pytest.raises(UnauthorizedError, match="optimus keys create"):
            Client(new_server.base, key=wrong).run(language="bash", source="")
    with pytest.raises(ForbiddenError):
        Client(new_server.base, key=reader).run(language="bash", source="")
    with Client(new_server.base, key=right) as client:
        assert client.run(language="bash", source="").accepted


def slow(number: int) -> JobRequest:
    return {"language": "bash", "source": f"sleep 0.1; echo {number}", "tests": [{"expect": f"{number}"}]}


def test_no_job_is_lost_by_a_server_that_is_killed_and_started_again(new_server: Server) -> None:
    new_server.start()
    with Client(new_server.base) as client:
        ids = client.batch([slow(number) for number in range(20)])
        followed = client.submit(language="bash", source="sleep 0.1; echo last")
        names: list[str] = []
        follower = threading.Thread(target=lambda: names.extend(event["event"] for event in client.events(followed)))
        follower.start()
        verdicts: list[str] = []
        for number, done in enumerate(client.as_completed([*ids, *map(slow, range(20))], lanes=8)):
            verdicts.append(done.result().verdict)
            if number == 8:
                new_server.kill()
                time.sleep(0.5)
                new_server.start()
        follower.join(60)
    assert verdicts == ["accepted"] * 40
    assert names.count("done") == 1
    assert names[-1] == "done"
