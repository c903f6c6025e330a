"""Personal data, by the names of columns and by their cells: names, addresses, phone numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from adopt.recipe.known import Known
from adopt.recipe.words import join_name, list_words, split_name

LOOKED_AT = 1_000
"""Cells of a column that are looked at."""

MOST = 0.5
"""Share of the cells from which on a column holds what they are."""

NAMES = list_words(
    "firstname lastname surname fullname givenname familyname middlename vorname nachname familienname name1 name2 "
    "forename maidenname geburtsname vollername nom prenom prénom nombre apellido imie imię nazwisko"
)
"""Names, without the marks between their words, of columns with names of persons."""

OWNERS = list_words(
    "customer client user patient person employee student member contact guest owner passenger author driver teacher "
    "kunde kunden patienten mitarbeiter ansprechpartner inhaber first last full sur given family host reviewer seller "
    "buyer agent sender recipient cardholder tenant landlord applicant candidate physician doctor"
)
"""Words before `name` in columns with names of persons."""

ROLES = list_words(
    "ansprechpartner ansprechpartnerin kontaktperson prüfer pruefer prüferin inspector inspektor auditor owner inhaber "
    "bearbeiter bearbeiterin sachbearbeiter sachbearbeiterin betreuer betreuerin verkäufer verkaeufer salesperson "
    "salesman representative rep manager technician techniker monteur operator bediener physician doctor nurse arzt "
    "ärztin author autor assignee reviewer supervisor employee mitarbeiter mitarbeiterin fahrer driver teacher lehrer "
    "verantwortlicher responsible vertreter person contact kontakt landlord tenant mieter vermieter"
)
"""Last words, apart from `name`, of columns of those who do something, whose cells are names."""

TWO_WORDS = re.compile(r"((Dr|Prof|Mr|Mrs|Ms|Herr|Frau)\.? )*[A-ZÀ-Þ][\w'’.-]*,? [A-ZÀ-Þ][\w'’-]+")

MAIL = list_words("email mail emailaddress mailadresse emailadresse")
PHONE = list_words("phone telephone telefon tel mobile mobil handy fax phonenumber telefonnummer handynummer cellphone")
ADDRESS = list_words("address street strasse straße adresse anschrift hausnummer streetaddress")
NUMBERS = list_words(
    "iban ssn bic passport personalausweis steuernummer sozialversicherungsnummer creditcard cardnumber ip"
)
BIRTH = list_words("birthdate birthday dob geburtsdatum dateofbirth")

BIRTH_DATES, PERSONAL_NUMBERS = "dates of birth", "numbers of persons or accounts"

MAIL_CELL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
PHONE_CELL = re.compile(r"(\+|00|0|\()[\d][\d\s()/.-]{6,18}\d")
NO_PHONE = re.compile(r"\d+|\d{1,2}[-./]\d{1,2}[-./](\d{2}|\d{4})( .*)?")
"""Digits alone, which are ids, and dates; a column whose name says "phone" is found by the name."""
FEWEST_DIGITS = 7
"""Of a phone number, and of the number of a person or an account."""
IBAN_CELL = re.compile(r"[A-Z]{2}\d{2}(\s?[A-Z0-9]{4}){3,7}(\s?[A-Z0-9]{1,3})?")
IP_CELL = re.compile(r"(\d{1,3}\.){3}\d{1,3}")
PERSON_CELL = re.compile(r"([A-ZÀ-Þ][\w'’.-]*,? ?(\(.*\))?){2,6}")
"""Words with capitals, as `Braund, Mr. Owen Harris`."""

NAMED = 0.8
"""Share of cells of two words with capitals from which on they are names of those whom the column's name tells."""

BY_CELLS = (
    ("mail addresses", MAIL_CELL),
    ("phone numbers", PHONE_CELL),
    ("bank accounts (IBAN)", IBAN_CELL),
    ("IP addresses", IP_CELL),
)
BY_NAMES = (
    ("mail addresses", MAIL),
    ("phone numbers", PHONE),
    ("addresses", ADDRESS),
    (PERSONAL_NUMBERS, NUMBERS),
    (BIRTH_DATES, BIRTH),
)


