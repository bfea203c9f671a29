"""What open-instruct's verifier and tests send, against a server of ours: `open_instruct_client.py URL`.

Requests as in open_instruct/ground_truth_utils.py (`CodeVerifier`), and requests and right answers as in
open_instruct/code_utils/test_api.py and test_code_utils.py, of allenai/open-instruct.
"""

import sys

import requests

URL = sys.argv[1]
ADD = "def add(a, b):\n    return a + b\n"
SUM = "a, b = map(int, input().split())\nprint(a + b)"
SLEEP = "import time\ntime.sleep(10)"


def post(path, program, tests, seconds=1.0):
    payload = {"program": program, "tests": tests, "max_execution_time": seconds}
    response = requests.post(URL + path, json=payload, headers={"Content-Type": "application/json"}, timeout=60)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert len(answer["results"]) == len(answer["runtimes"])
    assert all((time == -1.0) == (passed == 0) for passed, time in zip(answer["results"], answer["runtimes"])) or (
        path == "/test_program_stdio"
    ), answer
    return answer["results"]


assert requests.get(f"{URL}/health", timeout=5).json() == {"status": "healthy"}
tests = ["assert add(1, 2) == 3", "assert add(-1, 1) == 0", "assert add(0, 0) == 1"]
assert post("/test_program", ADD, tests) == [1, 1, 0]
passes, fails = "assert True", "assert False"
assert post("/test_program", "a = 1", [fails, passes, fails, passes, passes, SLEEP, passes]) == [0, 1, 0, 1, 1, 0, 1]
recursion = "def f():\n    return f()\ntry:\n    f()\n    failed = False\nexcept RecursionError:\n    failed = True"
assert post("/test_program", recursion, ["assert failed == True"]) == [1]
wrote = "with open('t', 'w') as f:\n    f.write('test')\nwith open('t') as f:\n    same = f.read() == 'test'"
assert post("/test_program", wrote, ["assert same == True"]) == [1]
assert post("/test_program", "result = 0\nfor i in range(10**10):\n    result += i", ["assert result > 0"], 0.3) == [0]
# Programs that would rather not be tested.
for hack in [
    "raise SystemExit(0)",
    "import os\nos._exit(0)",
    "import atexit, os\natexit.register(os._exit, 0)\nraise ValueError",
    "import builtins\nbuiltins.print = lambda *a: None\nprint('passed')\nquit()",
    "def f(:",
]:
    assert post("/test_program", hack, [passes, passes]) == [0, 0], hack

cases = [{"input": "5 3", "output": "8"}, {"input": "10 -2", "output": "8"}, {"input": "0 0", "output": "1"}]
assert post("/test_program_stdio", SUM, cases) == [1, 1, 0]
decimals = [{"input": "1", "output": "1.50\n"}, {"input": "2", "output": "3"}, {"input": "x", "output": "x"}]
assert post("/test_program_stdio", "print(float(input()) * 1.5)", decimals) == [1, 1, 0]
lines = [{"input": "1\n", "output": "2\n"}, {"input": "100\n", "output": "101\n"}]
plus = "import sys\nfor line in sys.stdin.read().splitlines():\n    print(int(line.strip()) + 1)"
assert post("/test_program_stdio", plus, lines) == [1, 1]
assert post("/test_program_stdio", "import time\ntime.sleep(10)", lines) == [0, 0]
assert post("/test_program", ADD, []) == []
print("open-instruct: the requests work")
