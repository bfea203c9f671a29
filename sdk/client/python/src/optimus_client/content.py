"""Bytes in JSON: text where they are UTF-8, base64 where they are not."""

from __future__ import annotations

import base64
from typing import Union, cast

from optimus_client.types import Base64Content, Content, TextContent


def content(data: Union[str, bytes]) -> Content:
    """Encode a source, an input or an expected output of any bytes."""
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def to_bytes(value: Content) -> bytes:
    """Decode what a report holds, byte for byte."""
    if isinstance(value, str):
        return value.encode("utf-8")
    encoded = cast("Base64Content", value).get("base64")
    if encoded is not None:
        return base64.b64decode(encoded)
    return cast("TextContent", value)["text"].encode("utf-8")


def to_text(value: Content) -> str:
    """Decode what a report holds for people: bytes that are not UTF-8 become replacement characters."""
    return to_bytes(value).decode("utf-8", errors="replace")
