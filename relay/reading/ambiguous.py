"""What can be read in two ways, and how a reader of the message decides."""

from datetime import UTC, datetime, timedelta

from relay.handoff.errors import SchemaError
from relay.handoff.wording import count
from relay.reading.marks import move_sign

LONGEST_SHOWN = 40
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPREADSHEET_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
"""Day 0 of the numbers that spreadsheets show as dates. Source: ECMA-376, part 1, 18.17.4.1."""

FORMS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""Digits of a bare number -> the format of a time that has so many."""
UNITS = {13: ("ms", 1_000), 16: ("us", 1_000_000), 19: ("ns", 1_000_000_000)}
"""Digits of a number of today -> its unit of a second."""
SPREADSHEET_DIGITS = 5


class AmbiguousCellError(SchemaError):
    """A cell can be read in two ways, and the recipe does not say in which."""

    def __init__(self, message: str, index: int = 0) -> None:
        super().__init__(message)
        self.index = index
        """Of the cell among those that were read together, from 0."""


def show(cell: str) -> str:
    """The cell in quotes, cut where it is long."""
    return f'"{cell}"' if len(cell) <= LONGEST_SHOWN else f'"{cell[: LONGEST_SHOWN - 1]}…"'


def describe_bare_number(cell: str) -> str:
    """What a bare number in a column of times may mean, and which keys decide."""
    readings = [reading for reading in (_by_epoch(cell), _by_form(cell) or _by_milliseconds(cell)) if reading]
    meaning = f", which may mean {' or '.join(readings)}" if readings else ""
    return (
        f"{show(cell)} is a bare number{meaning}. Declare the unit of numbers since 1970 (epoch) or the format of the "
        "times (time_format) in [columns]"
    )


def describe_mixture(compact: str, where: str, other: str) -> str:
    """A column of times with eight digits in one cell and another form in the next, and which keys decide."""
    readings = " or ".join(filter(None, (_by_epoch(compact), _by_form(compact))))
    return (
        f"{show(compact)}{where} may mean {readings}, and {other} is written in another way. Declare "
        'time_format = "%Y%m%d" in [columns], which rejects the others, or epoch, which reads them by ISO 8601'
    )


def describe_marks(cell: str) -> str:
    """What a number with a dot before each three digits may mean, and which keys decide."""
    number = move_sign(cell)
    groups = number.replace(".", "")
    fraction = f"{float(number):g} with a decimal mark" if cell.count(".") == 1 else "no number with a decimal mark"
    return (
        f'{show(cell)} is {int(groups):,} if the dot marks thousands, and {fraction}. Declare thousands = "." or '
        'decimal = "." in [columns] or [ingest]'
    )


def describe_grouped_floats(name: str, row: int, cell: str) -> str:
    """A column of floats in which each dot stands before three digits, and which keys decide."""
    reading = f"as {float(move_sign(cell.strip())):g}" if cell.count(".") == 1 else "as no number"
    return (
        f"Every dot in {name} is followed by three digits, such as {show(cell)} in row {row:,}, and was read as a "
        f'decimal mark ({reading}). If it marks thousands, declare thousands = "." in [columns] or [ingest]; '
        'otherwise decimal = "." ends this warning'
    )


def describe_orders(day: str, month: str) -> str:
    """A column of dates with the day first in one cell and the month first in another, and which key decides."""
    return (
        f"{day} has the day first and {month} the month. Declare the format of the dates (time_format) in [columns], "
        "which rejects the others"
    )


def describe_dotted(name: str, example: str) -> str:
    """A column of dates with dots that no cell shows to have the day first."""
    return (
        f"Dates with dots in {name}, such as {example}, were read with the day first, and no cell shows that they are. "
        'Declare time_format in [columns] or [ingest], such as "%d.%m.%Y", which also ends this warning'
    )


def describe_blanks(name: str, cells: int, example: str) -> str:
    """A column of categories in which cells had white space around them."""
    return (
        f"White space around {count(cells, 'value')} of {name} was removed, such as {example}: a category is the same "
        "with and without it"
    )


def describe_signs_behind(name: str, cells: int, example: str) -> str:
    """A column of numbers in which some had their minus behind them."""
    return f"{count(cells, 'number')} of {name} had a minus behind, such as {example}, and became negative"


def describe_bare(name: str, cells: int, example: str) -> str:
    """A column with a declared prefix or suffix that some numbers lack."""
    return (
        f"{count(cells, 'number')} of {name} had no unit beside it, such as {example}. The declared prefix and suffix "
        "change no number, so each was read as it is"
    )


def _by_milliseconds(cell: str) -> str:
    return "" if len(cell) in UNITS else _by_epoch(cell, ("ms", 1_000))


def _by_epoch(cell: str, otherwise: tuple[str, int] = ("s", 1)) -> str:
    try:
        number = float(cell)
        unit, per_second = UNITS.get(len(cell), otherwise)
        return f'{EPOCH + timedelta(seconds=number / per_second):%Y-%m-%d %H:%M:%S} (epoch = "{unit}")'
    except (ValueError, OverflowError):
        return ""


def _by_form(cell: str) -> str:
    if not cell.isdecimal():
        return ""
    if len(cell) == SPREADSHEET_DIGITS:
        day = SPREADSHEET_EPOCH + timedelta(days=int(cell))
        return f'{day:%Y-%m-%d} (a day number of a spreadsheet: epoch = "excel")'
    form = FORMS.get(len(cell), "")
    if not form:
        return ""
    try:
        day = datetime.strptime(cell, form).replace(tzinfo=UTC)
    except ValueError:
        return ""
    return f'{day:%Y-%m-%d} (time_format = "{form}")'
