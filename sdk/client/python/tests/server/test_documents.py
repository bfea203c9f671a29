"""What the README and the examples say works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.conftest import Server

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```python\n(.*?)\n```\n", (ROOT / "README.md").read_text(), re.DOTALL)


def printed(server: Server, *words: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("OPTIMUS_URL", server.base)
    ended = subprocess.run([sys.executable, *words], check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_the_readme(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    first, many, reward = BLOCKS
    first = first.replace("http://127.0.0.1:8080", server.base)
    assert printed(server, "-c", first, monkeypatch=monkeypatch) == ["accepted 1 of 1"]
    lines = printed(server, "-c", many, monkeypatch=monkeypatch)
    assert sorted(lines) == [f"{number} {'accepted' if number == 7 else 'wrong_answer'}" for number in range(10)]
    assert printed(server, "-c", reward, monkeypatch=monkeypatch) == ["[1.0]"]


def test_the_examples(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    many = printed(server, str(ROOT / "examples/many.py"), monkeypatch=monkeypatch)
    assert many == ["[('accepted', 10), ('wrong_answer', 20)]"]
    lines = printed(server, str(ROOT / "examples/follow.py"), monkeypatch=monkeypatch)
    assert lines[0] == "0"
    assert lines[-1] == "done: cancelled"
