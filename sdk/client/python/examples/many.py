"""Judges many programs with asyncio, and counts their verdicts."""

import asyncio
from collections import Counter

from optimus_client import AsyncClient
from optimus_client.types import JobRequest


def job(number: int) -> JobRequest:
    """Make a program that is right for every third number."""
    return {
        "language": "bash",
        "source": f"read n; echo $((n + {number % 3}))",
        "tests": [{"stdin": "1", "expect": "1"}],
    }


async def main() -> None:
    """Take results as they come."""
    verdicts: Counter[str] = Counter()
    async with AsyncClient() as client:
        async for done in client.as_completed(map(job, range(30)), lanes=8):
            verdicts[done.result().verdict] += 1
    print(sorted(verdicts.items()))


asyncio.run(main())
