"""Client of Optimus, which runs strangers' programs against tests and returns verdicts."""

from optimus_client.aio import AsyncClient
from optimus_client.client import Client
from optimus_client.content import content, to_bytes, to_text
from optimus_client.errors import (
    ApiError,
    BadRequestError,
    BusyError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    OptimusError,
    ServerError,
    StillRunningError,
    UnauthorizedError,
    UnreachableError,
)
from optimus_client.extract import extract_code
from optimus_client.result import Completed, Result
from optimus_client.rewards import JudgeFailedError, RewardFunction, compute_score, rewards
from optimus_client.rows import read_tests

__all__ = [
    "ApiError",
    "AsyncClient",
    "BadRequestError",
    "BusyError",
    "Client",
    "Completed",
    "ConflictError",
    "ForbiddenError",
    "JudgeFailedError",
    "NotFoundError",
    "OptimusError",
    "Result",
    "RewardFunction",
    "ServerError",
    "StillRunningError",
    "UnauthorizedError",
    "UnreachableError",
    "compute_score",
    "content",
    "extract_code",
    "read_tests",
    "rewards",
    "to_bytes",
    "to_text",
]
