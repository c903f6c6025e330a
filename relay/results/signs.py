"""The colour and the marker of each label: chosen once per result, stored with it, used by every picture of it.

    "signs": [{"label": "HAMILTON", "name": "HAMILTON", "colour": "#0072B2", "marker": "circle"}, ...]

in `metrics.json`. `name` is what a legend shows: one line, never empty, no two alike. The smaller ones of many labels
share a sign, and so do all documents without label (`"label": null`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from unicodedata import category, normalize

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""Seven colours that people of any colour vision tell apart; black, the eighth, cannot be seen on a dark page.

Source: M. Okabe, K. Ito, Color Universal Design (2008); blue and vermilion first, for pictures of two colours.
"""

MARKERS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "plus", "x", "triangle-left")
"""One more than there are colours: labels that share a colour never share a marker. A star is kept for the reader's
own text."""

GREY, DOT, CROSS = "#8A8A8A", "dot", "cross"
"""No label has this colour or these markers."""

MOST_LABELS = 16
"""Labels with a sign of their own; more cannot be told apart, so the smaller ones share one."""

OTHERS, UNKNOWN = "other labels", "label not known"
EMPTY = "(empty)"

JOINERS = "\u200c\u200d"
"""Zero-width characters that change the letters beside them, in Persian and in emoji."""

MOST_NAME_CHARS = 32
"""A longer name would leave a picture no room."""


@dataclass(frozen=True)
class Sign:
    """What one label looks like."""

    label: str | None
    """None for documents without label."""
    name: str
    """In a legend."""
    colour: str
    marker: str


@dataclass(frozen=True)
class Signs:
    """The signs of all labels of a result, in the order of a legend."""

    signs: tuple[Sign, ...]

    def of(self, labels: Iterable[str | None]) -> list[Sign]:
        """The sign of each label; what no sign is stored for looks like the smaller labels."""
        known = {sign.label: sign for sign in self.signs}
        others = next((sign.name for sign in self.signs if sign.marker == DOT), None)
        name = others or _avoid(OTHERS, (sign.name for sign in self.signs))
        return [known.get(label) or Sign(label, name, GREY, DOT) for label in labels]

    @property
    def legend(self) -> dict[str, Sign]:
        """Name -> the first label's sign of that name."""
        found: dict[str, Sign] = {}
        for sign in self.signs:
            found.setdefault(sign.name, sign)
        return found

    def to_json(self) -> list[dict[str, Any]]:
        """As it is stored in `metrics.json`."""
        return [asdict(sign) for sign in self.signs]


def choose_signs(labels: Iterable[str | None]) -> Signs:
    """The signs of labels, one label per chunk: by sorted name, then the smaller ones of many, then unknown labels."""
    numbers = Counter(labels)
    has_unknown = numbers.pop(None, 0) > 0
    known = {label: number for label, number in numbers.items() if label is not None}
    # By number, then by name: which labels are small enough to share a sign must not depend on the order of the text.
    largest = sorted(known, key=lambda label: (-known[label], label))
    shown = sorted(largest if len(largest) <= MOST_LABELS else largest[: MOST_LABELS - 1])
    names = name_labels(shown)
    signs = [
        Sign(label, names[label], COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)])
        for place, label in enumerate(shown)
    ]
    others, unknown = _avoid(OTHERS, names.values()), _avoid(UNKNOWN, names.values())
    signs += [Sign(label, others, GREY, DOT) for label in sorted(known.keys() - set(shown))]
    return Signs((*signs, *([Sign(None, unknown, GREY, CROSS)] if has_unknown else [])))


def read_signs(metrics: Mapping[str, Any]) -> Signs:
    """The signs that a result stored; of an older result, chosen by the names and numbers of its labels."""
    if "signs" in metrics:
        return Signs(tuple(Sign(**sign) for sign in metrics["signs"]))
    numbers = metrics.get("chunks_of_label", {})
    # Results without signs count documents without label under this name.
    return choose_signs(None if label == "(unknown)" else label for label in Counter(numbers).elements())


def find_changed(first: Signs, second: Signs) -> list[str]:
    """The names that two results show with different colours or markers."""
    others = {name: (sign.colour, sign.marker) for name, sign in second.legend.items()}
    mine = {name: (sign.colour, sign.marker) for name, sign in first.legend.items()}
    return [name for name in mine if name in others and mine[name] != others[name]]


def name_labels(labels: Iterable[str]) -> dict[str, str]:
    """Label -> its name in a legend: one line, not too long, never empty, and no two alike."""
    names: dict[str, str] = {}
    for label in dict.fromkeys(labels):
        names[label] = _avoid(shorten_label(label), names.values())
    return names


def shorten_label(label: str, most: int = MOST_NAME_CHARS) -> str:
    """A label on one line; of a long one the end is kept too, because parts of one work differ there."""
    line = " ".join("".join(_show_sign(sign) for sign in normalize("NFC", label)).split()) or EMPTY
    half = (most - 1) // 2
    return line if len(line) <= most else f"{line[:half]}…{line[-half:]}"


def _show_sign(sign: str) -> str:
    """A character that can be drawn: controls become blanks, and invisible marks go, but for joiners within words."""
    kind = category(sign)
    if kind == "Cf":
        return sign if sign in JOINERS else ""
    return " " if kind == "Cc" else "\N{REPLACEMENT CHARACTER}" if kind in ("Cs", "Co", "Cn") else sign


def _avoid(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where it is taken."""
    taken, number, free = set(taken), 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
