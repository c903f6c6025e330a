"""What a table is that holds nothing to be learned by its place: a log of instruments, a journal, a survey."""

import re
from collections.abc import Sequence

from adopt.recipe.known import Known
from adopt.recipe.target_shape import is_measured, says_when
from adopt.recipe.target_vocabulary import STATES
from adopt.recipe.words import join_name, list_words, split_name

FEWEST_MEASURED = 3
"""Columns of numbers that a log of measurements has at least."""

FEWEST_JOURNAL = 3
"""Different words of journals from which on a table is one."""

FEWEST_QUESTIONS = 3
"""Columns that are called by questions from which on a table is a survey."""

LETTERS = re.compile(r"[^\W\d_]")

CLOCK = re.compile(r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?")

QUANTITIES = list_words(
    "temperature temp temperatur température temperatura humidity hum feuchte luftfeuchte luftfeuchtigkeit rh humidité "
    "humedad pressure press druck luftdruck pression presión voltage volt volts spannung tension current strom courant "
    "power leistung puissance potencia energy energie energieertrag tagesertrag frequency frequenz co2 tvoc voc "
    "noise lärm rssi snr lsnr battery batt batterie rpm drehzahl vibration torque drehmoment kraft force weg distance "
    "speed geschwindigkeit wind windspeed rain rainfall niederschlag precipitation regen flow durchfluss level "
    "füllstand light lux illuminance helligkeit uv radiation strahlung irradiation irradiance ph turbidity trübung "
    "conductivity leitfähigkeit cpu memory mem disk load altitude acceleration accel gyro mag heart pulse hr "
    "cadence watt watts kw kwh wirkleistung blindleistung scheinleistung dew dewpoint taupunkt gust sensor volumen"
)
"""Words in the names of what instruments measure."""

AXES = list_words("t time zeit temps tiempo tempo czas tijd timestamp seconds sec elapsed epoch uptime sample")
"""First words of numbers that are the time of a log."""

JOURNAL = list_words(
    "iban bic swift kontonummer auftragskonto gegenkonto konto wertstellung valuta valutadatum buchungstag "
    "buchungstext buchungsdatum verwendungszweck gläubiger glaeubiger mandatsreferenz beneficiary payee "
    "zahlungsempfänger zahlungspflichtiger zahlungspflichtige umsatztyp umsatzart currency währung waehrung wkz "
    "devise moneda waluta billing coupon voucher gutschein fulfillment refund refunded refunds vat mwst ust tva "
    "iva taxes sku fee fees gebühr gebühren shipping shipped versand subtotal zwischensumme saldo balance "
    "cart warenkorb beleg belegdatum belegnummer belegfeld soll haben kostenstelle counterparty memo libellé libelle "
    "concepto causale settlement payout merchant auszahlung handling paid feedback solde exchange wechselkurs "
    "lineitem financial tracking buyer vendor"
)
"""Words in the names of columns of bank statements, orders and accounts."""

CODE = re.compile(r"(?:G\d+)?Q\d+(?:[\W_].*)?", re.IGNORECASE)
"""Names of questions by their number: `Q4`, `G02Q03[SQ001]`."""

LONG_QUESTION = 6
"""Words of a name from which on it is a question."""


def is_log(columns: Sequence[Known], free: Sequence[Known]) -> bool:
    """Whether the rows are measurements in the order of time: numbers beside codes, states and times of day."""
    free = [column for column in free if column.type != "time"]
    measured = [column for column in free if is_measured(column) and not _is_axis(column)]
    is_in_time = any(column.type == "time" or _is_axis(column) for column in columns)
    if not is_in_time or len(measured) < min(FEWEST_MEASURED, len(free)) or len(free) < 2:
        return False
    if all(column.is_number for column in free) and len(free) >= FEWEST_MEASURED:
        return True
    if not any(column.profile.is_sorted for column in columns if column.type == "time" or _is_axis(column)):
        return False
    others = [column for column in free if not column.is_number and not _is_code_or_clock(column)]
    if not others:
        return len(measured) >= FEWEST_MEASURED or not any(LETTERS.search(column.name) for column in measured)
    physical = [column for column in measured if QUANTITIES.intersection(split_name(column.name))]
    return len(physical) >= 2 and len(physical) * 2 >= len(free) - len(others) and len(others) <= len(measured)


def is_state_of_log(column: Known) -> bool:
    """Whether a column of a log says how the instrument was: recorded, not foretold."""
    return join_name(column.name) in STATES


def is_journal(columns: Sequence[Known]) -> bool:
    """Whether the rows are entries of a bank statement, orders of a shop or entries of an account."""
    found = {word for column in columns for word in split_name(column.name) if word in JOURNAL}
    return len(found) >= FEWEST_JOURNAL or _is_statement(columns) or _is_time_sheet(columns)


def _is_statement(columns: Sequence[Known]) -> bool:
    """Whether the rows are movements of an account: a day, what for, and an amount that comes in and goes out."""
    if not any(column.type == "time" for column in columns):
        return False
    amounts = [column for column in columns if column.is_number and AMOUNTS.intersection(split_name(column.name))]
    if len(amounts) >= FEWEST_AMOUNTS and len(amounts) * 2 >= sum(column.is_number for column in columns):
        return True
    said = any(column.type in ("text", "category") and PURPOSES & {*split_name(column.name)} for column in columns)
    return said and any(column.range is not None and column.range[0] < 0 < column.range[1] for column in amounts)


def _is_time_sheet(columns: Sequence[Known]) -> bool:
    """Whether the rows are hours worked: from when to when, for what, and how long."""
    words = [set(split_name(column.name)) for column in columns]
    bounds = any(one & {"start", "begin", "beginn", "von"} for one in words) and any(
        one & {"end", "stop", "ende", "bis"} for one in words
    )
    is_long = any(one & {"duration", "dauer", "hours", "stunden"} for one in words)
    return bounds and is_long and sum(bool(one & WORKED_FOR) for one in words) >= FEWEST_WORKED


FEWEST_WORKED = 2
"""Columns that say for what and whom hours were worked, at least."""

WORKED_FOR = list_words(
    "client project task billable kunde projekt aufgabe abrechenbar activity tätigkeit employee user"
)
"""Words in their names."""

AMOUNTS = list_words(
    "amount betrag importe importo montant kwota bedrag belopp debit credit débit crédit soll haben saldo solde "
    "balance einnahme einnahmen ausgabe ausgaben ingreso gasto cargo abono entrate uscite umsatz"
)
"""Words in the names of what moves on an account."""

FEWEST_AMOUNTS = 2
"""Columns that an account has: what comes in, and what goes out."""

PURPOSES = list_words(
    "description payee memo purpose verwendungszweck empfänger concepto libellé libelle causale descrizione opis "
    "omschrijving details merchant counterparty buchungstext category kategorie text"
)
"""Words in the names of what a movement was for."""


def is_survey(columns: Sequence[Known]) -> bool:
    """Whether the columns are called by the questions of a survey."""
    asked = [column for column in columns if column.name.rstrip().endswith("?") or _is_long(column.name)]
    asked += [column for column in columns if CODE.fullmatch(column.name)]
    return len(asked) >= FEWEST_QUESTIONS


def _is_long(name: str) -> bool:
    return len(name.split()) >= LONG_QUESTION


def _is_axis(column: Known) -> bool:
    """Whether numbers that rise are the time of a log."""
    words = split_name(column.name)
    return column.is_number and column.profile.is_sorted and bool(words) and words[0] in AXES


def _is_code_or_clock(column: Known) -> bool:
    cells = [cell.strip() for cell, _ in column.profile.most_frequent]
    return bool(cells) and (says_when(column) or all(cell.isdecimal() or CLOCK.fullmatch(cell) for cell in cells))
