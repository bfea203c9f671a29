"""PyPI `piston-rspy`, which is the crate `piston_rs`, unmodified, against a server of ours: `piston_client.py URL`."""

import asyncio
import os
import sys

from piston_rspy import Client, Executor, File


async def main():
    client = Client.with_url(sys.argv[1] + "/api/v2")
    runtimes = await client.fetch_runtimes()
    names = {name for runtime in runtimes for name in [runtime.language, *runtime.aliases]}
    assert {"python", "py", "c", "gcc"} <= names, names
    version = next(runtime.version for runtime in runtimes if runtime.language == "python")

    def executor(language, source, version="*"):
        file = File(name="main", content=source)
        return Executor(language=language, version=version, files=[file])

    greeting = executor("py", "import sys\nprint(input(), sys.argv[1:])", version).set_stdin("Zdravo").add_arg("a b")
    answer = await client.execute(greeting)
    assert answer.is_ok() and answer.run.is_ok(), answer
    assert (answer.language, answer.run.stdout, answer.run.code) == ("python", "Zdravo ['a b']\n", 0), answer.run.stdout

    broken = await client.execute(executor("c", "int main() { return x; }"))
    assert broken.compile.code == 1 and "undeclared" in broken.compile.stderr, broken.compile.output
    crash = await client.execute(executor("gcc", "int main() { return *(volatile int *) 8; }"))
    assert (crash.compile.code, crash.run.signal, crash.run.code) == (0, "SIGSEGV", None), crash.run.signal
    loop = await client.execute(executor("python", "while True: pass").set_run_timeout(700))
    assert loop.run.signal == "SIGKILL", loop.run.signal
    code = await client.execute(executor("python", "raise SystemExit(3)", "3.x"))
    assert code.run.code == 3 and code.run.is_err()

    two = executor("python", "import other").add_file(File(name="other.py", content="print('imported')"))
    assert (await client.execute(two)).run.output == "imported\n"
    unknown = await client.execute(executor("nosuch", "x"))
    assert (unknown.is_err(), unknown.status) == (True, 400), unknown.status
    print("piston: the client works", flush=True)


asyncio.run(main())
# The threads of its Rust side outlive the interpreter that they call, and now and then crash it as it ends.
os._exit(0)
