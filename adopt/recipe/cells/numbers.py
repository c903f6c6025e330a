"""Whether a column is numbers, by which marks, and where digits are codes."""

from collections.abc import Iterable

from adopt.data.profile import ColumnProfile
from adopt.data.reading import find_marks_of
from adopt.notes import Note
from adopt.recipe.cells.codes import describe_code
from adopt.recipe.cells.moments import guess_moments
from adopt.recipe.cells.subject import Subject, quote, share
from adopt.recipe.type_guess import TypeGuess

FEW = 0.05
"""Share of the cells below which fractions among whole numbers are pointed out."""
FIRST_YEAR, LAST_YEAR = 1500, 2100

__all__ = ["allow_flags", "describe_whole", "guess_moments", "guess_money", "guess_number"]


def guess_number(subject: Subject) -> TypeGuess | None:
    """Int or float with the marks of its cells, or a time that is written as a number; None where it is neither."""
    if subject.doubtful and not subject.is_interrupted:
        return None
    if subject.fits("float"):
        if describe_code(subject) is not None:
            return None
        return guess_moments(subject) or _guess_plain(subject)
    return _guess_marked(subject)


def allow_flags(subject: Subject) -> dict[str, object]:
    """The only values of a column of 0 and 1."""
    column = subject.column
    ends = (column.quantiles[0], column.quantiles[-1]) if column.quantiles else ()
    return {"allowed": [0, 1]} if ends == (0.0, 1.0) and subject.fits("int") else {}


def describe_whole(subject: Subject) -> tuple[Note, ...]:
    """What is worth knowing about whole numbers."""
    column, notes = subject.column, []
    if column.beyond_double:
        notes.append(
            Note(f"{share(column.beyond_double, column.filled)} are beyond 2^53, where a float is not exact; int is")
        )
    if _are_years(column):
        first, last = column.quantiles[0], column.quantiles[-1]
        notes.append(Note(f'years from {first:.0f} to {last:.0f}, read as numbers; as a time: time_format = "%Y"'))
    return tuple(notes)


def _guess_plain(subject: Subject) -> TypeGuess:
    column = subject.column
    if subject.fits("int"):
        is_gapless = not column.empty and not subject.nothing
        flags = allow_flags(subject)
        if column.dots == subject.known and is_gapless and flags:
            return TypeGuess("int", flags, (Note("0.0 and 1.0 only: a flag"),))
        if column.dots == subject.known and is_gapless:
            return TypeGuess("float", {}, (Note("all cells are whole, and written with a decimal point"),))
        notes = describe_whole(subject)
        if column.dots:
            notes += (Note(f"{share(column.dots, subject.known)} are written as 2.0: whole numbers with gaps"),)
        return TypeGuess("int", allow_flags(subject), notes)
    if subject.fits("int.") and column.dots:
        return _choose(subject, "int.", "a dot before three digits in every cell with a dot")
    return TypeGuess("float", {}, tuple(_describe_fractions(subject)))


def _describe_fractions(subject: Subject) -> Iterable[Note]:
    column = subject.column
    whole = subject.way("int")
    if 0 < whole.misses <= FEW * subject.known:
        yield Note(
            f"{share(whole.misses, subject.known)} are not whole numbers ({quote(whole.examples)}): read as float"
        )
    if column.beyond_double:
        yield Note(
            f"{share(column.beyond_double, column.filled)} are beyond 2^53, where a float loses digits",
            is_question=True,
            choices=("text",),
            key=subject.key("type"),
        )
    if column.quantiles and not all(abs(end) < 1e308 for end in (column.quantiles[0], column.quantiles[-1])):
        yield Note("some numbers are infinite, which most models refuse", is_question=True)


def _guess_marked(subject: Subject) -> TypeGuess | None:
    """Numbers with other marks than a decimal point."""
    ways = [way for way in subject.column.ways if way.startswith(("int", "float")) and subject.fits(way)]
    ways.sort(key=lambda way: (way.startswith("float"), len(way)))
    if not ways:
        return None
    if "int," in ways and "float," in ways:
        return _choose(subject, "int,", "a comma before three digits in every cell with a comma")
    return _declare(ways[0])


def _choose(subject: Subject, grouped: str, why: str) -> TypeGuess:
    """Between thousands and a decimal mark, by the other columns."""
    mark = grouped[-1]
    decimals, thousands = find_decimal_marks(subject.others), find_thousands_marks(subject.others)
    other = "," if mark == "." else "."
    if other in decimals or mark in thousands:
        guess = _declare(grouped)
        return TypeGuess(guess.type, guess.keys, (Note(f"{why}: it marks thousands, as in other columns"),))
    if mark in decimals:
        return TypeGuess("float", {"decimal": mark}, (Note(f"{why}: the decimal mark, as in other columns"),))
    keys = {"decimal": mark} if mark == "." else {"thousands": mark}
    kind = "float" if mark == "." else "int"
    choices = ('decimal = "."', 'thousands = "."') if mark == "." else ('thousands = ","', 'decimal = ","')
    note = Note(
        f"{why} ({quote([word for word, _ in subject.column.most_frequent if mark in word])}): read by {choices[0]}; "
        f"it may be {choices[1]}",
        is_question=True,
        choices=(f'"{mark}"',),
        key=subject.key("thousands" if mark == "." else "decimal"),
    )
    return TypeGuess("float" if kind == "float" else "int", keys, (note,))


def guess_money(subject: Subject) -> TypeGuess | None:
    """Amounts in which a mark stands before three digits in every cell: thousands, as money has no such fractions."""
    for mark, is_there in ((",", True), (".", subject.column.dots > 0)):
        if is_there and subject.fits(f"int{mark}"):
            note = Note(f'a "{mark}" before three digits marks thousands: money has no fractions of three digits')
            guess = _declare(f"int{mark}")
            return TypeGuess(guess.type, guess.keys, (note,))
    return None


def _declare(way: str) -> TypeGuess:
    decimal, thousands = find_marks_of(way)
    keys = {"decimal": decimal} if way.startswith("float") and (decimal != "." or thousands) else {}
    if thousands:
        keys["thousands"] = thousands
    return TypeGuess("int" if way.startswith("int") else "float", keys)


def find_decimal_marks(columns: Iterable[ColumnProfile]) -> frozenset[str]:
    """The decimal marks that some column shows without a doubt."""
    found = set()
    for column in columns:
        ways = {way for way, cells in column.ways.items() if cells.misses == 0 and cells.fits}
        if "float" in ways and column.fractions and "int." not in ways:
            found.add(".")
        if ways & {"float,", "float,."} and "float" not in ways and not ways & {"int,", "int."}:
            found.add(",")
        if "float.," in ways and not ways & {"int,", "float,"}:
            found.add(".")
    return frozenset(found)


def find_thousands_marks(columns: Iterable[ColumnProfile]) -> frozenset[str]:
    """The marks of thousands that some column shows without a doubt."""
    found = set()
    for column in columns:
        ways = {way for way, cells in column.ways.items() if cells.misses == 0 and cells.fits}
        if "float" in ways or "float," in ways:
            continue
        found |= {
            mark for mark in ",." for way in ("int" + mark, "float" + (",." if mark == "." else ".,")) if way in ways
        }
    return frozenset(found)


def _are_years(column: ColumnProfile) -> bool:
    ends = column.quantiles
    return (
        bool(ends)
        and column.shortest == column.longest == len("2024")
        and FIRST_YEAR <= ends[0] <= ends[-1] <= LAST_YEAR
    )
