"""Times that are written as numbers: seconds since 1970, and dates of eight or more digits."""

from adopt.notes import Note
from adopt.recipe.cells.last_days import LAST_DAYS
from adopt.recipe.cells.subject import Subject, find_words
from adopt.recipe.type_guess import TypeGuess

FIRST, LAST = 631_152_000, 4_102_444_800
"""1990 and 2100 in seconds since 1970."""
LIKELY_FIRST, LIKELY_LAST = 946_684_800, 2_051_222_400
"""2000 and 2035."""
UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
NAMES = frozenset(
    (
        "time", "date", "datetime", "timestamp", "ts", "epoch", "unix", "created", "updated", "modified", "at", "on",
        "utc", "datum", "zeit", "zeitstempel", "fecha", "hora", "when", "day", "tag", "since", "start", "end",
        "expires", "published", "received", "sent", "posted", "registered", "opened", "closed", "purchase", "login",
        "seen", "dt", "started", "ended", "finished", "begin", "begun", "signed", "joined", "ordered", "placed", "paid",
        "issued", "measured", "logged", "recorded", "captured", "delivered", "shipped", "arrived", "departed", "pickup",
        "dropoff", "moment", "heure", "czas", "tijd", "momento", "日時", "时间",
    )
)  # fmt: skip
"""Words in the names of columns of times."""
FIRST_YEAR, LAST_YEAR, LAST_YEAR_OF_ALL = 1900, 2100, 9999
DATES = frozenset(("date", "datum", "fecha", "data", "datetime", "timestamp", "dt", "tarih", "dato", "päivä"))
"""Words in the names of days."""
FIRST_DAY, LAST_DAY = 36_526, 55_153
"""2000 and 2051 in days since 1899-12-30."""
COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


def guess_moments(subject: Subject) -> TypeGuess | None:
    """A time that is written as a number; None where it is a number."""
    column = subject.column
    if not column.quantiles:
        return None
    low, high = column.quantiles[0], column.quantiles[-1]
    form = COMPACT.get(column.longest) if column.shortest == column.longest else None
    scale = 10 ** (column.longest - len("2024"))
    if (
        form is not None
        and subject.fits(f"time:{form}")
        and FIRST_YEAR <= low // scale <= high // scale <= _last_year(subject)
    ):
        note = Note(f"all {subject.known:,} cells are dates of {column.longest} digits")
        return TypeGuess("time", {"time_format": form}, (note,))
    if (days := _guess_days(subject)) is not None:
        return days
    is_named = subject.has_word(*NAMES)
    for unit, scale in UNITS.items():
        if is_named and FIRST * scale <= low <= high <= LAST * scale and (unit == "s" or subject.fits("int")):
            note = Note(f'numbers from {low:.0f} to {high:.0f}, which are times since 1970 in "{unit}", by the name')
            return TypeGuess("time", {"epoch": unit}, (note,))
        if not is_named and LIKELY_FIRST * scale <= low < high <= LIKELY_LAST * scale and subject.fits("int"):
            return _doubt(subject, unit)
    return None


def _last_year(subject: Subject) -> int:
    """The last year of dates, which may be 9999 where its last day stands for "never"."""
    is_never = any(LAST_DAYS.fullmatch(word) for word, _ in subject.column.most_frequent)
    return LAST_YEAR_OF_ALL if is_never else LAST_YEAR


def _guess_days(subject: Subject) -> TypeGuess | None:
    """The days of a spreadsheet under the name of a date, which are asked about."""
    column = subject.column
    low, high = column.quantiles[0], column.quantiles[-1]
    words = find_words(column.name)
    is_date = not words.isdisjoint(DATES) or any(word.endswith("datum") for word in words)
    if not is_date or not FIRST_DAY <= low <= high <= LAST_DAY or not subject.fits("float"):
        return None
    note = Note(
        f"numbers from {low:.0f} to {high:.0f} under the name of a date: read as days since 1899-12-30, as "
        "spreadsheets count them",
        is_question=True,
        choices=('"excel"',),
        key=subject.key("epoch"),
    )
    return TypeGuess("time", {"epoch": "excel"}, (note,))


def _doubt(subject: Subject, unit: str) -> TypeGuess | None:
    """Whole numbers that may be times, where the name does not say so."""
    column = subject.column
    counts_on = column.distinct == column.quantiles[-1] - column.quantiles[0] + 1  # as numbers of rows do
    if (
        counts_on
        or not (column.is_sorted or unit != "s")
        or column.distinct < min(column.filled, 10)
        or subject.has_word("id")
    ):
        return None
    note = Note(
        f'numbers from {column.quantiles[0]:.0f} to {column.quantiles[-1]:.0f} may be times since 1970 in "{unit}": '
        f'type = "time", epoch = "{unit}"',
        is_question=True,
        choices=(f'"{unit}"',),
        key=subject.key("epoch"),
    )
    return TypeGuess("int", {}, (note,))
