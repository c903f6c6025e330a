"""Dates as people and programs write them besides ISO 8601: `2024/03/05`, `13/02/2024`, `05.03.2024`, `March 5, 2024`.

A date that can be read in two ways is refused with both, and so is a year of two digits. Dots are read day first, which
is how dates with dots are written; ingest says so where no cell of the column shows it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from relay.reading.ambiguous import AmbiguousCellError, show

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FULL_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
MONTH_NUMBERS = {name: at for names in (MONTHS, FULL_MONTHS) for at, name in enumerate(names, 1)} | {"sept": 9}

SHORT_DATES = ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d")

MONTHS_IN_A_YEAR = 12
NOON = 12

_NAME = rf"(?P<name>{'|'.join(sorted(MONTH_NUMBERS, key=len, reverse=True))})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4}|\d{2})"
_CLOCK = (
    r"(?:(?:T| |, )(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d+))?)?"
    r"(?: ?(?P<half>[ap]m))?(?: ?(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?))?)?"
)
_FLAGS = re.ASCII | re.IGNORECASE
_NUMBERS = r"(?P<one>\d{1,4})(?P<mark>[/.-])(?P<two>\d{1,2})(?P=mark)(?P<three>\d{1,4})"
NUMBERS = re.compile(_NUMBERS + _CLOCK, _FLAGS)
NAMED = tuple(
    re.compile(rf"{date}{_CLOCK}", _FLAGS)
    for date in (
        rf"{_DAY}[ /.-]?{_NAME}(?:, ?|[ /.-])?{_YEAR}",
        rf"{_NAME} {_DAY}(?:, ?| ){_YEAR}",
        rf"(?P<year>\d{{4}})[ /.-]{_NAME}[ /.-]{_DAY}",
    )
)

SEEN_DAY_FIRST, SEEN_MONTH_FIRST, SEEN_DOTTED = "day first", "month first", "dotted"


@dataclass(frozen=True)
class Written:
    """A moment that was read from a date in another form than ISO 8601."""

    moment: datetime
    order: str = ""
    """`SEEN_DAY_FIRST` or `SEEN_MONTH_FIRST` where the cell itself shows the order of its numbers; `SEEN_DOTTED` where
    only its dots do; else empty."""


def read_written(text: str) -> Written | None:
    """The moment in a text without blanks around it; None where it is written in no such form.

    Raises:
        AmbiguousCellError: it can be read in two ways, or its year has two digits.
    """
    if (found := NUMBERS.fullmatch(text)) is not None:
        return _read_numbers(text, found)
    for form in NAMED:
        if (found := form.fullmatch(text)) is not None:
            month = MONTH_NUMBERS[found["name"].lower()]
            if len(found["year"]) < len("2024"):
                _refuse_short_year(text, [_name_format(text, found)])
                return None
            moment = _make(int(found["year"]), month, int(found["day"]), found)
            return None if moment is None else Written(moment)
    return None


def _read_numbers(text: str, found: re.Match[str]) -> Written | None:
    one, two, three = (found[name] for name in ("one", "two", "three"))
    mark, first, second = found["mark"], int(one), int(two)
    if len(one) == len("2024") and len(three) < len("124"):
        moment = _make(first, second, int(three), found)
        return None if moment is None else Written(moment)
    if max(len(one), len(three)) < len("124"):
        _refuse_short_year(text, [f"{date.replace('/', mark)}{_clock_format(found)}" for date in SHORT_DATES])
        return None
    if len(three) != len("2024") or len(one) > len("12"):
        return None
    year = int(three)
    if second > MONTHS_IN_A_YEAR:
        moment = _make(year, first, second, found)
        return None if moment is None else Written(moment, SEEN_MONTH_FIRST)
    moment = _make(year, second, first, found)
    if moment is None or first == second:
        return None if moment is None else Written(moment)
    if first > MONTHS_IN_A_YEAR or mark == ".":
        return Written(moment, SEEN_DAY_FIRST if first > MONTHS_IN_A_YEAR else SEEN_DOTTED)
    other, clock = _make(year, first, second, found), _clock_format(found)
    raise AmbiguousCellError(
        f'{show(text)} may mean {moment:%Y-%m-%d} (time_format = "%d{mark}%m{mark}%Y{clock}") or {other:%Y-%m-%d} '
        f'(time_format = "%m{mark}%d{mark}%Y{clock}"). Declare one of them in [columns] or [ingest]'
    )


def _refuse_short_year(text: str, forms: list[str]) -> None:
    """Return where no format reads the text.

    Raises:
        AmbiguousCellError: one does.
    """
    readings: dict[str, str] = {}
    for form in forms:
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - only shown
        except ValueError:
            continue
        readings.setdefault(f"{moment:%Y-%m-%d}", form)
    if readings:
        shown = " or ".join(f'{day} (time_format = "{form}")' for day, form in readings.items())
        raise AmbiguousCellError(
            f"{show(text)} has a year of two digits and may mean {shown}. Declare the format in [columns] or [ingest]"
        )


def _make(year: int, month: int, day: int, found: re.Match[str]) -> datetime | None:
    """The moment of a date and of the clock that was found behind it; None where there is no such day or time."""
    hour, half = int(found["hour"] or 0), (found["half"] or "").lower()
    if half and not 1 <= hour <= NOON:
        return None
    hour = hour % NOON + (NOON if half == "pm" else 0) if half else hour
    fraction = int((found["fraction"] or "0")[:6].ljust(6, "0"))  # finer than we keep
    minute, second = int(found["minute"] or 0), int(found["second"] or 0)
    try:
        zone = _read_zone(found["zone"])
        moment = datetime(year, month, day, hour, minute, second, fraction, zone)
        return moment if zone is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_zone(zone: str | None) -> timezone:
    if zone is None or zone.lower() in ("z", "utc", "gmt"):
        return UTC
    digits = zone[1:].replace(":", "").ljust(4, "0")
    if int(digits[2:]) >= 60:
        raise ValueError(zone)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if zone[0] == "-" else offset)


def _name_format(text: str, found: re.Match[str]) -> str:
    """The format of a date with the name of a month."""
    parts = {"day": "%d", "name": "%B" if len(found["name"]) > len("sept") else "%b", "year": "%y"}
    return _replace(text, found, parts) + _clock_format(found)


def _replace(text: str, found: re.Match[str], parts: dict[str, str]) -> str:
    """The text up to the clock, with directives in the place of its parts."""
    form, at = "", 0
    for name in sorted(parts, key=found.start):
        form += text[at : found.start(name)] + parts[name]
        at = found.end(name)
    return form


def _clock_format(found: re.Match[str]) -> str:
    """The format of what stands behind a date; empty where nothing does."""
    if found["hour"] is None:
        return ""
    parts = {"hour": "%I" if found["half"] else "%H", "minute": "%M"}
    parts |= {"second": "%S"} if found["second"] else {}
    parts |= {"fraction": "%f"} if found["fraction"] else {}
    parts |= {"half": "%p"} if found["half"] else {}
    zone = found["zone"]
    if zone is not None:
        parts["zone"] = "%z" if zone[0] in "+-" or zone.lower() == "z" else zone
    start = max(found.end(name) for name in found.groupdict() if name in ("three", "year", "day") and found[name])
    text, form, at = found.string, "", start
    for name in parts:
        form += text[at : found.start(name)] + parts[name]
        at = found.end(name)
    return form
