"""What is compared between notebooks and recipe, and how each comparison ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from adopt.notebooks.plan import CellRef
from relay.handoff.errors import UsageError
from relay.handoff.recipe_file import suggest_nearest


class ItemKind(StrEnum):
    """What is compared."""

    FRAME = "frame"
    METRIC = "metric"
    FIGURE = "figure"


class Verdict(StrEnum):
    """How a comparison ends."""

    EXACT = "exact"
    CLOSE = "equal to 9 digits"
    """Numbers of a figure or metric differ in their last bits only."""
    SEEDED = "exact when seeded"
    """It varies between runs of the notebook, and is exact when both sides are seeded before each statement."""
    VARIES = "varies between runs"
    """It varies between runs of the notebook, and nothing could be proved."""
    DIFFERS = "differs"
    MISSING = "missing"
    """The recipe does not give it."""


EQUAL = (Verdict.EXACT, Verdict.CLOSE, Verdict.SEEDED)


@dataclass(frozen=True)
class Images:
    """A figure as PNG on both sides; None where it was not kept."""

    notebook: bytes | None = None
    recipe: bytes | None = None


@dataclass(frozen=True)
class Item:
    """One comparison."""

    kind: ItemKind
    name: str
    verdict: Verdict
    cell: CellRef | None = None
    """Where the notebook makes it."""
    stage: str = ""
    """The stage that gives it."""
    differences: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    """What the cast to the recipe's types changed, without a difference."""
    why: str = ""
    """Why it varies between runs."""
    stale: str = ""
    """How what the notebook stores as output differs from what it gives now; empty: it does not."""
    values: tuple[str, str] = ("", "")
    """Of a metric: as the notebook shows it, and as the recipe gives it. Of a frame: its size on each side."""
    images: Images = field(default=Images(), repr=False)
    accepted: str = ""
    """Why a difference is accepted."""

    @property
    def is_equal(self) -> bool:
        """Whether both sides are equal."""
        return self.verdict in EQUAL

    @property
    def is_settled(self) -> bool:
        """Whether it is equal, or its difference is accepted."""
        return self.is_equal or bool(self.accepted)

    @property
    def label(self) -> str:
        """As `--accept` names it, such as `frame orders`."""
        return f"{self.kind} {self.name}"


def judge(*, varies: bool, differences: Iterable[str], is_exact: bool, proof: Iterable[str] | None) -> Verdict:
    """How a comparison ends.

    Args:
        varies: whether the notebook gives another value in another run.
        differences: between notebook and recipe.
        is_exact: whether both are equal to the last bit.
        proof: differences between the two when both are seeded; None: there was no such run.
    """
    if varies:
        if proof is None:
            return Verdict.VARIES
        return Verdict.DIFFERS if list(proof) else Verdict.SEEDED
    if list(differences):
        return Verdict.DIFFERS
    return Verdict.EXACT if is_exact else Verdict.CLOSE


def read_accepted(texts: Iterable[str]) -> dict[str, str]:
    """What `--accept` says: label of an item -> reason.

    Args:
        texts: such as `frame orders: the shop renamed a town`.

    Raises:
        UsageError: one has no reason, or names no kind of item.
    """
    found = {}
    kinds = ", ".join(ItemKind)
    for text in texts:
        label, colon, reason = text.partition(":")
        kind, _, name = " ".join(label.split()).partition(" ")
        if not colon or not reason.strip() or not name or kind not in list(ItemKind):
            raise UsageError(
                f'--accept "{text}" is not understood; expected a kind ({kinds}), a name, a colon and the reason',
                next_step='Write it as --accept "frame orders: the shop renamed a town"',
            )
        found[f"{kind} {name}"] = " ".join(reason.split())
    return found


def accept(items: Iterable[Item], accepted: Mapping[str, str]) -> tuple[Item, ...]:
    """The items with the reasons for which their differences are accepted; equal ones need none and get none.

    Raises:
        UsageError: a reason is given for something that was not compared.
    """
    items = tuple(items)
    labels = [item.label for item in items]
    for label in accepted:
        if label not in labels:
            known = ", ".join(labels) or "nothing"
            raise UsageError(
                f'--accept names "{label}"{suggest_nearest(label, labels)}, which was not compared; compared: {known}'
            )
    return tuple(
        item if item.is_equal or item.label not in accepted else replace(item, accepted=accepted[item.label])
        for item in items
    )
