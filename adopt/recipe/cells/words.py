"""Truth values, categories and free text, and what is to be said of cells that are almost numbers."""

import ast
import json
import re

from adopt.data.profile import ColumnProfile
from adopt.notes import Note
from adopt.recipe.cells.codes import describe_code
from adopt.recipe.cells.subject import Subject, list_words, quote, share
from adopt.recipe.cells.times import describe_mixture, describe_months
from adopt.recipe.type_guess import TypeGuess
from relay.reading.spellings import FALSE_WORDS, TRUE_WORDS

TRUTHS = (
    ("ja", "nein"), ("oui", "non"), ("sí", "no"), ("si", "no"), ("sim", "não"), ("sim", "nao"), ("tak", "nie"),
    ("да", "нет"), ("wahr", "falsch"), ("vrai", "faux"), ("verdadero", "falso"), ("j", "n"), ("s", "n"), ("o", "n"),
    ("kyllä", "ei"), ("ano", "ne"), ("igen", "nem"), ("evet", "hayır"), ("true", "false"), ("yes", "no"), ("y", "n"),
    ("t", "f"), ("on", "off"), ("ja", "nee"), ("ja", "nej"), ("はい", "いいえ"), ("是", "否"),
)  # fmt: skip
"""Words for true and false that stand in one column."""

YES, NO = (frozenset(word for word in words if word.isalpha()) for words in (TRUE_WORDS, FALSE_WORDS))
SIGNS = r"[%‰€$£¥₹₽₩]|EUR|USD|GBP|CHF|kr|zł|Kč"
AMOUNT = re.compile(
    rf"[-+]?(?P<bracket>\()?\s?(?P<before>{SIGNS})?\s?[-+]?9([.,'’\s\u202f]?9)*\s?(?P<behind>{SIGNS})?\)?[-+]?"
)
UNIT = re.compile(r"[-+]?9([.,]9)?\s?(?P<unit>a[²³]?|°a?)")
MEASURED = re.compile(r"[-+]?9([.,]9)?\s?(a[²³]?|°a?|a[/.·]a[²³]?)")
CLOCK = re.compile(r"9:9(:9)?([.,]9)?( ?a)?")
LASTING = frozenset(
    ("duration", "elapsed", "moving", "lap", "pace", "dauer", "laufzeit", "runtime", "talk", "wait", "hold", "session")
)
"""Words in the names of how long something took."""
MOST_STRANGE = 0.4
"""Share of the cells up to which those that are no numbers are asked about: the others are most of the column."""
MANY_WORDS = 8.0
LONG = 200
FEW_VALUES, MANY_VALUES = 50, 1_000
REPEATS, SOME_REPEATS, MANY_REPEATS = 2, 5, 10
PROSE, FEW_SENTENCES = 4.0, 12
"""Words of a sentence, on average, and different sentences from which on they are no answers to choose from."""


def guess_words(subject: Subject) -> TypeGuess:
    """Bool, category or text."""
    truth = _guess_truth(subject)
    if truth is not None:
        return truth
    found = (_describe_amounts(subject), _describe_lists(subject), _describe_rest(subject), describe_months(subject))
    notes = [note for note in found if note is not None]
    return TypeGuess("category" if is_category(subject) else "text", {}, tuple(notes))


def is_category(subject: Subject) -> bool:
    """Whether the cells are a few different words that come again and again."""
    column = subject.column
    if not column.distinct or not column.is_distinct_exact or column.longest > LONG:
        return False
    if column.mean_words > MANY_WORDS and column.distinct * MANY_REPEATS > column.filled:
        return False
    if (
        column.mean_words >= PROSE
        and column.distinct > FEW_SENTENCES
        and column.distinct * SOME_REPEATS > column.filled
    ):
        return False  # remarks, a few of which come again
    if column.distinct <= FEW_VALUES:
        return column.filled >= REPEATS * column.distinct
    return column.distinct <= MANY_VALUES and column.filled >= MANY_REPEATS * column.distinct


def _guess_truth(subject: Subject) -> TypeGuess | None:
    column = subject.column
    if subject.doubtful or not column.is_distinct_exact or column.distinct > 20:
        return None
    words = {word for word, _ in column.most_frequent} - set(subject.nothing)
    folded = {word.casefold() for word in words}
    if subject.fits("bool"):
        has_both = bool(folded & YES) and bool(folded & NO)
        return TypeGuess("bool") if has_both or folded <= {"true", "false"} else None
    for yes, no in TRUTHS:
        if folded == {yes, no}:
            written = {word.casefold(): word for word in sorted(words)}
            keys = {"true_words": [written[yes]], "false_words": [written[no]]}
            return TypeGuess("bool", keys, (Note(f'"{written[yes]}" is true and "{written[no]}" false'),))
    return None


def _describe_rest(subject: Subject) -> Note | None:
    """Why the column is no numbers or times, where most of it is."""
    if subject.fits("float"):
        return describe_code(subject)
    if (mixture := describe_mixture(subject)) is not None:
        return mixture
    ways = {way: cells for way, cells in subject.column.ways.items() if way.startswith(("int", "float"))}
    best = max(ways, key=lambda way: (ways[way].fits, way == "int"), default="")
    if not best or not 0 < ways[best].misses <= subject.known * MOST_STRANGE:
        return None
    if len(ways[best].examples) == 1 and ways[best].misses > 1:
        return _propose_missing(subject, ways[best].examples[0].strip(), ways[best].misses)
    return Note(
        f"{share(ways[best].misses, subject.known)} are no numbers, such as {quote(ways[best].examples)}: kept as text",
        is_question=True,
        choices=("float",),
        key=subject.key("type"),
    )


