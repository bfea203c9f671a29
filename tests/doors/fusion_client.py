"""PyPI `sandbox-fusion`, unmodified, against a server of ours: `fusion_client.py URL`."""

import base64
import sys

from sandbox_fusion import RunCodeRequest, RunStatus, run_code, set_endpoint

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
print("fusion: the client works")
