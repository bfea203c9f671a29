"""Tests, as the rows of data sets hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from optimus_client.types import Content, Test

_INPUTS = ("stdin", "input")
_OUTPUTS = ("expect", "output", "expected_output")


def read_tests(row: object) -> list[Test]:
    """Read the tests of a row: a value, or its JSON.

    Either `{"inputs": […], "outputs": […]}`, as APPS, TACO and PRIME have them, or a list of `{"stdin" or "input",
    "expect" or "output"}`, which may be the value of `tests` or `test_cases`.
    """
    value: Any = row
    if isinstance(row, str):
        try:
            value = json.loads(row)
        except ValueError as error:
            raise ValueError(f"the tests are no JSON: {error}") from error
    if isinstance(value, Mapping):
        value = _listed(value)
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or not value:
        raise ValueError("there are no tests: neither `inputs` and `outputs`, nor a list of tests")
    return [_test(place, test) for place, test in enumerate(value)]


def _listed(value: Mapping[str, Any]) -> Any:
    if value.get("fn_name"):
        raise ValueError("`fn_name`: tests that call a function are not supported; wrap them as programs")
    if "inputs" not in value or "outputs" not in value:
        return value.get("tests") or value.get("test_cases")
    inputs, outputs = value["inputs"], value["outputs"]
    if len(inputs) != len(outputs):
        raise ValueError(f"there are {len(inputs)} `inputs`, and {len(outputs)} `outputs`")
    return [{"stdin": given, "expect": wanted} for given, wanted in zip(inputs, outputs)]


def _test(place: int, row: object) -> Test:
    if not isinstance(row, Mapping):
        raise ValueError(f"test {place} is {type(row).__name__}, not an object")
    if row.get("fn_name"):
        raise ValueError(f"test {place} calls a function (`fn_name`), which is not supported; wrap it as a program")
    given, wanted = _first(row, _INPUTS), _first(row, _OUTPUTS)
    test: Test = {"expect": _content(place, "expected output", wanted)}
    if given is not None:
        test["stdin"] = _content(place, "input", given)
    return test


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _content(place: int, what: str, value: Any) -> Content:
    if not isinstance(value, (str, Mapping)):
        raise ValueError(f"test {place}: the {what} is {value!r}, not text")
    return cast("Content", value)
