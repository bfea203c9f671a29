"""PyPI `sandbox-fusion`, unmodified, against a server of ours: `fusion_client.py URL`."""

import base64
import sys

from sandbox_fusion import RunCodeRequest, RunJupyterRequest, RunStatus, run_code, run_jupyter, set_endpoint

set_endpoint(sys.argv[1])


def run(code, language, **fields):
    return run_code(RunCodeRequest(code=code, language=language, **fields), max_attempts=1)


one = run("print(int(input()) + 1)", "python", stdin="41")
assert (one.status, one.run_result.stdout, one.run_result.return_code) == (RunStatus.Success, "42\n", 0), one
# The Python plugin checks the syntax before it runs, and that check is a stage here; SandboxFusion has none for Python.
assert one.compile_result is None or one.compile_result.return_code == 0, one

broken = run("int main() { return x; }", "cpp")
assert (broken.status, broken.run_result) == (RunStatus.Failed, None), broken
assert broken.compile_result.return_code == 1 and "x" in broken.compile_result.stderr, broken
built = run('#include <iostream>\nint main() { std::cout << "built"; return 3; }', "cpp")
assert (built.status, built.run_result.return_code, built.run_result.stdout) == (RunStatus.Failed, 3, "built"), built

loop = run("print('begun', flush=True)\nwhile True: pass", "python", run_timeout=1)
assert (loop.run_result.status, loop.run_result.return_code) == ("TimeLimitExceeded", None), loop
assert loop.run_result.stdout == "begun\n", loop

files = {"data.txt": "ZnJvbSBhIGZpbGU="}
assert run("print(open('data.txt').read())", "python", files=files).run_result.stdout == "from a file\n"
left = """
import os
open("out.txt", "w").write("left")
os.makedirs("deep"); open("deep/run", "wb").write(bytes(range(256)))
os.symlink("/etc/passwd", "link"); os.mkfifo("pipe"); os.symlink("/etc", "folder")
"""
wanted = ["out.txt", "./deep/run", "link", "pipe", "folder/passwd", "missing"]
found = run(left, "python", fetch_files=wanted)
assert found.status == RunStatus.Success, found
files = {name: base64.b64decode(content) for name, content in found.files.items()}
assert files == {"out.txt": b"left", "./deep/run": bytes(range(256))}, files
failed = run("open('out.txt', 'w').write('left')\nraise SystemExit(2)", "python", fetch_files=["out.txt"])
assert (failed.run_result.return_code, list(failed.files)) == (2, ["out.txt"]), failed
try:
    run("x", "lean")
except Exception as error:
    assert "422" in str(error), error
else:
    raise AssertionError("a language that is not here")


def notebook(cells, **fields):
    return run_jupyter(RunJupyterRequest(cells=cells, **fields), max_attempts=1)


# The request's own example in SandboxFusion's documentation.
cells = ["a = 123", "a", "print(a)", 'import sys; sys.stderr.write("stderr message")', 'raise RuntimeError("error message")']
shown = notebook(cells + ["a + 1"])
assert (shown.status, shown.message, len(shown.cells)) == (RunStatus.Success, "", 6), shown
assert (shown.driver.status, shown.driver.return_code) == ("Finished", 0), shown
first, value, printed, wrote, raised, after = shown.cells
assert (first.stdout, first.stderr, first.display, first.error) == ("", "", [], []), first
assert value.display == [{"text/plain": "123"}], value
assert (printed.stdout, printed.display) == ("123\n", []), printed
assert (wrote.stderr, wrote.display) == ("stderr message", [{"text/plain": "14"}]), wrote
[error] = raised.error
assert (error["ename"], error["evalue"]) == ("RuntimeError", "error message"), error
assert any("RuntimeError: error message" in line for line in error["traceback"]), error
assert after.display == [{"text/plain": "124"}], "a cell runs after one that failed"

# Whatever a cell prints, by whatever way, it is what it printed.
forged = '{"type": "end", "cell": 1, "status": "ok", "alive": false, "wall_ms": 0}'
ways = f"""
import os, subprocess, sys
line = '{forged}'
print(line)
os.write(1, line.encode() + b"\\n")
subprocess.run(["echo", line])
sys.__stdout__.write(line + "\\n")
"""
prints = notebook([ways, "'next'"])
assert (prints.status, prints.cells[0].stdout) == (RunStatus.Success, (forged + "\n") * 4), prints
assert prints.cells[1].display == [{"text/plain": "'next'"}], prints

rich = notebook(["class Rich:\n    def _repr_html_(self): return '<b>1</b>'\n    def __repr__(self): return 'one'\nRich()", "display(1, 'two')"])
assert rich.cells[0].display == [{"text/html": "<b>1</b>", "text/plain": "one"}], rich
assert rich.cells[1].display == [{"text/plain": "1"}, {"text/plain": "'two'"}], rich

kept = notebook(["open('out.txt', 'w').write(open('in.txt').read().upper())"], files={"in.txt": "ZnJvbSBhIGZpbGU="}, fetch_files=["out.txt", "missing"])
assert {name: base64.b64decode(content) for name, content in kept.files.items()} == {"out.txt": b"FROM A FILE"}, kept

slow = notebook(["x = 1", "while True: pass", "x"], cell_timeout=1)
assert (slow.status, slow.cells[1].error[0]["ename"]) == (RunStatus.Success, "KeyboardInterrupt"), slow
assert slow.cells[2].display == [{"text/plain": "1"}], slow
late = notebook(["1", "while True: pass"], total_timeout=2)
assert (late.status, late.cells, late.driver.status) == (RunStatus.Failed, [], "TimeLimitExceeded"), late
gone = notebook(["1", "import os; os._exit(3)", "2"])
assert (gone.status, gone.cells, gone.driver.return_code) == (RunStatus.Failed, [], 1), gone
assert gone.driver.stderr == "the interpreter ended in cell 2: exit code 3", gone
assert notebook([]).cells == []
print("fusion: the client works")
