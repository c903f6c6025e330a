"""Which unit stands beside the numbers of a column, such as `$` before or `kg` behind them."""

import re
from calendar import month_abbr
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from relay.handoff.column import Column
from relay.reading.arrow import Mask
from relay.reading.numbers import take_units

LOOKED_AT = 500
"""Different cells by which the unit of a column is chosen."""
MOSTLY = 0.5
"""Share of them that have the unit, at least."""


def list_words(text: str) -> frozenset[str]:
    """The words of a text, which blanks divide."""
    return frozenset(text.split())


SIGNS = "€$£¥₹₽₩₺₴₦฿₫₱₪"
MONEY = list_words(
    "EUR USD GBP CHF JPY CNY INR AUD CAD NZD BRL MXN ZAR SEK NOK DKK PLN CZK HUF RON TRY RUB KRW SGD HKD THB AED SAR "
    "ILS kr kr. zł Kč Ft Rs Rs. R$ US$ A$ C$ NZ$ HK$ S$ CA$ AU$ Fr. SFr."
)
MEASURES = list_words(
    "% ‰ ° °C °F kg g mg µg μg ug t lb lbs oz km m cm mm µm μm nm mi ft in yd m² m³ m2 m3 km² cm² cm³ qm ha l L ml mL "
    "dl cl µl h hr hrs min mins s sec secs ms µs W kW MW GW kWh MWh Wh V mV kV A mA mAh Hz kHz MHz GHz Pa hPa kPa MPa "
    "bar mbar psi dB dBm px pt MB GB TB KB kB MiB GiB ppm ppb mmHg cc hp PS bhp kmpl rpm Nm mph kph kmh km/h m/s cal "
    "kcal kJ J cd lx lm ohm Ω mol mmol mmol/l mg/dl mg/l µg/l g/l g/dl U/l IU bpm pp €/m² yrs yr mos st"
)
"""Units that may stand behind a number without a blank."""

SPACE = "[ \u00a0\u202f]"
NUMBER = rf"(?:[0-9](?:[0-9.,'’]|{SPACE}(?=[0-9]))*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?-?"
WORD = r"[^\W\d_][^\d\s,;:()'+-]{0,10}[^\W\d_]"
"""What may stand behind a number and a blank: `months`, `€/m²`, `Zimmer`."""


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


UNITED = re.compile(
    rf"[+-]?{SPACE}?(?:(?P<before>[{SIGNS}]|{_any_of(MONEY)}){SPACE}?)?[+-]?{NUMBER}"
    rf"(?:{SPACE}?(?P<sign>[{SIGNS}]|{_any_of(MONEY | MEASURES)})|{SPACE}(?P<word>{WORD}))?"
)
NOT_UNITS = frozenset(
    ("am", "pm", "a.m.", "p.m.", "uhr", "bc", "ad", *(name.casefold() for name in month_abbr if name))
)
"""Words behind the numbers of times."""
PERCENT = ("%", "‰")


@dataclass(frozen=True)
class Affix:
    """A unit beside numbers, on one side of them."""

    prefix: str = ""
    suffix: str = ""

    @property
    def keys(self) -> dict[str, str]:
        """As a recipe declares it."""
        return {key: value for key, value in (("prefix", self.prefix), ("suffix", self.suffix)) if value}


def find_affix(words: pa.Array) -> Affix | None:
    """The unit that most of the different cells have; None where there is none.

    Args:
        words: texts without blanks around them; shape (n,).
    """
    step = max(len(words) // LOOKED_AT, 1)
    looked = words.take(pa.array(range(0, len(words), step))).to_pylist()
    found = Counter(affix for word in looked if (affix := _find_affix(word)) is not None)
    affix, cells = found.most_common(1)[0] if found else (None, 0)
    return affix if cells >= MOSTLY * len(looked) else None


def _find_affix(word: str) -> Affix | None:
    at = UNITED.fullmatch(word)
    if at is None:
        return None
    before, behind = at["before"] or "", at["sign"] or at["word"] or ""
    is_time = not NOT_UNITS.isdisjoint((behind.casefold(), behind[:3].casefold()))
    return None if bool(before) == bool(behind) or is_time else Affix(before, behind)


def remove_affix(words: pa.Array, affix: Affix) -> tuple[pa.Array, Mask | None]:
    """The texts without the unit, as ingest reads them, and where it is absent; None: nowhere."""
    column = Column.model_validate({"type": "float", "role": "input", **affix.keys})
    return take_units(words, column)
