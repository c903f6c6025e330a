"""Whether a column is dates, and in which order day and month stand: by all of its cells."""

import re
from collections.abc import Sequence

from adopt.data.dates import SIGHT
from adopt.data.profile import ColumnProfile
from adopt.data.shapes import make_shape
from adopt.notes import Note
from adopt.recipe.cells.numbers import find_decimal_marks
from adopt.recipe.cells.subject import Subject, quote, share
from adopt.recipe.type_guess import TypeGuess
from relay.reading.written_dates import SEEN_DAY_FIRST, SEEN_DOTTED, SEEN_MONTH_FIRST

TIME = "time:"
ISO = "%Y-%m-%d"
NAMED = re.compile(r"\d{1,2}\.?(?: de)? (?P<name>[^\W\d_]+)\.?(?: de)? \d{4}(?: .*)?")
MONTHS = frozenset(
    (
        "januar", "jänner", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "mär", "okt", "dez", "mrz",
        "janvier", "février", "mars", "avril", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre", "janv", "févr", "avr", "juil", "sept", "déc", "enero", "febrero", "marzo", "abril", "mayo", "junio",
        "julio", "agosto",
        "septiembre", "octubre", "noviembre", "diciembre", "ene", "abr", "ago", "dic", "gennaio", "febbraio",
        "aprile", "maggio", "giugno", "luglio", "settembre", "ottobre", "dicembre", "januari", "februari", "maart",
        "mei", "augustus", "janeiro", "fevereiro", "março", "maio", "junho", "julho", "setembro", "outubro", "novembro",
        "dezembro", "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia", "września",
        "października", "listopada", "grudnia", "января", "февраля", "марта", "апреля", "мая", "июня", "июля",
    )
)  # fmt: skip
"""Names of months that are not the English ones."""
FEWEST = 10
"""Different dates from which on their order in the column tells the order of day and month."""


def guess_time(subject: Subject) -> TypeGuess | None:
    """A time with its format; None where no reading takes all cells."""
    if (subject.doubtful and not subject.is_interrupted) or not subject.column.words:
        return None
    forms = [way.removeprefix(TIME) for way in subject.column.ways if way.startswith(TIME) and subject.fits(way)]
    forms = [form for form in forms if form]
    if any(form.startswith(ISO) for form in forms) and _is_by_sight(subject):
        return TypeGuess("time")
    if len(forms) > 1:
        forms = _prefer(forms)
    if len(forms) == 1:
        return TypeGuess("time", {"time_format": forms[0]}, _show_order(subject, forms[0]))
    if forms:
        return _choose(subject, forms)
    if _is_by_sight(subject):
        shapes = list(subject.column.shapes.items())[:3]
        written = ", ".join(f'{cells:,} like "{_find_example(subject, shape)}"' for shape, cells in shapes)
        return TypeGuess(
            "time", {}, (Note(f"dates are written in several ways ({written}), each read in one way only"),)
        )
    return None


def describe_mixture(subject: Subject) -> Note | None:
    """What to say of a column that is mostly dates and that no format reads; None where it is no such column."""
    found = {way: cells for way, cells in subject.column.ways.items() if way.startswith(TIME) and way != SIGHT}
    best = max(found, key=lambda way: found[way].fits, default="")
    if not best or not found[best].misses or found[best].fits * 2 < subject.known:
        return None
    cells = found[best]
    return Note(
        f'{share(cells.fits, subject.known)} are times as "{best.removeprefix(TIME)}", others such as '
        f"{quote(cells.examples)} are not: kept as text. Make the dates alike, in the file or by your own function",
        is_question=True,
        choices=("time",),
        key=subject.key("type"),
    )


def describe_months(subject: Subject) -> Note | None:
    """What to say of dates with names of months that are not English; None where no cell has one."""
    words = [word for word, _ in subject.column.most_frequent]
    found = [word for word in words if (date := NAMED.fullmatch(word)) and date["name"].lower() in MONTHS]
    if not found or len(found) * 2 < len(words):
        return None
    return Note(
        f"dates with names of months in another language, such as {quote(found)}: kept as text. Only English ones are "
        "read; write the months as numbers, in the file or by your own function",
        is_question=True,
    )


def _find_example(subject: Subject, shape: str) -> str:
    """A cell that is written in this way; the shape itself where no cell is at hand."""
    examples = [word for word, _ in subject.column.most_frequent]
    examples += [word for cells in subject.column.ways.values() for word in cells.examples]
    return next((word for word in examples if make_shape(word) == shape), shape)


def _is_by_sight(subject: Subject) -> bool:
    """Whether ingest reads all cells without a format."""
    seen = set(subject.column.seen)
    return subject.fits(SIGHT) and not (SEEN_MONTH_FIRST in seen and seen & {SEEN_DAY_FIRST, SEEN_DOTTED})


def _prefer(forms: list[str]) -> list[str]:
    """Without formats that mean the same, or that people do not write."""
    if any("%b" in form for form in forms):
        return [next(form for form in forms if "%b" in form)]
    if any("%B" in form for form in forms):
        return [next(form for form in forms if "%B" in form)]
    if any(form.startswith("%d.%m.") for form in forms):
        return [form for form in forms if form.startswith("%d.%m.")]  # dates with dots have the day first
    return forms


def _show_order(subject: Subject, form: str) -> tuple[Note, ...]:
    """The cells that show the order of day and month."""
    for other in (form.replace("%d", "%§").replace("%m", "%d").replace("%§", "%m"),):
        cells = subject.column.ways.get(f"{TIME}{other}")
        if other != form and cells is not None and cells.misses and "%b" not in form:
            first = "day" if form.index("%d") < form.index("%m") else "month"
            return (
                Note(
                    f"{first} first: {share(cells.misses, subject.known)} can only be read so ({quote(cells.examples)})"
                ),
            )
    return ()


def _choose(subject: Subject, forms: Sequence[str]) -> TypeGuess:
    """One of several formats that all cells fit, by the other columns or by the order of the rows."""
    column = subject.column
    ordered = [form for form in forms if f"{TIME}{form}" in column.sorted_as]
    if len(ordered) == 1 and column.distinct >= FEWEST:
        note = Note(f'"{ordered[0]}": read so, no row is earlier than the one before it')
        return TypeGuess("time", {"time_format": ordered[0]}, (note,))
    for other in subject.others:
        agreed = [form for form in forms if other is not column and _is_shown_by(form, other)]
        if len(agreed) == 1:
            note = Note(f'"{agreed[0]}", as in {other.name}, where only this order fits')
            return TypeGuess("time", {"time_format": agreed[0]}, (note,))
    is_day_first = "," in find_decimal_marks(subject.others)
    likely = sorted(forms, key=lambda form: form.startswith("%d") != is_day_first)
    example = quote([word for word, _ in column.most_frequent][:1])
    note = Note(
        f"every cell, such as {example}, fits {' and '.join(f'{form}' for form in likely)}: no cell shows the order",
        is_question=True,
        choices=tuple(f'"{form}"' for form in likely),
        key=subject.key("time_format"),
    )
    return TypeGuess("time", {"time_format": likely[0]}, (note,))


def _is_shown_by(form: str, other: ColumnProfile) -> bool:
    """Whether another column has dates in this order, and only in this one."""
    start = form[: len("%d/%m")]
    fitting = {
        way.removeprefix(TIME)[: len(start)]
        for way, cells in other.ways.items()
        if way.startswith(TIME) and way != SIGHT and cells.misses == 0
    }
    return fitting == {start}
