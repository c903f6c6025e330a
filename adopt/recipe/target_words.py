"""Names that targets often have, English and German, and how strongly each says so."""

from collections.abc import Sequence

from adopt.recipe.words import list_words, split_name

NAMED = list_words(
    "target label labels class klasse outcome response zielvariable ziel zielgröße zielgroesse zielwert targetvalue "
    "dependent depvar groundtruth diagnosis diagnose diagnostik targetclass classlabel y"
)
"""Whole names that say that this is what is to be learned."""

CLASSES = list_words(
    "churn churned exited attrition survived survival default defaulted dlqin dlqin2yrs delinquent fraud fraudulent "
    "isfraud spam isspam clicked click converted conversion convert purchased bought subscribed deposit kündigung "
    "gekündigt kuendigung gekuendigt abgewandert abwanderung ausgefallen ausfall storno storniert species "
    "sentiment approved readmitted stroke disease heartdisease cardio diabetes diabetic cancer malignant "
    "benign died death deceased verstorben gestorben failure failed fail defect defekt defective fehlerhaft anomaly "
    "outlier hired won winner win passed poisonous edible risk kreditrisiko risiko bonität kredit creditability "
    "cancelled canceled noshow exit left quit turnover leaver fluktuation satisfied zufrieden rückfall relapse "
    "returned retourniert escalated late verspätet delayed responder response responded "
    "fault faulty störung gestört paid unpaid bezahlt unbezahlt overdue überfällig damaged beschädigt "
    "recurrence complication komplikation result ergebnis verdict decision entscheidung grade category kategorie "
    "art variety sorte cultivar genre sex_class"
)
"""Words in the names of classes that are often to be learned, the last word counting most."""

NUMBERS = list_words(
    "price preis kaufpreis verkaufspreis saleprice medv miete kaltmiete warmmiete rent salary gehalt "
    "charges costs kosten cost premium sales umsatz revenue erlös demand nachfrage bedarf verbrauch consumption usage "
    "mpg strength rings quality qualität g3 score rating satisfaction zufriedenheit recommend weiterempfehlung "
    "weiterempfehlen nps cnt yield ertrag load last output value wert amount betrag duration dauer "
    "progression viewers shares popularity wage lohn energie energy note endnote points punkte overall total "
    "ctr ltv clv lifetime profit gewinn"
)
"""Words in the names of numbers that are often to be learned."""

STATES = list_words("status state zustand type typ result y outcome flag")
"""Last words of names that may be to be learned."""

NEVER = list_words(
    "lat latitude lon lng longitude zip plz postcode postal street strasse straße phone telefon email mail url link "
    "name vorname nachname firstname lastname title titel comment comments kommentar bemerkung description "
    "beschreibung notes city ort stadt country land gender sex geschlecht age alter year jahr"
)
"""Words in the names of what describes a row."""

CERTAIN, LIKELY, POSSIBLE, WEAK, PER_UNIT = 100, 82, 60, 45, 38
"""A likely class beats a possible number, also where the number is the last column; so does a price one per unit."""

DESCRIBING = list_words("class klasse label labels")
"""Certain names that may also say which group a row is of, such as a class of a school."""

CURRENCIES = list_words("eur euro euros usd gbp chf dollar dollars pounds")
"""Last words of names that are units: `price_eur` is a price."""

PER = list_words("per pro je")
"""Words in the names of rates: `price_per_m2` is what is known when the price is."""


def rate_name(name: str, title: str = "") -> int:
    """How strongly a name says that the column is the target: `CERTAIN` to `PER_UNIT`, or 0.

    Args:
        name: the source's.
        title: of the data, which may be named after what is to be learned.
    """
    rate = _rate_words(split_name(name))
    return max(rate, POSSIBLE) if _is_title(split_name(name), split_name(title)) else rate


def _is_title(words: Sequence[str], title: Sequence[str]) -> bool:
    """Whether the data are named after a column, such as `Life Expectancy Data`: one word alone says little."""
    if len(words) < FEWEST_IN_TITLE or words[-1] in NEVER:
        return False
    return any(tuple(title[at : at + len(words)]) == tuple(words) for at in range(len(title)))


FEWEST_IN_TITLE = 2
"""Words of a column's name from which on its place in the title says something."""


def _rate_words(words: Sequence[str]) -> int:
    if len(words) > 1 and words[-1] in CURRENCIES:
        words = words[:-1]
    if not words:
        return 0
    joined = "".join(words)
    if PER & set(words[1:-1]):
        return PER_UNIT if any(word in CLASSES | NUMBERS for word in words) else 0
    if joined in NAMED or (len(words) > 1 and words[-1] in ("target", "label", "outcome")) or words[0] == "target":
        return CERTAIN
    if words[-1] in NEVER:
        return 0
    if joined in CLASSES or words[-1] in CLASSES or words[0] in CLASSES or any(word in STRONG for word in words):
        return LIKELY
    if joined in NUMBERS or (words[-1] in NUMBERS and set(words[:-1]) & SOLD):
        return POSSIBLE
    return WEAK if words[-1] in STATES or any(word in CLASSES | NUMBERS for word in words) else 0


SOLD = list_words("sale sales selling house haus median total final kauf verkauf verkaufs gesamt")
"""Words before those of numbers that make them what a thing is worth in the end."""
STRONG = list_words(
    "churn churned exited attrition survived default defaulted dlqin2yrs fraud spam readmitted stroke gekündigt "
    "kündigung kuendigung abgewandert satisfied satisfaction zufriedenheit zufrieden recommend empfehlen "
    "weiterempfehlen weiterempfehlung subscribed"
)
"""Words that say so anywhere in a name, also in a question: `How likely are you to recommend us?`."""