def _propose_missing(subject: Subject, word: str, cells: int) -> Note:
    """One word that comes again and again among numbers."""
    choice = json.dumps([word, *sorted(subject.nothing)], ensure_ascii=False)
    listed = list_words({word: cells}, subject.column.rows)
    return Note(
        f"{listed}, kept as text; all others are numbers. If that means no value: missing = {choice}",
        is_question=True,
        choices=(choice,),
        key=subject.key("missing"),
    )


def _describe_lists(subject: Subject) -> Note | None:
    """That all cells are lists, as JSON or Python writes them: each different list would be one value."""
    if not are_lists(subject.column):
        return None
    cells = [cell.strip() for cell, _ in subject.column.most_frequent if cell.strip() not in subject.nothing]
    example = next(cell for cell in cells if cell != "[]")
    shown = example if len(example) <= MOST_SIGNS else f"{example[: MOST_SIGNS - 1]}…"
    return Note(
        f"the cells are lists, such as {shown}, of which no model learns; a function of your own can make a column of "
        "each item"
    )


def are_lists(column: ColumnProfile) -> bool:
    """Whether all cells that are shown are lists, and not all empty ones."""
    cells = {cell.strip() for cell, _ in column.most_frequent} - column.missing_words.keys()
    return bool(cells) and all(map(_is_list, cells)) and cells != {"[]"}


def _is_list(cell: str) -> bool:
    if not (cell.startswith("[") and cell.endswith("]")):
        return False
    try:
        return isinstance(ast.literal_eval(cell), list)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _is_json_list(cell)


def _is_json_list(cell: str) -> bool:
    try:
        return isinstance(json.loads(cell), list)
    except (ValueError, RecursionError):
        return False


MOST_SIGNS = 40
"""Characters of an example."""


def _describe_amounts(subject: Subject) -> Note | None:
    """Numbers with several units or in parentheses, and times of day, for which a recipe has no key."""
    shapes = subject.column.shapes
    total = sum(shapes.values())
    if not total or subject.fits("float"):
        return None
    found = {shape: AMOUNT.fullmatch(shape) for shape in shapes}
    signs = [sign for at in found.values() if at and (sign := at["before"] or at["behind"] or at["bracket"])]
    if signs and sum(cells for shape, cells in shapes.items() if found[shape]) >= 0.9 * total:
        if "(" in signs:
            return _ask_amounts(
                subject, "numbers in parentheses, which often are negative: kept as text. Write a minus in the file"
            )
        return _ask_amounts(
            subject, f'numbers with "{signs[0]}", but not all with one unit: kept as text. Make them alike in the file'
        )
    if sum(cells for shape, cells in shapes.items() if CLOCK.fullmatch(shape)) >= 0.9 * total:
        return _describe_clock(subject)
    measured = {shape: cells for shape, cells in shapes.items() if MEASURED.fullmatch(shape)}
    has_parts = any(mark in shape for shape in measured for mark in ".,")
    if sum(measured.values()) >= 0.9 * total and has_parts:
        return _ask_amounts(
            subject, "numbers with a unit, but not all with one: kept as text. Make them alike in the file"
        )
    units = sum(cells for shape, cells in shapes.items() if UNIT.fullmatch(shape))
    if units >= 0.9 * total and not subject.fits("bool") and subject.column.united is None:
        return Note("numbers with a letter behind them, kept as text")
    return None


def _describe_clock(subject: Subject) -> Note:
    """Times of day, or how long something took: no key reads either."""
    cells = [cell for cell, _ in subject.column.most_frequent if ":" in cell]
    hours = [cell.split(":")[0].strip() for cell in cells]
    is_beside = any(map(_has_clock, subject.others))
    is_long = any(hour.isdecimal() and int(hour) >= HOURS_OF_A_DAY for hour in hours)
    has_parts = any("." in cell or "," in cell for cell in cells)
    if not (subject.has_word(*LASTING) or is_beside or is_long or has_parts):
        return Note("times of day, which are no moments: kept as text")
    return Note(
        f"they look like durations, such as {quote(cells[:1])}, which no key reads: kept as text. Write seconds in the "
        "file, or make them in a function of your own",
        is_question=True,
        choices=("text",),
        key=subject.key("type"),
    )


HOURS_OF_A_DAY = 24


def _has_clock(other: ColumnProfile) -> bool:
    """Whether a column holds moments with their time of the day, so that another one hardly says it again."""
    is_time = any(way.startswith("time:") and cells.fits and not cells.misses for way, cells in other.ways.items())
    return is_time and any(":" in cell for cell, _ in other.most_frequent[:1])


def _ask_amounts(subject: Subject, text: str) -> Note:
    said = f"{text}, or in a function of your own"
    return Note(said, is_question=True, choices=("float",), key=subject.key("type"))
