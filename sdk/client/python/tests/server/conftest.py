"""A real server in a process of its own, that a test may kill."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimus_client import Client


class Server:
    """`optimus serve`, with a state directory that outlives it."""

    def __init__(self, binary: Path, plugins: Path, state: Path) -> None:
        self.binary, self.plugins, self.state = binary, plugins, state
        self.base = ""

    def start(self) -> None:
        """Start it, the second time at the address of the first."""
        address = self.base.removeprefix("http://") or "127.0.0.1:0"
        command: list[str | Path] = [self.binary, "serve", "--listen", address, "--log", "error", "--sandbox", "native"]
        command += ["--plugins", self.plugins, "--state", self.state]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.base = self._process.stdout.readline().removeprefix("listening on ").strip()
        assert self.base.startswith("http://"), self.base

    def kill(self) -> None:
        """End it without a warning."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End it as an operator does."""
        self._process.terminate()
        self._process.wait(60)

    def key(self, scopes: str) -> str:
        """Make a key; from then on the server asks for one."""
        command: list[str | Path] = [self.binary, "keys", "create", "--json", "--tenant", "school", "--scope", scopes]
        made = subprocess.run([*command, "--state", self.state], check=True, capture_output=True)
        return str(json.loads(made.stdout)["key"])


@pytest.fixture
def fast_backoff() -> None:
    """Leave it as it is: here the real one is tested."""


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Server]:
    """Return a server of the test's own, not yet started."""
    server = _server(tmp_path)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return one for all tests that do it no harm."""
    server = _server(tmp_path_factory.mktemp("state"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.base) as client:
        yield client


def _server(state: Path) -> Server:
    binary, plugins = os.environ.get("OPTIMUS_BINARY"), os.environ.get("OPTIMUS_PLUGINS")
    if not binary or not plugins:
        pytest.skip("`cargo xtask sdk` says where the server is, in OPTIMUS_BINARY and OPTIMUS_PLUGINS")
    return Server(Path(binary), Path(plugins), state)
