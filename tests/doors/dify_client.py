"""PyPI `dify-sandbox`, unmodified, and what Dify itself sends, against a server of ours: `dify_client.py URL`."""

import json
import re
import sys
from base64 import b64encode

import requests
from dify_sandbox import DifySandboxClient

URL = sys.argv[1]
# As Dify's docker-compose has it; without keys, the server looks at no key.
client = DifySandboxClient(base_url=URL, api_key="dify-sandbox", timeout=60)
assert client.health_check()
hello = client.run_python("import sys\nprint('hello')\nprint('a line', file=sys.stderr)")
assert hello.is_success and (hello.stdout, hello.stderr, hello.exit_code) == ("hello\n", "a line\n", 0), hello
failed = client.run_python("print('half')\nraise ValueError('bad input')")
assert not failed.is_success and (failed.stdout, failed.exit_code) == ("half\n", 1), failed
assert failed.error.startswith("process exited with code 1\nTraceback") and "bad input" in failed.error, failed
late = client.run_python("while True: pass")
assert late.exit_code == -1 and "error: timeout\n" in late.error, late
syntax = client.run_python("print(")
assert syntax.exit_code == 1 and "SyntaxError" in syntax.error, syntax
assert client.run_nodejs("console.log([1, 2].map(n => n * 21))").stdout == "[ 21, 42 ]\n"
assert client.get_dependencies().dependencies == []
try:
    client.update_dependencies()
    raise SystemExit("packages of the server were changed")
except Exception as error:
    assert "operator" in str(error), error

# What a code node of a workflow sends: `execute_code` and the transformers in api/core/helper/code_executor of langgenius/dify.
RUNNERS = {
    "python3": """{code}

import json
from base64 import b64decode
inputs_obj = json.loads(b64decode('{inputs}').decode('utf-8'))
output_obj = main(**inputs_obj)
print('<<RESULT>>' + json.dumps(output_obj, indent=4) + '<<RESULT>>')
""",
    "nodejs": """{code}

var inputs_obj = JSON.parse(Buffer.from('{inputs}', 'base64').toString('utf-8'))
var output_obj = main(inputs_obj)
console.log(`<<RESULT>>${{JSON.stringify(output_obj)}}<<RESULT>>`)
""",
}
NODES = {
    "python3": "def main(word: str, times: int) -> dict:\n    return {'result': word * times}",
    "nodejs": "function main({word, times}) { return {result: word.repeat(times)} }",
}
for language, code in NODES.items():
    inputs = b64encode(json.dumps({"word": "žaba ", "times": 2}).encode()).decode()
    data = {
        "language": language,
        "code": RUNNERS[language].format(code=code, inputs=inputs),
        "preload": "",
        "enable_network": True,
    }
    response = requests.post(f"{URL}/v1/sandbox/run", json=data, headers={"X-Api-Key": "dify-sandbox"}, timeout=60)
    assert response.status_code == 200, response.text
    body = response.json()
    assert (body["code"], body["message"], body["data"]["error"]) == (0, "success", ""), body
    result = re.search("<<RESULT>>(.*)<<RESULT>>", body["data"]["stdout"], re.DOTALL).group(1)
    assert json.loads(result) == {"result": "žaba žaba "}, result
unsupported = requests.post(f"{URL}/v1/sandbox/run", json={"language": "nosuch", "code": "x"}, timeout=60)
assert (unsupported.status_code, unsupported.json()["message"]) == (400, "unsupported language")
print("dify: the client works")
