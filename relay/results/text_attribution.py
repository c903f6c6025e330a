"""What is said of one text by a model of known labels, as data and in words.

Needs no numerical library: the page and the terminal show the same answer.
"""

from dataclasses import asdict, dataclass
from typing import Any

from relay.handoff.wording import count, list_words, show, show_share

MOST_BYTES = 1_000_000
"""Of a text: a long novel; more would be compared by a few of its chunks only."""


@dataclass(frozen=True)
class Extent:
    """How much text there was, and how it was cut."""

    chars: int
    words: int
    chunks: int
    """Chunks that were compared."""
    chunk_chars: int
    """0 if the text was compared whole."""
    coverage: float
    """Share of what was counted that the model looks at."""
    required_coverage: float | None
    """A text with less is refused; None where the model was trained before this was recorded."""
    repetition: float
    """Share of the text that stood in it before."""
    columns: int | None = None
    """Columns above 0, where a row of frequencies was asked instead of a text."""


@dataclass(frozen=True)
class Nearness:
    """One known label."""

    label: str
    distance: float
    """Mean over the text's chunks of the distance to the label's nearest chunk."""
    probability: float
    """Calibrated on the known texts; it holds if one of the labels it is."""


@dataclass(frozen=True)
class Imposed:
    """What the imposters say of one label."""

    label: str
    score: float
    """Share of the rounds in which the text is nearer to it than to the imposters."""
    verdict: str
    """yes, no or undecided."""


@dataclass(frozen=True)
class Verdict:
    """Whether the nearest label's style it is, or one of none of them: General Imposters."""

    label: str
    verdict: str
    """yes, no or undecided; undecided too where more than one label would get a yes."""
    score: float
    no: float
    yes: float
    labels: tuple[Imposed, ...] = ()
    """All labels, the highest score first."""


@dataclass(frozen=True)
class MapPoint:
    """The text on the map of the known chunks (PCoA), coordinates in units of the distance."""

    x: float
    y: float
    explained_variance: tuple[float, float]
    labels: tuple[str, ...]
    """Label of each known chunk."""
    points: tuple[tuple[float, float], ...]
    """Where each known chunk stands."""
    signs: tuple[dict[str, Any], ...] = ()
    """Colour and marker of each label, as the result has them."""


@dataclass(frozen=True)
class TextAttribution:
    """All that is said of one text."""

    recipe: str
    model_sha256: str
    text: Extent
    labels: tuple[Nearness, ...]
    """The nearest first."""
    verdict: Verdict
    map: MapPoint
    warnings: tuple[str, ...]
    """What makes this answer weaker than others."""
    notes: tuple[str, ...]
    """How every answer of this model is to be read."""


def say_attribution(attribution: TextAttribution) -> list[str]:
    """The attribution as lines for people."""
    width = max(len(one.label) for one in attribution.labels)
    lines = [f"{attribution.recipe}: {say_extent(asdict(attribution.text))}", ""]
    lines += [f"{'label':<{width}}  {'distance':>10}  probability"]
    lines += [
        f"{one.label:<{width}}  {show(one.distance):>10}  {show_share(one.probability):>11}"
        for one in attribution.labels
    ]
    point = f"{show(attribution.map.x)}, {show(attribution.map.y)}"
    lines += ["", say_verdict(asdict(attribution.verdict)), f"On the map (PCoA) it stands at {point}."]
    return [*lines, *(f"Warning: {warning}" for warning in attribution.warnings), *attribution.notes]


def say_extent(text: dict[str, Any]) -> str:
    """How much of the text was compared, in words."""
    counted = text.get("columns")
    chars = f"{count(text['words'], 'word')}, {count(text['chars'], 'character')}"
    covered = f"The model's features cover {show_share(text['coverage'])} of it"
    needed = text["required_coverage"]
    covered += "." if needed is None else f"; at least {show_share(needed)} is required."
    if counted is not None:
        return f"a row of {count(counted, 'column')} with a frequency above 0 was compared. {covered}"
    if not text["chunk_chars"]:
        return f"the whole text was compared ({chars}). {covered}"
    of = f"{count(text['chunks'], 'chunk')} of {text['chunk_chars']:,} characters"
    return f"{of} of the text {'was' if text['chunks'] == 1 else 'were'} compared ({chars} in all). {covered}"


def say_verdict(verdict: dict[str, Any]) -> str:
    """The verdict of the imposters, in words."""
    others = [one for one in verdict.get("labels", ()) if one["label"] != verdict["label"]]
    beside = list_words(f"{one['label']} {show_share(one['score'])}" for one in others)
    return (
        f"Imposters: {verdict['verdict']}. In {show_share(verdict['score'])} of the rounds it is nearer to "
        f"{verdict['label']} than to the imposters (no up to {show_share(verdict['no'])}, yes from "
        f"{show_share(verdict['yes'])}{f'; {beside}' if others else ''})."
    )
