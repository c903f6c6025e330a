"""Names that targets often have, English and German, and how strongly each says so."""

from collections.abc import Sequence

from adopt.recipe.words import is_id_name, list_words, split_name

NAMED = list_words(
    "target label labels class klasse outcome response zielvariable ziel zielgröße zielgroesse zielwert targetvalue "
    "dependent depvar groundtruth truth diagnosis diagnose diagnostik targetclass classlabel y"
)
"""Whole names that say that this is what is to be learned."""

CLASSES = list_words(
    "churn churned exited attrition survived survival default defaulted dlqin dlqin2yrs delinquent fraud fraudulent "
    "isfraud spam isspam phishing malware malicious clicked click converted conversion convert purchased purchase "
    "bought subscribed deposit kündigung gekündigt kuendigung gekuendigt abgewandert abwanderung ausgefallen ausfall "
    "storno storniert species sentiment approved approve approval readmitted malignant benign died death deceased "
    "verstorben gestorben failure failed defekt defective fehlerhaft anomaly outlier hired poisonous risk "
    "kreditrisiko risiko bonität creditability cancelled canceled noshow turnover leaver fluktuation satisfied "
    "zufrieden rückfall relapse returned retourniert escalated verspätet responder responded faulty störung gestört "
    "damaged beschädigt recurrence recur complication komplikation result ergebnis verdict decision entscheidung "
    "released admitted denied deny vote bestanden occupancy severity schweregrad hate toxic sarcastic overdue "
    "überfällig abgelehnt genehmigt mortality"
)
"""Words in the names of classes that are often to be learned, the last word counting most."""

ILLNESSES = list_words(
    "stroke disease heartdisease cardio diabetes diabetic cancer depression anxiety chd cvd hypertension anaemia krank"
)
"""Last words that are what is to be learned in the last column or the first, and otherwise an illness before."""

PLAIN_CLASSES = list_words(
    "paid unpaid bezahlt unbezahlt late delayed won winner win passed edible kredit exit left quit fail fault defect "
    "improved case direction outcome volunteer"
)
"""Whole names of what may as well describe a row."""

KINDS = list_words(
    "grade category kategorie art variety sorte cultivar genre type typ weather status state zustand y result"
)
"""Last words of what tells kinds of rows apart: they say something of the last column only."""

STATES = list_words("status zustand stage phase")
"""Last words that say how something stands."""

IN_STATES = list_words(
    "loan order payment claim application final credit account machine subscription health ticket case delivery "
    "policy booking kredit auftrags zahlungs rechnungs antrags bestell liefer vertrags lead lifecycle deal opportunity "
    "pipeline issue"
)
"""Words before those of states that make them what often is to be learned: `loan_status`, not `marital_status`."""

KINDS_OF_CASES = list_words(
    "stage priority priorität prioritaet urgency dringlichkeit tickettype tickettyp issuetype casetype requesttype "
    "ticketcategory leadstage dealpriority ticketpriority casepriority vorgangsstatus"
)
"""Whole names of how a case stands or of what kind it is: to be learned where nothing else says what is."""

NUMBERS = list_words(
    "price preis kaufpreis verkaufspreis saleprice medv miete kaltmiete warmmiete rent salary gehalt charges costs "
    "kosten cost premium sales umsatz revenue erlös demand nachfrage bedarf verbrauch consumption usage mpg strength "
    "rings quality qualität g3 score rating satisfaction zufriedenheit recommend weiterempfehlung weiterempfehlen nps "
    "cnt rented rentals quantity menge absatz yield ertrag load last output value wert amount betrag duration dauer "
    "progression viewers shares popularity "
    "wage wages lohn earnings energie energy note endnote points punkte overall total ctr ltv clv lifetime profit "
    "gewinn tip ridership ozone gpa expectancy fare"
)
"""Words in the names of numbers that are often to be learned."""

MILD = list_words(
    "amount betrag value wert total output load points punkte duration dauer usage cost costs kosten premium"
)
"""Those of them that are as often inputs."""

COUNTS = list_words(
    "count counts cases claims deaths incidents accidents visits visitors besucher births bikers riders fälle unfälle "
    "faelle unfaelle rides trips orders bookings buchungen bestellungen fahrten passengers fahrgäste fahrgaeste"
)
"""Whole names of what is counted."""

SUMS = list_words("count counts cnt anzahl total")
"""Last words of names of what is counted: `Rented Bike Count`."""

COUNTED = list_words(
    "rented rental rentals bike bikes ride rides trip trips order orders booking bookings sale sales sold visit visits "
    "visitor visitors customer customers user users pedestrian pedestrians vehicle vehicles "
    "traffic demand case cases call calls arrival arrivals admission admissions accident accidents"
)
"""Words before those of what people count to foretell it."""

