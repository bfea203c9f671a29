"""What NeMo-Skills' `LocalSandbox` sends, against a server of ours: `nemo_client.py URL`.

Requests as in nemo_skills/code_execution/sandbox.py of NVIDIA-NeMo/Skills, whose package needs far more than its sandbox.
"""

import sys
import uuid

import requests

URL = sys.argv[1]


def execute_code(code, std_input="", language="ipython", timeout=10.0, max_output_characters=1000, session_id=None):
    """As `execute_code` and `_send_request`: only 502 is looked at of all statuses."""
    headers = {"Content-Type": "application/json"}
    if session_id is None and language == "ipython":
        session_id = uuid.uuid4()
    if session_id is not None:
        headers["X-Session-ID"] = str(session_id)
    request = {
        "generated_code": code,
        "std_input": std_input,
        "timeout": timeout,
        "language": language,
        "max_output_characters": max_output_characters,
        "traceback_verbosity": "Plain",
    }
    response = requests.post(f"{URL}/execute", json=request, timeout=timeout + 5.0, headers=headers)
    assert response.status_code != 502, response.text
    output = response.json()
    assert {"process_status", "stdout", "stderr"} <= set(output), output
    return output


assert requests.get(f"{URL}/health", timeout=5).status_code == 200
for language in ["python", "python3"]:
    output = execute_code("print(int(input()) + 1)", "41", language)
    assert output == {"process_status": "completed", "stdout": "42\n", "stderr": ""}, output
failed = execute_code("print('half')\n1 / 0", language="python")
assert (failed["process_status"], failed["stdout"]) == ("completed", "half\n"), failed
assert "ZeroDivisionError" in failed["stderr"], failed
assert "SyntaxError" in execute_code("print(", language="python")["stderr"]
late = execute_code("while True: pass", language="python", timeout=1.5)
assert late == {"process_status": "timeout", "stdout": "", "stderr": "Execution timed out after 1.5 seconds\n"}, late
long = execute_code("print('x' * 2000)", language="python", max_output_characters=10)
assert long["stdout"] == "x" * 10 + "<output cut>", long
shell = execute_code("echo $((6 * 7)); exit 3", language="shell")
assert (shell["process_status"], shell["stdout"]) == ("error", "42\n"), shell
session = execute_code("x = 1")
assert session["process_status"] == "error" and "sessions are not supported" in session["stderr"], session
deleted = requests.delete(f"{URL}/sessions/1", headers={"X-Session-ID": "1"}, timeout=10.0)
assert deleted.status_code == 404, deleted.status_code
unknown = execute_code("x", language="lean4")
assert unknown["process_status"] == "error" and "lean4" in unknown["stderr"], unknown
print("nemo-skills: the requests work")
