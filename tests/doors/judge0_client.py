"""PyPI `judge0`, unmodified, against a server of ours: `judge0_client.py URL`."""

import base64
import sys

import judge0
from judge0 import Filesystem, File, LanguageAlias, Submission, TestCase
from judge0.base_types import Status
from judge0.retry import MaxWaitTime

client = judge0.Client(sys.argv[1], retry_strategy=MaxWaitTime(max_wait_time_sec=60))
assert client.get_about()["version"] == client.version == "1.13.1"
assert client.config.max_submission_batch_size == 20
assert [status["id"] for status in client.get_statuses()] == list(range(1, 15))
assert client.get_language(71).id == 71
assert client.is_language_supported(LanguageAlias.PYTHON) and client.is_language_supported(LanguageAlias.C)



def said(submission):
    """Judge0 encodes `message` as well, and the client decodes all but that."""
    return submission.message and base64.b64decode(submission.message).decode()


one = judge0.run(client=client, source_code="print('Zdravo, svijete')", language=LanguageAlias.PYTHON)
assert (one.status, one.stdout, one.exit_code) == (Status.ACCEPTED, "Zdravo, svijete\n", 0), one
assert one.time > 0 and one.memory > 0 and one.source_code.startswith("print") and one.finished_at, one

# One program, a batch of tests.
cases = [TestCase("3 4", "7"), TestCase("1 1", "3"), TestCase("x", "7")]
program = "a, b = map(int, input().split())\nprint(a + b)"
batch = judge0.run(client=client, source_code=program, test_cases=cases, language=LanguageAlias.PYTHON)
wanted = [Status.ACCEPTED, Status.WRONG_ANSWER, Status.RUNTIME_ERROR_NZEC]
assert [row.status for row in batch] == wanted, batch
assert "ValueError" in batch[2].stderr and said(batch[2]) == "Exited with error status 1"

# Every kind of end.
for source, language, status, message in [
    ("while True: pass", LanguageAlias.PYTHON, Status.TIME_LIMIT_EXCEEDED, "Time limit exceeded"),
    ("int main() { return x; }", LanguageAlias.C, Status.COMPILATION_ERROR, None),
    ("int main() { return *(volatile int *) 8; }", LanguageAlias.C, Status.RUNTIME_ERROR_SIGSEGV, "Caught fatal signal 11"),
    ("#include <stdlib.h>\nint main() { abort(); }", LanguageAlias.C, Status.RUNTIME_ERROR_SIGABRT, "Caught fatal signal 6"),
]:
    end = judge0.run(client=client, source_code=source, language=language, cpu_time_limit=1, wall_time_limit=5)
    assert (end.status, said(end)) == (status, message), end
    assert (end.compile_output is not None) == (status == Status.COMPILATION_ERROR), end

files = Filesystem(content=[File(name="data.txt", content="from a file")])
beside = Submission(
    source_code="print(open('data.txt').read())", language=LanguageAlias.PYTHON, additional_files=files
)
assert judge0.run(client=client, submissions=beside).stdout == "from a file\n"

arguments = judge0.run(
    client=client,
    source_code="#include <stdio.h>\nint main(int n, char **v) { printf(\"%d %s %d\\n\", n, v[1], N); }",
    language=LanguageAlias.C,
    compiler_options="-DN=7",
    command_line_arguments="'two words'",
    number_of_runs=2,
)
assert arguments.stdout == "2 two words 7\n", arguments
print("judge0: the client works")