GERMAN_HEADS = ("note", "preis", "miete", "umsatz", "gehalt", "verbrauch", "dauer", "ergebnis", "bedarf", "erlös")
"""Last parts of German compounds that are often to be learned: `Zeugnisnote`."""

FUTURE = list_words("next tomorrow future upcoming nächste naechste folgende morgen")
"""Words in the names of what lies ahead, which is not known when a model is asked."""

NEVER = list_words(
    "lat latitude lon lng longitude zip plz postcode postal street strasse straße phone telefon email mail url link "
    "name vorname nachname firstname lastname title titel comment comments kommentar kommentare bemerkung bemerkungen "
    "description beschreibung notes notiz notizen text texte buchungstext freitext info infos memo remark remarks "
    "hinweis "
    "anmerkung anmerkungen details betreff subject verwendungszweck zweck city ort stadt country land county gender "
    "sex geschlecht age alter location place site venue "
    "suburb neighborhood neighbourhood race ethnicity nationality region state bundesland province district bezirk "
    "continent religion education bildung occupation beruf married marital children kids kinder smoke smoker raucher "
    "year jahr quarter quartal month monat week woche weekday wochentag day tag date datum hour stunde minute second "
    "time zeit timestamp season seasons saison months weekdays holidays countries regions weekend holiday feiertag "
    "night nacht morning treatment trt dose dosis diet "
    "diät group gruppe block replicate batch subject id ids nr uuid number nummer index rank rang code color colour "
    "farbe size größe brand marke manufacturer hersteller model modell make currency währung unit einheit version "
    "source quelle language sprache origin tz timezone elevation altitude train test split fold partition dataset "
    "subset treat treated arm store filiale shop owner owners contact contacts company companies assignee reporter "
    "requester submitter author creator agent inhaber inhaberin ansprechpartner firma unternehmen bearbeiter "
    "bearbeiterin autor autorin dates names urls links"
)
"""Words in the names of what describes a row."""

ADJECTIVE = list_words(
    "gene protein sequence temperature temp setpoint pressure speed audience market segment file path"
)
"""Last words before which `target` says of what something is, besides those of what describes a row."""

CERTAIN, FORETOLD, LIKELY, POSSIBLE, STATE, PLAIN, MODEST, WEAK, PER_UNIT = 100, 90, 82, 60, 54, 52, 51, 30, 38
KIND_OF_CASE = 34
"""More than the last place of a number, and less than that of classes."""
"""A likely class beats a possible number, also where the number is the last column; so does a price one per unit."""

COMPOUND = 4
"""What a name loses that has the word of a number and others before it: `price` rather than `min price`."""

DESCRIBING = list_words("class klasse label labels")
"""Certain names that may also say which group a row is of, such as a class of a school."""

MONEY = list_words("price preis salary gehalt wage wages sales umsatz revenue erlös cost costs kosten lohn fare amount")
"""Words in the names of numbers that, in words, are something else: a class of prices, a department."""

CURRENCIES = list_words("eur euro euros usd gbp chf dollar dollars pounds cent")
"""Last words of names that are units: `price_eur` is a price."""

MARKS = list_words("event flag flg status yn ind indicator binary code")
"""Last words that say of what kind the cells are: `death_event`, `fraud_flag`."""

ASKING = list_words("is has was ist hat war")
"""First words of yes and no."""

PER = list_words("per pro je")
"""Words in the names of rates: `price_per_m2` is what is known when the price is."""

EXTREMES = list_words("min max minimum maximum lowest highest avg average mean median std list original previous prev")
"""Words before those of numbers that make them one of several summaries, or what was before."""


def rate_name(name: str, title: str = "") -> int:
    """How strongly a name says that the column is the target: `CERTAIN` to `WEAK`, or 0.

    Args:
        name: the source's.
        title: of the data, which may be named after what is to be learned.
    """
    rate = _rate_words(split_name(name))
    return max(rate, POSSIBLE) if _is_title(split_name(name), split_name(title)) else rate


def describes(name: str) -> bool:
    """Whether a name is of what describes a row, such as its place, its time or an attribute of a person."""
    words = split_name(name)
    if not words:
        return False
    is_flag = (words[0] in ASKING or words[-1] in ("flag", "flags")) and _rate_words(words) < POSSIBLE
    return words[-1] in NEVER or is_flag or is_id_name(name)


