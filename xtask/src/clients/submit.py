"""One request by the generated Python client: submits a program and reads its report."""

import sys

from optimus_client import Client
from optimus_client.api.jobs import submit_job
from optimus_client.api.languages import list_languages
from optimus_client.models import Job, JobRequest, Test, Verdict

client = Client(base_url=sys.argv[1], timeout=60)
languages = list_languages.sync(client=client).languages
assert any(language.id == "bash" for language in languages), languages
test = Test(stdin="3 4\n", expect="7\n")
job = JobRequest(language="bash", source="read a b; echo $((a + b))\n", tests=[test])
answer = submit_job.sync(client=client, body=job, wait="30s")
assert isinstance(answer, Job) and answer.report.verdict == Verdict.ACCEPTED, answer
print("python:", answer.report.id, answer.report.verdict)
