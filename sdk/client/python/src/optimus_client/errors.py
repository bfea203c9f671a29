"""What can go wrong between a program and the server. A program that fails is no error: it is a report."""

from __future__ import annotations

from typing import Any, Optional

import httpx

from optimus_client.types import Fault

#: Codes of refusals that concern the moment, not the request. In a batch they are all there is: a row has no status.
PASSING = frozenset(
    {"too_many_jobs", "queue_full", "queue_failed", "stopping", "languages_loading", "too_many_requests", "bug"}
)


class OptimusError(Exception):
    """Everything that this package raises, but for `ValueError` where an argument is wrong."""


class ApiError(OptimusError):
    """The server's refusal: a stable code for programs, a message for people, and mostly a remedy."""

    def __init__(
        self,
        status: Optional[int],
        code: str,
        message: str,
        hint: Optional[str] = None,
        request_id: Optional[str] = None,
    ) -> None:
        # All of them are `args`, so that the error can be pickled: it may cross processes on its way to a log.
        super().__init__(status, code, message, hint, request_id)
        #: The HTTP status; `None` for one job of a batch.
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        #: By which the server's log names the request.
        self.request_id = request_id

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.code}: {self.message}{hint}"


class BadRequestError(ApiError):
    """The request is wrong: an unknown language, an invalid field, a body that is too large."""


class UnauthorizedError(ApiError):
    """The key is missing or unknown."""


class ForbiddenError(ApiError):
    """The key may not do this."""


class NotFoundError(ApiError):
    """There is no such job or problem, or its report has expired."""


class ConflictError(ApiError):
    """The job has ended already, or an idempotency key was used for another submission."""


class BusyError(ApiError):
    """Refused for now (429 or 503), and still after all tries."""


class ServerError(ApiError):
    """The server, or a proxy in front of it, failed."""


class UnreachableError(OptimusError):
    """No answer came, in spite of all tries; `__cause__` is the last failure."""


class StillRunningError(OptimusError, TimeoutError):
    """The job has not ended within the caller's `timeout`. It goes on: `wait(error.id)` waits further."""

    def __init__(self, id: str, timeout: float) -> None:
        super().__init__(id, timeout)
        self.id = id
        self.timeout = timeout

    def __str__(self) -> str:
        return f"job {self.id} has not ended within {self.timeout:g} s"


_BY_STATUS: dict[int, type[ApiError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: BusyError,
    503: BusyError,
}


def of_response(response: httpx.Response) -> ApiError:
    """Read the error of an answer that is not a success."""
    status = response.status_code
    kind = _BY_STATUS.get(status, ServerError if status >= httpx.codes.INTERNAL_SERVER_ERROR else BadRequestError)
    fault = _fault(response)
    request_id = response.headers.get("x-request-id")
    return kind(status, fault["code"], fault["message"], fault.get("hint"), request_id)


def of_fault(fault: Fault) -> ApiError:
    """Read the error of one job of a batch."""
    kind = BusyError if fault["code"] in PASSING else BadRequestError
    return kind(None, fault["code"], fault["message"], fault.get("hint"))


def _fault(response: httpx.Response) -> Fault:
    """Read the fault, or make one: a proxy's page is not JSON."""
    try:
        body: Any = response.json()
        error = body["error"]
        fault: Fault = {"code": str(error["code"]), "message": str(error["message"])}
        if error.get("hint"):
            fault["hint"] = str(error["hint"])
    except (ValueError, KeyError, TypeError, AttributeError):
        text = response.text.strip()[:200] or response.reason_phrase
        return {"code": f"http_{response.status_code}", "message": text}
    return fault