def _is_title(words: Sequence[str], title: Sequence[str]) -> bool:
    """Whether the data are named after a column, such as `Life Expectancy Data`: one word alone says little."""
    if len(words) < FEWEST_IN_TITLE or words[-1] in NEVER:
        return False
    return any(tuple(title[at : at + len(words)]) == tuple(words) for at in range(len(title)))


FEWEST_IN_TITLE = 2
"""Words of a column's name from which on its place in the title says something."""


def _rate_words(words: Sequence[str]) -> int:
    stripped = _strip(words)
    rate = _rate_stripped(stripped) if stripped else 0
    return POSSIBLE + COMPOUND if rate == PLAIN and words[0] in ASKING else rate


def _rate_stripped(words: Sequence[str]) -> int:
    joined = "".join(words)
    if PER & set(words[1:-1]):
        return PER_UNIT if any(word in CLASSES | NUMBERS for word in words) else 0
    if joined in NAMED or (len(words) > 1 and words[-1] in ("target", "label", "outcome")):
        return CERTAIN
    if words[0] == "target" and not {words[-1]} & (NEVER | ADJECTIVE):
        return CERTAIN
    if FUTURE & set(words) and len(words) > 1 and words[-1] not in NEVER:
        return FORETOLD
    if "time" in words and "to" in words[words.index("time") + 1 :][:1]:
        return POSSIBLE
    if words[-1] in NEVER and not STRONG & set(words):
        return 0
    if joined in CLASSES:
        return LIKELY + COMPOUND
    if words[-1] in CLASSES or STRONG & set(words):
        return LIKELY
    return _rate_number(words, joined)


def _strip(words: Sequence[str]) -> Sequence[str]:
    """A name without a unit, a word for the kind of its cells, and the first word of a question."""
    if "in" in words[1:-1] and words[words.index("in") - 1] in MONEY | MILD:
        words = words[: words.index("in")]  # `Betrag in EUR`
    if len(words) > 1 and (words[-1] in CURRENCIES or (words[-1] in MARKS and set(words[:-1]) & CLASSES)):
        words = words[:-1]
    return words[1:] if len(words) > 1 and words[0] in ASKING else words


def _rate_number(words: Sequence[str], joined: str) -> int:
    if joined in NUMBERS | COUNTS:
        return MODEST if joined in MILD else POSSIBLE
    if words[-1] in NUMBERS and set(words[:-1]) & SOLD:
        return POSSIBLE - COMPOUND
    if words[-1] in SUMS and set(words[:-1]) & COUNTED:
        return POSSIBLE - COMPOUND
    if words[-1].endswith(GERMAN_HEADS) and words[-1] not in NUMBERS and not EXTREMES & set(words):
        return POSSIBLE - COMPOUND
    if joined in STATES or (words[-1] in STATES and set(words[:-1]) & IN_STATES):
        return STATE
    if joined in PLAIN_CLASSES or words[-1] in ILLNESSES:
        return PLAIN
    if joined in KINDS_OF_CASES:
        return KIND_OF_CASE
    is_named = words[-1] in KINDS | PLAIN_CLASSES or any(word in CLASSES | NUMBERS for word in words)
    return WEAK if is_named and not EXTREMES & set(words) else 0


SOLD = list_words(
    "sale sales selling house haus median total final kauf verkauf verkaufs gesamt weekly daily monthly yearly annual "
    "hourly net gross netto brutto obs life course exam end"
)
"""Words before those of numbers that make them what a thing is worth in the end."""
STRONG = list_words(
    "churn churned exited attrition survived default defaulted dlqin2yrs fraud spam readmitted gekündigt kündigung "
    "kuendigung abgewandert satisfied satisfaction zufriedenheit zufrieden recommend empfehlen weiterempfehlen "
    "weiterempfehlung subscribed"
)
"""Words that say so anywhere in a name, also in a question: `How likely are you to recommend us?`."""

SCALES = list_words(
    "satisfied satisfaction zufriedenheit zufrieden recommend empfehlen weiterempfehlen weiterempfehlung risk risiko"
)
"""Those of them that may be numbers, too."""

OUTCOMES = list_words(
    "good bad default defaulted charged churned malignant benign positive negative pos neg pass passed fail failed "
    "failure spam ham approved rejected denied declined accepted survived died alive dead deceased fraud legit "
    "genuine win won loss lose lost success successful succeeded unsuccessful healthy diseased sick disease normal "
    "abnormal anomaly attack defect defective ok nok nio poisonous edible cancelled canceled completed delivered "
    "returned fired promoted recovered relapsed dropout graduate gut schlecht krank gesund gestorben verstorben "
    "gekündigt gekuendigt storniert abgeschlossen abgelehnt genehmigt bestanden erfolg positiv negativ"
)
"""Words in cells that say how something ended."""
