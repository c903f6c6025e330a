"""Formats in which a column's cells may be times, found from how they look."""

import re
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

SIGHT = "time:"
"""The way in which ingest reads times without a format."""

FORMATS_TRIED = 12
"""Formats of one column that are followed."""
WORDS_TRIED = 200
"""Words on which a format is tried first."""

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATES = (
    (r"\d{4}([-/.])\d{1,2}\1\d{1,2}", ("%Y{0}%m{0}%d",)),
    (r"\d{1,2}([-/.])\d{1,2}\1\d{4}", ("%d{0}%m{0}%Y", "%m{0}%d{0}%Y")),
    (r"\d{1,2}([-/.])\d{1,2}\1\d{2}", ("%d{0}%m{0}%y", "%m{0}%d{0}%y", "%y{0}%m{0}%d")),
    (r"\d{4}([-/.])\d{1,2}(?!\1)", ("%Y{0}%m",)),
    (r"\d{1,2}([-/.])\d{4}(?!\d)", ("%m{0}%Y",)),
    (r"\d{8}(?!\d)", ("%Y%m%d", "%d%m%Y", "%m%d%Y")),
    (r"\d{14}(?!\d)", ("%Y%m%d%H%M%S",)),
    (r"\d{12}(?!\d)", ("%Y%m%d%H%M",)),
    (r"\d{8}([T_ -])\d{6}(?!\d)", ("%Y%m%d{0}%H%M%S",)),
    (r"\d{8}([T_ -])\d{4}(?!\d)", ("%Y%m%d{0}%H%M",)),
    (rf"\d{{1,2}}([-/. ]?){_MONTH}\1\d{{4}}", ("%d{0}%b{0}%Y", "%d{0}%B{0}%Y")),
    (rf"\d{{1,2}}([-/. ]?){_MONTH}\1\d{{2}}", ("%d{0}%b{0}%y", "%d{0}%B{0}%y")),
    (rf"{_MONTH} \d{{1,2}}(,?) \d{{4}}", ("%b %d{0} %Y", "%B %d{0} %Y")),
    (rf"{_MONTH}([- /.])\d{{4}}", ("%b{0}%Y", "%B{0}%Y")),
    (rf"{_MONTH}([-])\d{{2}}", ("%b{0}%y", "%B{0}%y")),
    (rf"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,( )\d{{1,2}} {_MONTH} \d{{4}}", ("%a, %d %b %Y",)),
)
_CLOCK = re.compile(
    r"(?P<gap>T| |, | - |)(?P<hour>\d{1,2})(?P<mark>[:.h])(?P<minute>\d{2})(?:(?P<mark2>[:.])(?P<second>\d{2})"
    r"(?:(?P<point>[.,])(?P<fraction>\d{1,9}))?)?(?P<half> ?[ap]\.?m\.?)?(?P<zone> ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?",
    re.IGNORECASE | re.ASCII,
)
_ZONE = re.compile(r"Z|[+-]\d{2}:?\d{2}")
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE | re.ASCII), forms) for pattern, forms in _DATES)

_LETTERS = "[A-Za-z]{3,9}"
LOOKS = (
    r"^(\d{1,4}[-/.]\d{1,2}([-/.]\d|$)|\d{1,2}[-/.]\d{4}|\d{8}([T_ -]\d{4,6}(Z|[+-]\d{4})?)?$|\d{12}$|\d{14}$"
    rf"|{_LETTERS},? ?\d|{_LETTERS}[-/. ]\d|\d{{1,2}}[-/. ]?{_LETTERS}[-/. ]?\d{{2}})"
)
"""A pattern that every date matches, and some other texts."""


def may_be_times(words: pa.Array) -> bool:
    """Whether some of the first texts look like dates."""
    return bool(pc.any(pc.match_substring_regex(words[:WORDS_TRIED], LOOKS)).as_py())


def find_formats(words: Iterable[str]) -> list[str]:
    """The formats that texts may have, the likeliest first."""
    found: dict[str, None] = {}
    for word in words:
        found.update(dict.fromkeys(_formats_of(word)))
    return list(found)[:FORMATS_TRIED]


def _formats_of(word: str) -> Iterator[str]:
    for pattern, forms in _PATTERNS:
        date = pattern.match(word)
        if date is None:
            continue
        clock = _clock_format(word[date.end() :])
        if clock is not None:
            mark = date[1] if pattern.groups else ""
            yield from (form.format(mark) + clock for form in forms)


def _clock_format(rest: str) -> str | None:
    """The format of what stands behind a date; None where it is no time of day."""
    if not rest:
        return ""
    if _ZONE.fullmatch(rest):
        return "%z"
    found = _CLOCK.fullmatch(rest)
    if found is None:
        return None
    form = f"{found['gap']}{'%I' if found['half'] else '%H'}{found['mark']}%M"
    form += f"{found['mark2']}%S" if found["second"] else ""
    form += f"{found['point']}%f" if found["fraction"] else ""
    if found["half"]:
        form += f"{' ' if found['half'].startswith(' ') else ''}%p"
    if (zone := found["zone"]) is not None:
        blank = " " if zone.startswith(" ") else ""
        form += blank + (zone.strip() if zone.strip().upper() in ("UTC", "GMT") else "%z")
    return form
