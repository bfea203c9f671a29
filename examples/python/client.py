"""Submits jobs to Optimus, follows events, and receives a signed webhook. Standard library only."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

URL = os.environ.get("OPTIMUS_URL", "http://127.0.0.1:8080")
KEY = os.environ.get("OPTIMUS_KEY")
DOUBLE = "print(2 * int(input()))"
# A receiver refuses what is older than this: a recorded delivery cannot be sent again later.
TOLERANCE_S = 300


def call(method, path, body=None, accept="application/json"):
    """Sends a request; an answer of 4xx or 5xx is an `HTTPError`, whose body names the fault and the remedy."""
    headers = {"content-type": "application/json", "accept": accept}
    if KEY:
        headers["authorization"] = f"Bearer {KEY}"
    data = None if body is None else json.dumps(body).encode()
    return urllib.request.urlopen(urllib.request.Request(URL + path, data, headers, method=method))


def submit(job, wait=None):
    return json.load(call("POST", "/v1/jobs" + (f"?wait={wait}" if wait else ""), job))


def events(job_id):
    """Yields each event of a job: server-sent events, one JSON value in each `data:` line."""
    with call("GET", f"/v1/jobs/{job_id}/events", accept="text/event-stream") as stream:
        for line in stream:
            if line.startswith(b"data:"):
                yield json.loads(line[5:])


def is_signed(secret, headers, body):
    """Checks a delivery as Standard Webhooks describes."""
    stamp = headers["webhook-timestamp"]
    if abs(time.time() - int(stamp)) > TOLERANCE_S:
        return False
    signed = f"{headers['webhook-id']}.{stamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(expected, given) for given in headers["webhook-signature"].split())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        verified = is_signed(self.server.secret, self.headers, body)
        self.send_response(204 if verified else 401)
        self.end_headers()
        self.server.verdict = json.loads(body)["data"]["verdict"] if verified else None

    def log_message(self, *_):
        """The default prints a line for each request."""


def main():
    tests = [{"stdin": "1", "expect": "2"}, {"stdin": "2", "expect": "5"}]
    job = submit({"language": "python", "source": DOUBLE, "tests": tests})
    print("submitted", job["id"])
    for event in events(job["id"]):
        if event["event"] == "test":
            # A client that subscribes late, or reads slowly, misses some of these; `done` always arrives.
            print(f"test {event['index'] + 1} of {event['total']} has ended", file=sys.stderr)
        elif event["event"] == "done":
            for number, test in enumerate(event["report"]["tests"], 1):
                print(f"test {number}: {test['verdict']}")
            print("done:", event["report"]["verdict"])

    right = {"language": "python", "source": DOUBLE, "tests": tests[:1]}
    print("waited:", submit(right, wait="30s")["report"]["verdict"])

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        server.verdict = None
        receiver = f"http://127.0.0.1:{server.server_port}/"
        submit({**right, "webhook": {"url": receiver, "secret": server.secret}})
        while server.verdict is None:
            server.handle_request()
        print(f"webhook: {server.verdict}, signature verified")


if __name__ == "__main__":
    main()
