"""PyPI `mcp`, unmodified, against a server of ours and against `optimus mcp`: `mcp_client.py URL OPTIMUS PLUGINS`."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile

from mcp import Client, MCPError, StdioServerParameters, stdio_client

URL, OPTIMUS, PLUGINS = sys.argv[1:]


async def use(client):
    names = {tool.name for tool in (await client.list_tools()).tools}
    assert names == {"run_code", "run_tests", "judge_problem", "list_languages"}, names

    code = {"language": "python", "code": "import sys\nprint(input())\nsys.exit(3)", "stdin": "41"}
    ran = await client.call_tool("run_code", code)
    shown = ran.structured_content
    assert not ran.is_error, ran
    assert (shown["verdict"], shown["exit_code"], shown["stdout"]) == ("runtime_error", 3, "41\n"), shown

    loop = await client.call_tool("run_code", {"language": "python", "code": "while True: pass", "timeout_ms": 500})
    assert loop.structured_content["timed_out"] and not loop.is_error, loop
    broken = await client.call_tool("run_code", {"language": "c", "code": "int main() { return x; }"})
    assert broken.structured_content["verdict"] == "compile_error", broken
    assert "x" in broken.structured_content["compile_output"], broken

    told = []

    async def progress(step, total, message):
        told.append((step, total, message))

    tests = [{"stdin": "1", "expected_output": "2"}, {"name": "zero", "stdin": "0", "expected_output": "2"}]
    program = {"language": "python", "code": "print(int(input()) + 1)", "tests": tests}
    judged = await client.call_tool("run_tests", program, progress_callback=progress)
    shown = judged.structured_content
    assert (shown["verdict"], shown["passed"], shown["total"]) == ("wrong_answer", 1, 2), shown
    assert shown["tests"][1]["verdict"] == "wrong_answer", shown
    assert len(told) >= 2 and any("zero: wrong_answer" in message for _, _, message in told), told

    wrong = await client.call_tool("run_code", {"language": "nosuch", "code": ""})
    assert wrong.is_error and "nosuch" in wrong.content[0].text, wrong
    absent = await client.call_tool("judge_problem", {"language": "python", "code": "", "problem": "sha256:" + "0" * 64})
    assert absent.is_error and "no problem" in absent.content[0].text, absent
    try:
        await client.call_tool("rm", {})
    except MCPError as error:
        assert "rm" in str(error), error
    else:
        raise AssertionError("a tool that is not there")

    report = json.loads((await client.read_resource(ran.structured_content["report"])).contents[0].text)
    assert (report["verdict"], report["language"]) == ("runtime_error", "python"), report
    languages = json.loads((await client.read_resource("optimus://languages")).contents[0].text)["languages"]
    assert any(language["id"] == "python" for language in languages), languages


def lines(*messages):
    """What `optimus mcp` prints for these lines."""
    with tempfile.TemporaryDirectory() as state:
        command = [OPTIMUS, "mcp", "--plugins", PLUGINS, "--state", state]
        text = "".join(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in messages)
        ended = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120, check=True)
    return {answer["id"]: answer for answer in map(json.loads, ended.stdout.splitlines())}


async def main():
    for mode in ("legacy", "auto"):
        async with Client(URL, mode=mode) as client:
            await use(client)
            print(f"mcp: over HTTP, revision {client.protocol_version}")
        with tempfile.TemporaryDirectory() as state:
            # Without one given, the client hands on nothing of the environment that says where plugins are compiled once.
            cache = {name: value for name, value in os.environ.items() if name == "OPTIMUS_CODE_CACHE"}
            command = ["mcp", "--plugins", PLUGINS, "--state", state]
            server = StdioServerParameters(command=OPTIMUS, args=command, env=cache)
            async with Client(stdio_client(server), mode=mode) as client:
                await use(client)
                print(f"mcp: on a pipe, revision {client.protocol_version}")


arguments = {"language": "python", "code": "import time\ntime.sleep(6)\nprint(6 * 7)", "timeout_ms": 10_000}
answers = lines(
    {"id": 1, "method": "tools/list"},
    {"id": 2, "method": "tools/call", "params": {"name": "run_code", "arguments": arguments}},
)
assert len(answers[1]["result"]["tools"]) == 4, answers
assert answers[2]["result"]["structuredContent"]["stdout"] == "42\n", answers
asyncio.run(main())
