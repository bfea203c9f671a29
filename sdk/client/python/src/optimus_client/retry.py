"""When a request is sent again, and after how long."""

from __future__ import annotations

import email.utils
import logging
import random
import time
from typing import Optional, Union

import httpx

from optimus_client.errors import UnreachableError, of_response

#: An answer, or what came instead of one.
Answer = Union[httpx.Response, httpx.TransportError]

#: Refusals for now; 502 and 504 are what proxies say while a server restarts.
_AGAIN = frozenset({429, 502, 503, 504})
_LOST = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
_FIRST_S = 0.1
_LONGEST_S = 5.0

_log = logging.getLogger("optimus_client")


class Attempts:
    """The failures of one request in a row.

    Every request of this package may be repeated: a submission carries an idempotency key, and the same problem is
    stored once.
    """

    def __init__(self, retry_for: float) -> None:
        self._retry_for = retry_for
        self._since: Optional[float] = None
        self._count = 0

    def worked(self) -> None:
        """Forget the failures."""
        self._since = None
        self._count = 0

    @property
    def repeated(self) -> bool:
        """True if the request was sent before."""
        return self._count > 0

    def pause(self, answer: Answer) -> float:
        """Return how long to wait before the request is sent again; raise the error if it is not."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        left = self._since + self._retry_for - now
        backoff = random.uniform(0.5, 1.0) * min(_LONGEST_S, _FIRST_S * 2.0 ** min(self._count, 16))  # noqa: S311
        if isinstance(answer, httpx.Response):
            asked = _retry_after(answer)
            wait = backoff if asked is None else asked + random.uniform(0.0, 0.1)  # noqa: S311
            if answer.status_code not in _AGAIN or wait > left:
                raise of_response(answer)
            why = f"{answer.status_code} {answer.reason_phrase}"
        else:
            wait = backoff
            if not isinstance(answer, _LOST) or wait > left:
                raise UnreachableError(f"no answer of the server: {answer or type(answer).__name__}") from answer
            why = str(answer) or type(answer).__name__
        if self._count == 0:
            _log.warning("%s: trying again for %g s", why, self._retry_for)
        self._count += 1
        return wait


def _retry_after(response: httpx.Response) -> Optional[float]:
    """Read `Retry-After`: seconds, or a date (RFC 9110, 10.2.3)."""
    text = response.headers.get("retry-after")
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
