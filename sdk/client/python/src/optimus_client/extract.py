"""The program in what a language model wrote."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Optional

_SHORTEST_FENCE = 3


@dataclass
class _Block:
    fence: str
    name: str
    lines: list[str] = field(default_factory=list)


def extract_code(text: str, names: Collection[str]) -> str:
    """Return the program of a completion.

    That is the last fenced block that is marked with one of `names` (in any case), else the last without a mark, else
    the last of all; a block that was cut off reaches to the end. A text without any block is the program itself.
    """
    blocks = _blocks(text)
    if not blocks:
        return text
    wanted = {name.lower() for name in names}
    for accepted in (wanted, {""}):
        named = [block for block in blocks if block.name.lower() in accepted]
        if named:
            return _text(named[-1])
    return _text(blocks[-1])


def _text(block: _Block) -> str:
    return "\n".join(block.lines) + "\n" if block.lines else ""


def _blocks(text: str) -> list[_Block]:
    """Read fenced code blocks as CommonMark has them (0.31, 4.5), line by line."""
    blocks: list[_Block] = []
    current: Optional[_Block] = None
    for line in text.split("\n"):
        bare = line.strip()
        if current is None:
            current = _opened(bare)
            if current is not None:
                blocks.append(current)
        elif bare.startswith(current.fence) and not bare.strip(current.fence[0]):
            current = None
        else:
            current.lines.append(line.rstrip("\r"))
    return blocks


def _opened(bare: str) -> Optional[_Block]:
    for mark in "`~":
        info = bare.lstrip(mark)
        length = len(bare) - len(info)
        if length >= _SHORTEST_FENCE and not (mark == "`" and "`" in info):
            words = info.split(maxsplit=1)
            return _Block(mark * length, words[0] if words else "")
    return None
