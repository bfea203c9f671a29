"""PyPI `go-judge`, unmodified, against a server of ours that runs commands: `go_judge_client.py URL`."""

import asyncio
import json
import sys
import urllib.request

import aiohttp
from go_judge import RemoteSandbox

SUM = "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }"

client = RemoteSandbox(sys.argv[1])
assert client.check_health()

done = client.run_multiple("cpp", SUM, ["1 2", "20 22", "-1 1"])
assert [(one["status"], one["exit_code"], one["stdout"]) for one in done] == [
    ("Accepted", 0, "3"),
    ("Accepted", 0, "42"),
    ("Accepted", 0, "0"),
], done
assert all(one["time_ns"] > 0 and one["memory_b"] > 0 for one in done), done

broken = client.run("cpp", "int main() { return x; }")
assert broken["status"] == "Compile Error" and "not declared" in broken["stderr"], broken
echo = client.run("python", "import sys\nprint(input(), file=sys.stderr)", "Zdravo")
assert (echo["status"], echo["stderr"]) == ("Accepted", "Zdravo\n"), echo
code = client.run("python", "raise SystemExit(3)")
assert (code["status"], code["exit_code"]) == ("Nonzero Exit Status", 3), code
loop = client.run("python", "while True: pass", exec_cpu_limit_ns=300_000_000)
assert loop["status"] == "Time Limit Exceeded", loop
large = client.run("python", "print('x' * (1 << 20))")
assert large["status"] == "Output Limit Exceeded" and len(large["stdout"]) == 10240, large["status"]
full = client.run("python", "x = bytearray(1 << 30)\nfor i in range(0, 1 << 30, 4096): x[i] = 1")
assert full["status"] == "Memory Limit Exceeded", full
client.close()


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(sys.argv[1] + path, data, method=method)) as answer:
        return answer.read()


# As go-judge's documentation has it: a program is compiled once, kept, and run by its bare name.
streams = [{"content": "20 22"}, {"name": "stdout", "max": 10240}, {"name": "stderr", "max": 10240}]
build = {"args": ["/usr/bin/g++", "a.cc", "-o", "a"], "env": ["PATH=/usr/bin:/bin"], "files": streams}
build |= {"cpuLimit": 10_000_000_000, "memoryLimit": 512 << 20, "procLimit": 50, "copyIn": {"a.cc": {"content": SUM}}}
build |= {"copyOut": ["stdout", "stderr"], "copyOutCached": ["a"]}
[built] = json.loads(call("POST", "/run", {"cmd": [build]}))
assert built["status"] == "Accepted", built
program = built["fileIds"]["a"]
run = {"args": ["a"], "files": streams, "copyIn": {"a": {"fileId": program}}}
several = json.loads(call("POST", "/run", {"cmd": [run, run | {"files": [{"content": "1 2"}, *streams[1:]]}]}))
assert [one["files"]["stdout"] for one in several] == ["42", "3"], several
assert json.loads(call("GET", "/file"))[program] == "a"
assert call("GET", f"/file/{program}").startswith(b"\x7fELF")


async def talk():
    """Two requests on one connection: the shorter is answered first, and the other is cancelled."""
    async with aiohttp.ClientSession() as session, session.ws_connect(sys.argv[1] + "/ws") as socket:
        sleep = run | {"args": ["/bin/sleep", "30"], "clockLimit": 60_000_000_000}
        await socket.send_json({"requestId": "long", "cmd": [sleep]})
        await socket.send_json({"requestId": "short", "cmd": [run]})
        short = await socket.receive_json(timeout=60)
        assert (short["requestId"], short["results"][0]["files"]["stdout"]) == ("short", "42"), short
        await socket.send_json({"cancelRequestId": "long"})
        long = await socket.receive_json(timeout=20)
        assert (long["requestId"], long["results"][0]["status"]) == ("long", "Signalled"), long


asyncio.run(talk())
call("DELETE", f"/file/{program}")
print("go-judge: the client works", flush=True)
