"""What Moodle's CodeRunner and Jobe's own tester send, against a server of ours: `jobe_client.py URL`.

CodeRunner's requests as in classes/jobesandbox.php of trampgeek/moodle-qtype_coderunner; programs and right outcomes as in
testsubmit.py of trampgeek/jobe. Both are in no package registry.
"""

import sys
from base64 import b64encode
from hashlib import md5

import requests

# CodeRunner adds this path to whatever `jobe_host` is.
URL = sys.argv[1] + "/jobe/index.php/restapi/"
HEADERS = {
    "User-Agent": "CodeRunner",
    "Content-Type": "application/json; charset=utf-8",
    "Accept-Charset": "utf-8",
    "Accept": "application/json",
    "X-CodeRunner-Job-Id": "1f2e3d4c",
}


def execute(code, language, stdin="", files=None, params=None, name=None):
    """As `execute` of the sandbox: files are sent when a run misses them."""
    files = files or {}
    spec = {
        "language_id": language,
        "sourcecode": code,
        "sourcefilename": name or f"__tester__.{language}",
        "input": stdin,
        "file_list": [[md5(content).hexdigest(), path] for path, content in files.items()],
    }
    if params is not None:
        spec["parameters"] = params

    def submit():
        return requests.post(URL + "runs", json={"run_spec": spec}, headers=HEADERS, timeout=120)

    response = submit()
    if response.status_code == 404:
        for content in files.values():
            body = {"file_contents": b64encode(content).decode()}
            put = requests.put(f"{URL}files/{md5(content).hexdigest()}", json=body, headers=HEADERS, timeout=30)
            assert put.status_code == 204, put.text
        response = submit()
    assert response.status_code == 200, response.text
    return response.json()


HELLO_C = '#include <stdio.h>\nint main() {\n    printf("Hello world\\nIsn\'t this fun!\\n");\n}\n'
LOOP_C = "int main() {\n    while(1) {};\n}\n"
NULL_C = '#include <stdio.h>\nint main() {\n    char* s = NULL;\n    printf("%c", *s);\n}\n'
BYTES_C = '#include <stdio.h>\nint main() {\n    printf("Hello world\\n\\01\\006\\300\\311\\n");\n}\n'
FLOOD_C = '#include <stdio.h>\nint main() {\n    while(1) { printf("Hello"); };\n}\n'
# What is run, its outcome, and what it prints.
RUNS = [
    (("print('Hello world!')", "python3"), 15, "Hello world!\n"),
    (("print(input())\nprint(input())", "python3", "Line1\nLine2\n"), 15, "Line1\nLine2\n"),
    (("print('Hello world!'", "python3"), 11, None),
    (("data = [1, 2]\nprint(data[2])", "python3"), 12, None),
    (("with open('t', 'w') as f: f.write('One fish')\nprint(open('t').read())", "python3"), 15, "One fish\n"),
    (("print('Un rôle délétère')", "python3"), 15, "Un rôle délétère\n"),
    ((HELLO_C, "c"), 15, "Hello world\nIsn't this fun!\n"),
    ((HELLO_C.replace(");", ")"), "c"), 11, None),
    ((NULL_C, "c"), 12, None),
    ((LOOP_C, "c"), 13, None),
    ((FLOOD_C, "c"), 13, None),
    ((BYTES_C, "c"), 15, "Hello world\n\\x01\\x06\\xc0\\xc9\n"),
    (("#include <iostream>\nint main() { std::cout << 42; }", "cpp"), 15, "42"),
    (("console.log('Hello world!')", "nodejs"), 15, "Hello world!\n"),
]
languages = [row[0] for row in requests.get(URL + "languages", headers=HEADERS, timeout=60).json()]
assert {"c", "cpp", "nodejs", "python3"} <= set(languages), languages
for run, outcome, printed in RUNS:
    result = execute(*run, params={"cputime": 2} if outcome == 13 else None)
    assert result["outcome"] == outcome, (run, result)
    assert printed is None or (result["stdout"], result["cmpinfo"]) == (printed, ""), (run, result)
    assert bool(result["cmpinfo"]) == (outcome == 11), result
arguments = execute("import sys\nprint(sys.argv[1:])", "python3", params={"runargs": ["Arg1", "Arg2"]})
assert arguments["stdout"] == "['Arg1', 'Arg2']\n", arguments
strict = execute(HELLO_C, "c", params={"compileargs": ["-std=c89", "-Wall", "-Werror"]})
assert strict["outcome"] == 11 and "-Werror" in strict["cmpinfo"], strict
files = {"file1": b"The first file\nLine 2", "file2": b"Second file"}
for _ in range(2):
    read = execute("print(open('file1').read())\nprint(open('file2').read())", "python3", files=files)
    assert (read["outcome"], read["stdout"]) == (15, "The first file\nLine 2\nSecond file\n"), read
known = requests.head(f"{URL}files/{md5(files['file1']).hexdigest()}", headers=HEADERS, timeout=30)
assert known.status_code == 204, known.status_code
if "java" in languages:
    thing = b"public class Thing {\n    public void say() { System.out.println(\"Farewell\"); }\n}\n"
    main = "public class Blah {\n    public static void main(String[] a) { new Thing().say(); }\n}\n"
    result = execute(main, "java", files={"Thing.java": thing}, params={"cputime": 10}, name="Blah.java")
    assert (result["outcome"], result["stdout"]) == (15, "Farewell\n"), result
too_long = {"run_spec": {"language_id": "c", "sourcecode": HELLO_C, "parameters": {"cputime": 1000}}}
refused = requests.post(URL + "runs", json=too_long, headers=HEADERS, timeout=30)
said = refused.json()
assert refused.status_code == 400 and said.startswith("cputime exceeds maximum allowed on this Jobe server"), said
print("jobe: the requests work")
