"""One moment at a time: from ISO 8601, from a declared format or unit, or from a date that is read in one way only.

UTC where no zone is given. Needs no numerical library, so that a service reads a record without one.
"""

import re
from datetime import UTC, datetime
from fractions import Fraction

from relay.handoff.column import Column
from relay.reading.ambiguous import AmbiguousCellError, describe_bare_number
from relay.reading.iso import EPOCH, EXPECTED, FULL, MICROSECOND, read_iso
from relay.reading.marks import find_marks, read_plain
from relay.reading.number_text import write_number
from relay.reading.written_dates import read_written

MICROSECONDS = 1_000_000
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

EXCEL = "excel"
EXCEL_DAY_0 = 25_569
"""1970-01-01 in days since 1899-12-30. Source: ECMA-376, part 1, 18.17.4.1."""
EXCEL_DAYS = (61, 2_958_465.999_99)
"""March 1900, before which spreadsheets have a day too many, and the last second of 9999."""
MILLISECONDS_A_DAY = 86_400_000

FIRST_MOMENT, LAST_MOMENT = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999 in microseconds since 1970: no calendar shows others, they come from a wrong unit."""

BARE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
COMPACT = re.compile(r"\d{8}", re.ASCII)
COMPACT_FORM = "%Y%m%d"
WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)

WIDTHS = {
    **{f"%{letter}": r"(\d\d)" for letter in "mdHMSyIUWV"},
    **{f"%{letter}": r"(\d{4})" for letter in "YG"},
    **{f"%{letter}": r"(\d)" for letter in "wu"},
    "%j": r"(\d{3})",
    "%f": r"(\d{1,6})",
    "%%": "%",
}
"""Directive -> a number with all its digits."""

NEIGHBOURS = "%[mdHMSyIUWVYGwujf]%[mdHMSyIUWVYGwujf]"
"""Two numbers without a mark between them: with a digit fewer they could be read in two ways."""


def describe_moment(column: Column) -> str:
    """What a column of times takes, in words."""
    return EXPECTED if column.time_format is None else f'a time in the format "{column.time_format}"'


def read_moment(text: str, column: Column) -> datetime | None:
    """The moment in a text without blanks around it, to the microsecond; None where it names none.

    Raises:
        AmbiguousCellError: it may mean several moments.
    """
    if column.time_format is not None:
        return read_by_format(text, column.time_format) or read_full(text, column.time_format)
    if column.epoch is not None:
        plain = read_plain(text, find_marks(column))
        if plain is not None and BARE.fullmatch(plain):
            return _read_count(int(plain) if WHOLE.fullmatch(plain) else float(plain), column.epoch)
    elif COMPACT.fullmatch(text) and (moment := read_by_format(text, COMPACT_FORM)) is not None:
        return moment
    elif BARE.fullmatch(text):
        raise AmbiguousCellError(describe_bare_number(text))
    moment = read_iso(text)
    if moment is None and (written := read_written(text)) is not None:
        return written.moment
    return moment


def read_count(number: int | float, column: Column) -> datetime | None:
    """The moment of a number that came without quotes.

    Raises:
        AmbiguousCellError: the column declares no unit, and the number is no date of eight digits.
    """
    if column.epoch is not None and column.time_format is None:
        return _read_count(number, column.epoch)
    return read_moment(write_number(number), column)


def _read_count(number: int | float, epoch: str) -> datetime | None:
    """Whole numbers exactly, finer ones cut to microseconds, days of a spreadsheet to milliseconds."""
    if epoch == EXCEL:
        first, end = EXCEL_DAYS
        if not first <= number < end:
            return None
        return EPOCH + round((float(number) - EXCEL_DAY_0) * MILLISECONDS_A_DAY) * 1_000 * MICROSECOND
    per_second = PER_SECOND[epoch]
    try:
        scaled = round(float(number) * (MICROSECONDS / per_second))
    except OverflowError:
        return None
    if not FIRST_MOMENT <= scaled <= LAST_MOMENT:
        return None
    exact = int(Fraction(number * MICROSECONDS, per_second)) if isinstance(number, int) else scaled
    return EPOCH + exact * MICROSECOND


def read_full(text: str, form: str) -> datetime | None:
    """The moment in a text with date, time and zone by ISO 8601, which needs no format to be read in one way."""
    return read_iso(text) if FULL.fullmatch(text) and "%Y-%d-%mT" not in form else None


def read_by_format(text: str, form: str) -> datetime | None:
    """The moment in a text that is written in a format of Python's `strptime`; None where it is not.

    Directives without a mark between them need all their digits.
    """
    if not text.isascii() and any(sign.isdecimal() and not sign.isascii() for sign in text):
        return None  # strptime reads digits of other scripts
    if re.search(NEIGHBOURS, form.replace("%%", "")) and not re.fullmatch(find_full_pattern(form), text, re.ASCII):
        return None
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - without a zone it counts as UTC
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def find_full_pattern(form: str) -> str:
    """A pattern by which each number of a format has all its digits."""
    parts = re.findall(r"%.|[^%]+", form)
    return "".join(WIDTHS.get(part) or (".+" if part[0] == "%" else re.escape(part)) for part in parts)
