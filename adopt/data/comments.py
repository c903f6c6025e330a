"""Lines before a table that are no rows: comments, and Excel's line that names the delimiter."""

import re
from dataclasses import dataclass

from adopt.data.dialect import split_lines

SIGNS = ("#", "%", "//")
SEPARATOR = re.compile(r'"?sep=(?P<mark>[\x00-\x7f])"?\s*', re.IGNORECASE)
"""What Excel writes before the names, or reads there."""


@dataclass(frozen=True)
class Body:
    """A text without the lines before its table that are known to be none of its rows."""

    text: str
    lines: tuple[str, ...] = ()
    """Those lines."""
    sign: str = ""
    """With which comments begin; empty where there are none."""
    more: tuple[str, ...] = ()
    """The comments that stand between the rows."""
    delimiter: str | None = None
    """Of Excel's line."""


def split_comments(text: str, declared: str | None) -> Body:
    """The text behind the comments at its beginning.

    Args:
        text: the beginning of a file.
        declared: the sign of comments that a person decided.
    """
    lines = split_lines(text)
    if lines and (found := SEPARATOR.fullmatch(lines[0])):
        return Body("".join(lines[1:]), (lines[0],), delimiter=found["mark"])
    sign = declared or next((one for one in SIGNS if lines and lines[0].lstrip().startswith(one)), "")
    if not sign:
        return Body(text)
    count = 0
    while count < len(lines) and (lines[count].startswith(sign) or not lines[count].strip()):
        count += 1
    while count and not lines[count - 1].strip():  # blank lines are skipped anyway
        count -= 1
    rest = lines[count:]
    more = tuple(line for line in rest if line.startswith(sign))
    kept = [line for line in rest if not line.startswith(sign)] if more else rest
    return Body("".join(kept), tuple(lines[:count]), sign, more)
