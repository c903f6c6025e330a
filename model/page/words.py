"""Numbers, times and fingerprints as people read them."""

from datetime import UTC, datetime

FINGERPRINT_CHARS = 12
"""Of 64: enough that no two datasets of a project share them, short enough to compare by eye."""


def show_bytes(number: int) -> str:
    """A size with three digits: `4.56 kB`, `12.0 MB`."""
    size = float(number)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{number:,} bytes" if unit == "bytes" else f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} TB"


def show_seconds(seconds: float) -> str:
    """A duration: `0.64 s`, `12 s`, `2 min 5 s`, `1 h 3 min`."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def show_moment(text: str) -> str:
    """`2026-11-20T10:03:18Z` as `2026-11-20 10:03 UTC`; what is no such moment stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def show_unix(seconds: float) -> str:
    """Seconds since 1970 as `2026-11-20 10:03 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def shorten(fingerprint: str) -> str:
    """The first digits of a fingerprint."""
    return fingerprint[:FINGERPRINT_CHARS]


def plain(text: str) -> str:
    r"""A text in which Markdown finds nothing to do: `2 * x` is no emphasis, `$` begins no formula.

    >>> plain("a_b costs $5")
    'a\\_b costs \\$5'
    """
    marked = "".join(f"\\{sign}" if sign in MARKS else sign for sign in text)
    return marked.replace(" %", "\N{NO-BREAK SPACE}%")  # the number and its sign stay on one line


MARKS = frozenset("\\`*_{}[]<>#$~|:!")
