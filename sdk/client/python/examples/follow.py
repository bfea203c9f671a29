"""Follows a job while it runs, prints what it prints, and cancels it after a while."""

from optimus_client import Client, to_text

ENDLESS = "import itertools, time\nfor n in itertools.count():\n    print(n, flush=True)\n    time.sleep(0.1)\n"

with Client() as client:
    job = client.submit(language="python", source=ENDLESS, limits={"wall_ms": 20_000})
    seen = 0
    for event in client.events(job):
        if event["event"] == "output":
            print(to_text(event["content"]), end="")
            seen += 1
            if seen == 3:
                client.cancel(job)
        elif event["event"] == "done":
            print("done:", event["report"]["verdict"])
