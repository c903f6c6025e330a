"""Columns whose source says their type: Parquet, SQL, workbooks and JSON."""

from adopt.notes import Note
from adopt.recipe.cells.numbers import allow_flags, describe_whole, guess_moments
from adopt.recipe.cells.subject import Subject, share
from adopt.recipe.type_guess import TypeGuess

EXACT_DIGITS = 15
"""Decimal digits that every double keeps."""


def guess_typed(subject: Subject) -> TypeGuess | None:
    """The type that goes with the source's; None where the source gives texts."""
    kind = subject.column.arrow_type
    if kind == "null" or not subject.column.filled:
        return TypeGuess("text", {"null": True}, (Note("no cell has a value"),))
    if not subject.known and not subject.doubtful:
        keys = {"null": True, "missing": sorted(subject.nothing)}
        return TypeGuess("text", keys, (Note("no cell has a value"),))
    if kind.startswith(("string", "large_string", "dictionary", "binary", "large_binary")):
        return None
    if kind == "bool":
        return TypeGuess("bool")
    if kind.startswith(("timestamp", "date")):
        return TypeGuess("time")
    if kind.startswith("time"):
        return TypeGuess("text", {}, (Note("times of day, which are no moments: kept as text such as 10:30:00"),))
    if kind.startswith("duration"):
        return TypeGuess("float", {}, (Note("durations, read as seconds"),))
    if kind.startswith(("list", "large_list", "struct", "map", "fixed_size_list")):
        return TypeGuess("text", {}, (Note(f"{kind}: a cell with several values is no column", is_question=True),))
    return _guess_number(subject, kind)


def _guess_number(subject: Subject, kind: str) -> TypeGuess:
    column = subject.column
    if (moments := guess_moments(subject)) is not None:
        return moments
    is_whole = subject.fits("int")
    if kind.startswith(("int", "uint")) and is_whole:
        return TypeGuess("int", allow_flags(subject), describe_whole(subject))
    if kind.startswith("decimal"):
        is_int = is_whole and kind.endswith(", 0)")
        digits = int(kind.partition("(")[2].partition(",")[0])
        notes = (Note(f"{kind}: read as the nearest double"),) if digits > EXACT_DIGITS and not is_int else ()
        return TypeGuess("int" if is_int else "float", {}, notes)
    if is_whole and column.empty:
        note = Note(f"numbers with a fraction by their type, and all {share(column.filled, column.rows)} are whole")
        return TypeGuess("int", allow_flags(subject), (note,))
    return TypeGuess("float")
