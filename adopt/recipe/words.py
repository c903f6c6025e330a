"""What the name of a column tells: its words, and lists of words that are common in names, English and German."""

import re
import unicodedata
from functools import lru_cache


def list_words(text: str) -> frozenset[str]:
    """The words of a text, which blanks divide."""
    return frozenset(text.split())


BREAKS = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ](?!s(?![a-zà-ÿ]))[a-zà-ÿ])|[\W_]+")
"""Where a name is divided into words: `customerId`, `HTTPCode`, `sale price`, `sale_price`; `IDs` is one word."""

ID = list_words("id ids uuid guid identifier nr nummer number no key ref reference kennung kennziffer index idx")
"""Last words of names of identifiers."""
STRONG_ID = ID - {"number", "no", "key", "ref", "reference", "index", "idx"}
"""Those that mean an identifier also where values repeat."""
ROW_NAMES = list_words(
    "rownames rowname rownum rownumber unnamed index idx lfd seq seqno seqnr sequence recno recnum recordnumber lfdnr "
    "laufnummer laufende zeile zeilennummer satznummer"
)
"""First words of names under which programs write a row's number."""
RUNNING = list_words(
    "seq seqn seqno seqnr seqnum seqnumber sequence sequencenumber no nr nummer number num lfd lfdnr lfdnummer "
    "laufendenummer srno sno slno serialno serialnumber recno recordno rowid row rowno rownr index idx obs obsno "
    "unnamed unnamed0 rownames rowname rownum rownumber entry entryno lineno linenr pos position"
)
"""Names, without the marks between their words, of numbers that count rows; those that only begin so count, too."""
PERSONS = list_words(
    "user customer client patient subject person member student employee respondent participant household borrower "
    "donor driver teacher candidate visitor subscriber guest kunde kunden mitglied teilnehmer teilnehmerin proband "
    "probandin schueler schüler mitarbeiter haushalt nutzer benutzer schuldner fahrer"
)
"""Whose rows belong together."""
OWN_TIME = list_words(
    "timestamp datetime date time ts moment when datum zeit zeitpunkt zeitstempel uhrzeit day tag month monat"
)
"""Names of the moment that a row is about."""
EVENTS = list_words(
    "created recorded measured observed logged ordered sold purchased posted reported updated invoice order sale "
    "transaction trans event visit pickup departure log messung gemessen bestell bestellung kauf buchung buchungs "
    "rechnung rechnungs erfasst erstellt aufgenommen published sent reading obs"
)
"""What a row's moment is named after."""
ATTRIBUTE_TIME = list_words(
    "birth dob birthday born hire hired signup registered registration joined join start end expiry expires due "
    "deadline admission discharge geburt geburtsdatum geboren eintritt austritt beginn ende ablauf fällig faellig "
    "last first letzte erste closed resolved cancelled canceled since seit warranty manufactured built"
)
"""What the moment of an attribute is named after: not that of the row."""
FILES = list_words("file filename document doc path filepath datei dateiname")
"""Names, without the marks between their words, of the files of documents."""
STEPS = list_words("t x year jahr day tag week woche month monat hour stunde step time age alter minute second")
"""Names of whole numbers that count up and are no row numbers."""
WEIGHTS = list_words(
    "sampleweight sampleweights wgt wt pweight fweight aweight fnlwgt finalwgt finalweight surveyweight caseweight "
    "weights gewichtung hochrechnungsfaktor instanceweight personweight designweight finalwt perwt hhwt pspwght "
    "dweight anweight wghtpew pond ponderation pondération ponderacion ponderación factorexp fexp"
)
"""Names, without the marks between their words, of sample weights. `weight` alone is usually a measurement."""
TOTALS = list_words(
    "total totals grand-total grandtotal sum summe gesamt gesamtsumme insgesamt subtotal zwischensumme all overall "
    "totale somme suma"
)
"""Cells that mark a row of sums."""


@lru_cache(maxsize=4096)
def split_name(name: str) -> tuple[str, ...]:
    """The words of a name in lower case."""
    return tuple(word.casefold() for word in BREAKS.split(unicodedata.normalize("NFC", name)) if word)


@lru_cache(maxsize=4096)
def join_name(name: str) -> str:
    """The words of a name without anything between them."""
    return "".join(split_name(name))


def is_id_name(name: str, known: frozenset[str] = ID) -> bool:
    """Whether a name ends as those of identifiers do, and does not count something: `number of rooms`."""
    words = split_name(name)
    if not words or (len(words) > 1 and words[0] in ("num", "number")) or words[0] in ("anzahl", "count"):
        return False
    return words[-1] in known or (len(words) > 1 and words[0] in ("id", "uuid")) or ends_in_id(words[-1])


def ends_in_id(word: str) -> bool:
    """Whether a single word is what an identifier is of, and `id`: `customerid`; German has `nr` behind anything."""
    if word.endswith(NUMBER_ENDINGS) and len(word) > SHORT_NUMBER:
        return True
    stem = word.removesuffix("id").removesuffix("nr")
    return stem != word and stem in PERSONS | THINGS


NUMBER_ENDINGS, SHORT_NUMBER = ("nr", "nummer"), 4
"""Ends of German words for numbers that name something, such as `belegnr`, and the letters that these have more than.
"""

THINGS = list_words(
    "order product item transaction invoice passenger account store session loan application ticket row record case "
    "sample station sensor device machine property listing policy claim flight trip ride movie post article doc "
    "document msg message auftrag auftrags artikel vertrag vertrags rechnung rechnungs bestell konto fall"
)
"""What identifiers are of, other than persons."""


def names_person(name: str) -> bool:
    """Whether a name is of a person, or of an identifier of one."""
    words = split_name(name)
    stems = {word.removesuffix("id").removesuffix("nr").removesuffix("nummer") for word in words}
    is_alone = len(words) == 1 and words[0] != "subject"  # of a message, as a rule
    return bool(stems & PERSONS) and (is_alone or is_id_name(name) or words[-1] in ("code", "hash"))
