"""How numbers, times, fingerprints and lists are written in findings, on the page and in the log."""

from collections.abc import Iterable
from datetime import UTC, datetime

FINGERPRINT_CHARS = 12
"""Of 64: enough that no two datasets of a project share them, short enough to compare by eye."""


def show(value: float, unit: str = "") -> str:
    """A figure at three digits, with its unit: `0.0123`, `12,300 USD`."""
    text = f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
    return f"{text} {unit}".rstrip()


def show_share(value: float) -> str:
    """A share in per cent: `84 %`."""
    return f"{100 * value:.0f} %"


def show_span(low: float, high: float) -> str:
    """Two shares in per cent: `65 % to 84 %`, or one where both read alike."""
    return " to ".join(dict.fromkeys((show_share(low), show_share(high))))


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def list_words(words: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


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
