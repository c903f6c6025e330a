"""Halves of surrogate pairs in JSON: one alone is no character, and the parser writes another one for it."""

import re
from collections.abc import Iterator

from relay.handoff.errors import SourceError

PAIR_BYTES = 12
ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""A backslash and what belongs to it: a pair, a half, or any other sign."""


def require_pairs(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The blocks, while each half of a pair has the other one.

    Raises:
        SourceError: one has not.
    """
    rest = b""
    for block in blocks:
        rest = _check(rest + block, name, is_last=False)
        yield block
    _check(rest, name, is_last=True)


def _check(piece: bytes, name: str, *, is_last: bool) -> bytes:
    """What is to be looked at with the next bytes: less than a pair, and no part of an escape that began before."""
    end = len(piece) if is_last else max(len(piece) - PAIR_BYTES, 0)
    while 0 < end < len(piece) and piece[end - 1 : end] == b"\\":
        end -= 1
    if b"\\ud" not in piece and b"\\uD" not in piece:
        return piece[end:]
    for escape in ESCAPE.finditer(piece):
        if escape.start() >= end:
            break
        if escape["half"] is not None:
            raise SourceError(
                f"{name}: {escape[0].decode()} is half of a surrogate pair and no character; correct it in the source, "
                'or write a record per line and say format = "jsonl" in [ingest], which rejects such a record alone'
            )
        end = max(end, escape.end())
    return piece[end:]