@dataclass(frozen=True)
class Personal:
    """Personal data of a column."""

    index: int
    what: str
    """Such as `mail addresses`."""
    example: str
    by_cells: bool


def find_personal(columns: Sequence[Known], *, has_names: bool = True) -> tuple[Personal, ...]:
    """The columns that hold personal data.

    Args:
        columns: of the table.
        has_names: whether the source names its columns.
    """
    looked = (_look(column, has_names=has_names) for column in columns)
    return tuple(one for one in looked if one is not None)


def _look(column: Known, *, has_names: bool) -> Personal | None:
    cells = [cell for cell in column.read_as("text").slice(0, LOOKED_AT).to_pylist() if cell]
    if not cells:
        return None
    if column.type in ("text", "category"):
        for what, pattern in BY_CELLS:
            if sum(1 for cell in cells if _is_like(cell.strip(), pattern)) > MOST * len(cells):
                return Personal(column.index, what, cells[0], by_cells=True)
    if not has_names:
        return None
    words, joined = set(split_name(column.name)), join_name(column.name)
    for what, names in BY_NAMES:
        if _is_named(column.name, names) and _suits(what, column):
            return Personal(column.index, what, cells[0], by_cells=False)
    if column.type in ("text", "category") and _names_persons(column, joined, words, cells):
        return Personal(column.index, "names of persons", cells[0], by_cells=False)
    return None


def _is_like(cell: str, pattern: re.Pattern[str]) -> bool:
    """Whether a cell is what a pattern finds; digits alone are an id, and no phone number, and so is a date."""
    if pattern is PHONE_CELL and (NO_PHONE.fullmatch(cell) or len(re.sub(r"\D", "", cell)) < FEWEST_DIGITS):
        return False
    return pattern.fullmatch(cell) is not None


def _is_named(name: str, names: frozenset[str]) -> bool:
    """Whether a name is one of these or ends with one, perhaps before `number`; `3SsnPorch` does not."""
    words = split_name(name)
    words = words[:-1] if len(words) > 1 and words[-1] in ("number", "no", "nr", "nummer", "id") else words
    return "".join(words) in names or join_name(name) in names or bool({*words[-1:]} & (names - BIRTH))


def _suits(what: str, column: Known) -> bool:
    """Whether a column can hold what its name says: a truth value holds no address, few or short ones no numbers."""
    if column.type == "bool" or column.distinct <= FEWEST_PERSONS:
        return False
    if what in ("phone numbers", PERSONAL_NUMBERS):
        # `3SsnPorch` is an area.
        return column.type not in ("float", "time") and column.profile.longest >= SHORTEST_NUMBER
    if column.is_number:
        return False
    return column.type != "float" and (column.type == "time") == (what == BIRTH_DATES)


SHORTEST_NUMBER = 6
"""Characters of the longest phone number or number of a person in a column, at least."""

FEWEST_PERSONS = 5
"""Different cells up to which a column describes no persons one by one."""


def _is_person(cell: str) -> bool:
    """Whether a cell can be a person's name: titles of things have more words and no comma."""
    return PERSON_CELL.fullmatch(cell) is not None and (len(cell.split()) <= MOST_NAMES or "," in cell)


MOST_NAMES = 3


def _names_persons(column: Known, joined: str, words: set[str], cells: Sequence[str]) -> bool:
    if joined in NAMES or words & NAMES:
        return column.distinct > FEWEST_PERSONS
    last = [word for word in split_name(column.name) if word != "name"][-1:]
    if ROLES.intersection(last):
        # `First Owner` is no owner's name.
        named = [cell for cell in cells if TWO_WORDS.fullmatch(cell.strip()) and last[0] not in cell.casefold()]
        if len(named) > NAMED * len(cells) and len(set(named)) > 1:
            return True
    if "name" not in words:
        return False
    if words & OWNERS:
        return column.distinct > FEWEST_PERSONS
    is_alone = words == {"name"} or joined == "name"
    looks_so = sum(1 for cell in cells if _is_person(cell.strip())) > MOST * len(cells)
    return is_alone and looks_so and column.distinct > MOST * column.valued
