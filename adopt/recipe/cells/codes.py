"""Digits that are codes and no numbers: 007, 1E5, postcodes."""

from adopt.notes import Note
from adopt.recipe.cells.subject import Subject, quote, share

NAMES = frozenset(
    (
        "zip", "zipcode", "postcode", "postal", "plz", "phone", "telephone", "telefon", "tel", "mobile", "fax", "isbn",
        "ean", "gtin", "upc", "sku", "iban", "bic", "ssn", "fips", "naics", "sic", "icd", "barcode", "cep", "ags",
        "account", "konto", "kontonummer", "code", "cp", "cap", "imei", "vat", "siret", "siren", "insee", "pin",
    )
)  # fmt: skip
"""Words in the names of columns of codes."""

IDS = frozenset(("id", "no", "nr", "number", "nummer", "num", "key", "ref", "user", "customer", "order", "invoice"))
"""Words in the names of numbers that name something, which is no matter of the type."""
SHORTEST = 5
"""Digits from which on numbers of one length are taken for codes."""
SPREAD = 0.5
"""Share of the range of numbers of that length that codes cover at least."""
FEWEST = 20
NUMBERS = ("int", "uint", "float", "double", "decimal")
"""How the types of numbers in a source begin."""
FEWEST_DIGITS = 4
FIRST_YEAR, LAST_YEAR = 1900, 2100


def describe_code(subject: Subject) -> Note | None:
    """Why the digits of the column are a code; None where they are numbers."""
    column = subject.column
    examples = [word for word, _ in column.most_frequent]
    # Codes have one length: `0` beside `01` and `12` is a number that a program padded.
    is_padded = "0" in examples and column.longest == len("01") and not subject.has_word(*NAMES)
    if column.leading_zeros and not (is_padded and subject.fits("int")):
        zeros = [word for word in examples if word.startswith("0") and len(word) > 1]
        shown = f" ({quote(zeros)})" if zeros else ""
        return Note(
            f"{share(column.leading_zeros, column.filled)} have leading zeros{shown}, which a number loses: codes"
        )
    if column.exponents and not column.fractions:
        return Note(f"{share(column.exponents, column.filled)} are written like 1E5, which a number changes: codes")
    if not subject.fits("int"):
        if column.beyond_double and not column.fractions and not column.dots:
            return Note(f"{share(column.beyond_double, column.filled)} are beyond what a whole number can hold: codes")
        return None
    if column.shortest != column.longest or not column.quantiles or column.dots:
        return None
    return _describe_texts(subject) or _describe_length(subject)


def _describe_texts(subject: Subject) -> Note | None:
    """Texts of one length that are digits alone, in a source that has numbers as well."""
    column = subject.column
    has_numbers = any(other.arrow_type.startswith(NUMBERS) for other in subject.others)
    is_text = column.arrow_type.startswith(("string", "large_string"))
    are_years = FIRST_YEAR <= column.quantiles[0] <= column.quantiles[-1] <= LAST_YEAR
    if not has_numbers or not is_text or column.longest < FEWEST_DIGITS or are_years:
        return None
    return Note(
        f"all {subject.known:,} cells are texts of {column.longest} digits, in a source that has numbers too: codes"
    )


def _describe_length(subject: Subject) -> Note | None:
    """Numbers of one length that cover most of its range."""
    column, digits = subject.column, subject.column.longest
    low, high = column.quantiles[0], column.quantiles[-1]
    text = f"all {subject.known:,} cells have {digits} digits"
    if subject.has_word(*NAMES) and digits >= len("1234"):
        return Note(f"{text}, and the name says that they are codes")
    covered = (high - low) / (9 * 10 ** (digits - 1))
    is_spread = covered >= SPREAD and column.distinct >= FEWEST and low < 2 * 10 ** (digits - 1)
    if digits < SHORTEST or not is_spread or column.is_sorted or subject.has_word(*IDS):
        return None
    return Note(
        f"{text}, from {low:.0f} to {high:.0f}: read as codes",
        is_question=True,
        choices=("int",),
        key=subject.key("type"),
    )
