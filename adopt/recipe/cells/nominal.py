"""Whole numbers that name something and measure nothing: 1 and 2 for a sex, 9 for no answer, 20 and 60 for a class."""

from adopt.data.profile import ColumnProfile
from adopt.notes import Note
from adopt.recipe.cells.subject import Subject, list_words
from adopt.recipe.draft import ColumnType
from adopt.recipe.type_guess import TypeGuess
from adopt.recipe.words import is_id_name, join_name, split_name
from adopt.recipe.words import list_words as words_of
from relay.handoff.wording import count

CODES = words_of(
    "code codes kode código codigo schlüssel schluessel kennziffer kz zip zipcode plz postcode fips naics sic "
    "icd wmo nuts ags gtin ean upc sku"
)
"""Last words of names of codes, however many there are."""

CODE_ENDINGS, KIND_ENDINGS = (
    ("schlüssel", "schluessel", "code"),
    (*("gruppe", "typ", "klasse", "kategorie", "status", "ungsart", "tsart", "belegart", "versandart", "kundenart"),),
)
"""Ends of such words: `Kreisschlüssel`, `Kundentyp`."""

KINDS = words_of(
    "type typ types art kind class klasse subclass status state zustand category kategorie cat region bundesland "
    "province provinz county kreis canton kanton district bezirk borough ward precinct tract zone sector sektor "
    "country land nation continent gender gndr sex geschlecht race ethnicity ethnic hispanic religion konfession "
    "nationality marital marriage married familienstand occupation beruf job department dept abteilung branch filiale "
    "store shop outlet channel kanal method methode mode modus origin herkunft brand marke color colour farbe segment "
    "cluster gruppe sparte warengruppe belegart kostenstelle buchungskreis werk season saison jahreszeit weather "
    "wetter weathersit reason grund cause ursache purpose zweck vendor carrier insurer insurance protocol "
    "language sprache species variety cultivar treatment arm diagnosis bloodtype currency währung plan tariff "
    "tarif inst institution institut site center centre hospital klinik clinic facility provider physician surgeon "
    "bukr "
    "bs kst kostenst sachkonto gsber prctr lgort blart bwart housing source quelle vote party partei faith "
    "citizenship residence relationship relation"
)
"""Last words of names of what something is one of."""

PERSONAL = words_of("gender sex race ethnicity geschlecht")
"""First words of such names, as in `Sex_of_Driver`."""

COUNTED = words_of("n num number nr no anzahl count total sum mean avg average max min median pct percent rate")
"""Words in names of counts and measures."""

MOST_KINDS = 100
REPEATS = 5
"""Cells per different number, at least."""

REFUSED = (7, 8, 9)
"""What surveys write for "don't know" and "refused" behind codes of one digit."""

MOST_ANSWERS = 6
"""Answers before such a code: with more it may be a scale."""

FEWEST_IN_BLOCK = 2
"""Columns with codes of refused answers from which on a file is a survey."""

LONG, ROUND = 5, 10
"""Digits of a number of which few different ones are codes, unless most of them are round."""


def name_kinds(subject: Subject, guess: TypeGuess) -> TypeGuess:
    """The guess; a category where its whole numbers name something."""
    column = subject.column
    if guess.type != "int" or column.dots or guess.keys.get("allowed") == [0, 1] or column.distinct < len("12"):
        return guess
    if not column.quantiles or column.quantiles[0] < 0 or guess.keys.keys() & {"thousands", "decimal"}:
        return guess
    note = _describe_name(subject) or _describe_answers(subject) or _describe_length(subject)
    if note is None:
        return guess
    kind: ColumnType = "category" if column.filled >= 2 * column.distinct else "text"
    kept = subject.sentinels
    said = (Note(f"{list_words(kept, column.rows)}, kept as a category of its own"),) if kept else ()
    return TypeGuess(kind, {}, (note, *said))


def _describe_name(subject: Subject) -> Note | None:
    words = split_name(subject.column.name)
    if not words or words[0] in COUNTED or COUNTED & set(words[-1:]):
        return None
    column, last = subject.column, next((bare for word in reversed(words) if (bare := word.rstrip("0123456789"))), "")
    values = count(column.distinct, "different number") if column.is_distinct_exact else "numbers"
    if last in CODES or last.endswith(CODE_ENDINGS):
        return Note(f"{values}, and the name says that they are codes: their size means nothing")
    is_few = column.distinct <= MOST_KINDS and column.filled >= REPEATS * column.distinct
    if is_few and (
        last in KINDS or join_name(column.name) in KINDS or last.endswith(KIND_ENDINGS) or words[0] in PERSONAL
    ):
        return Note(f"{values}, and by the name each is one kind: their size means nothing")
    return None


def _describe_answers(subject: Subject) -> Note | None:
    """Answers such as 1 and 2, with 7 and 9 for those who gave none."""
    values = find_values(subject.column)
    block = [other for other in subject.others if are_answers(find_values(other))]
    if len(block) >= FEWEST_IN_BLOCK and (are_answers(values) or values == (1, 2)):
        others = count(len(block), "column")
        shown = ", ".join(map(str, values))
        return Note(f"codes of answers ({shown}): {others} of this file have 7, 8 or 9 for those who gave none")
    if not are_answers(values):
        return None
    shown = ", ".join(map(str, values))
    return Note(
        f"only {shown}, as codes of answers with a code for none: read as categories",
        is_question=True,
        choices=('"int"',),
        key=subject.key("type"),
    )


def find_values(column: ColumnProfile) -> tuple[int, ...]:
    """The different numbers of a column of few whole numbers, in rising order; empty for others."""
    words = [word for word, _ in column.most_frequent if word not in column.missing_words or word.isdecimal()]
    if not column.is_distinct_exact or not words or column.distinct > len(column.most_frequent):
        return ()
    numbers = [word.removesuffix(".0") for word in words]
    return tuple(sorted(map(int, numbers))) if all(one.isascii() and one.isdecimal() for one in numbers) else ()


def are_answers(values: tuple[int, ...]) -> bool:
    """Whether numbers are 1, 2, … and, behind a gap, codes of those who gave no answer."""
    answers = [value for at, value in enumerate(values, 1) if value == at]
    rest = values[len(answers) :]
    return 2 <= len(answers) <= MOST_ANSWERS and bool(rest) and set(rest) <= set(REFUSED) and rest[0] > len(answers) + 1


def _describe_length(subject: Subject) -> Note | None:
    """Few different numbers of one length of five digits or more that are not round."""
    column = subject.column
    digits = column.longest
    is_one_length = column.shortest == digits >= LONG and column.is_distinct_exact
    if not is_one_length or column.is_sorted or is_id_name(column.name):  # of an id, the role decides
        return None
    if column.distinct > len(column.most_frequent) or column.filled < 2 * REPEATS * column.distinct:
        return None
    words = [word for word, _ in column.most_frequent if word.isdecimal()]
    if sum(1 for word in words if int(word) % ROUND) * 2 < len(words):
        return None
    return Note(
        f"{count(column.distinct, 'different number')} of {digits} digits in {column.filled:,} cells: read as codes",
        is_question=True,
        choices=('"int"',),
        key=subject.key("type"),
    )
