"""What a model is not for, as far as its own files say: nothing here is an opinion."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.handoff.wording import count, list_words, show, show_moment, show_share
from relay.registry.contract import Contract, Segment
from relay.registry.segments import name_parts
from relay.registry.task import ModelTask
from relay.registry.versions import Version
from relay.results.load import Result

FEW_ROWS = 100
"""Test rows below which a score is rough; the gate judges no smaller part of the rows by itself either."""

MOST_NAMED = 8
"""Columns or parts that a sentence names."""


@dataclass(frozen=True)
class PartScore:
    """The deciding score on some of the test rows."""

    name: str
    rows: int
    score: float | None
    """None where these rows cannot tell."""


def list_parts(metrics: Mapping[str, Any], segments: Sequence[Segment]) -> list[PartScore]:
    """The parts of the test rows by which the recipe wants the score told, in order; none for most recipes."""
    if not segments:  # a map of styles has no score
        return []
    score, found = metrics["score"]["name"], metrics.get("segments", {})
    return [
        PartScore(name, found[segment.column][name]["rows"], found[segment.column][name][score])
        for segment in segments
        # In the order of the segment; a part that an earlier version called otherwise comes last.
        for name in dict.fromkeys([*name_parts(segment), *found.get(segment.column, {})])
        if name in found.get(segment.column, {})
    ]


def list_limits(version: Version, result: Result, contract: Contract) -> Iterator[str]:
    """What one must not do with a version, a sentence each."""
    if contract.task != ModelTask.OTHER and contract.why_unserved:
        yield f"It is not servable: {contract.why_unserved}."
    if contract.task == ModelTask.AUTHORSHIP:
        yield from _limit_authorship(contract)
    elif contract.task != ModelTask.OTHER:
        yield from _limit_sample(result.metrics.get("rows", {}))
        yield from _limit_rows(result, contract)
    if contract.is_from_function:
        yield "The recipe's own function chose the rows that its figures rest on: Relay did not check them."
    if (moment := _find_newest(result)) is not None:
        yield f"It knows nothing that came after its data, fetched {show_moment(moment)}."
    yield from _limit_useless(result.metrics)
    gate = version.gate
    if gate is not None and not gate.get("passes"):
        yield f"The gate refused it for production: {str(gate.get('why', '')).rstrip('.')}."


def _limit_useless(metrics: Mapping[str, Any]) -> Iterator[str]:
    score = metrics.get("score")  # a map of styles has none
    if score is None:
        return
    value, baseline = score["value"], score["baseline"]
    if baseline is not None and not (value < baseline if score["lower_is_better"] else value > baseline):
        yield (
            f"By {score['name']} ({show(value)}) it is no better than its baseline ({show(baseline)}): do not use it."
        )


def _limit_authorship(contract: Contract) -> Iterator[str]:
    names = [str(name) for name in contract.classes]
    yield (
        "It compares styles, never identities: that a text is nearest to somebody's texts does not prove who wrote it, "
        "and it must not be used to expose a person."
    )
    yield (
        f"It knows {count(len(names), 'label')} and always finds one of them nearest, also for a text by none of them."
    )
    yield "Texts of another language, time or kind than those it learned from may be near for reasons other than style."


def _limit_sample(rows: Mapping[str, int]) -> Iterator[str]:
    if "sample_of" in rows:
        yield (
            f"It knows a sample of {rows['sample']:,} of {rows['sample_of']:,} rows: what is rare in the table may be "
            "missing from the sample."
        )


def _limit_rows(result: Result, contract: Contract) -> Iterator[str]:
    rows = result.metrics.get("rows")  # a user's function does not say how many it used
    if rows and rows["test"] < FEW_ROWS:
        yield f"Its figures rest on {count(rows['test'], 'test row')} only and may be quite different on other rows."
    if contract.base_rate is not None:
        positive = f"{contract.target} = {contract.classes[1]}"
        yield (
            f"In its training rows {_share(contract.base_rate)} have {positive}: where that share is another, its "
            "probabilities and its threshold do not hold."
        )
    ranged = [name for name, column in contract.inputs.items() if (column.min, column.max) != (None, None)]
    if ranged:
        yield (
            f"It has seen no row outside the declared ranges of {_name_some(ranged)} (see Inputs and answer): beyond "
            "them it extrapolates."
        )
    words = [name for name, column in contract.inputs.items() if column.type in ("text", "category")]
    if words:
        yield f"Values of {_name_some(words)} that it has not seen tell it nothing."
    if times := [name for name, column in contract.inputs.items() if column.type == "time"]:
        yield f"It extrapolates to times of {_name_some(times)} that are later than its training rows."
    complete = [name for name, column in contract.inputs.items() if not column.null]
    if complete:
        yield f"It never saw a row without {_name_some(complete, last='or')}: such a row has no answer."
    for leak in contract.leaks:
        yield f"Possible leak: {leak.say(contract.target)}. Use it only if {leak.column} is known before the outcome."
    few = [part.name for part in list_parts(result.metrics, contract.segments) if part.rows < FEW_ROWS]
    if few and rows and rows["test"] >= FEW_ROWS:
        yield f"Fewer than {FEW_ROWS} test rows say how good it is where {_name_some(few, last='or')}."
    if contract.task != ModelTask.REGRESSION and not contract.gives_probabilities:
        yield "It gives no probabilities: how sure it is cannot be said."
    yield "What it learned goes together in its data; that changing an input would change the outcome does not follow."


def _share(value: float) -> str:
    """Two digits for small shares: `0.6 %` and `7 %` are decisions apart."""
    return show_share(value) if value >= 0.1 else f"{100 * value:.2g} %"


def _name_some(names: list[str], last: str = "and") -> str:
    shown, rest = names[:MOST_NAMED], len(names) - MOST_NAMED
    text = list_words([*shown, f"{rest} more"] if rest > 0 else shown)
    return text if last == "and" else f" {last} ".join(text.rsplit(" and ", 1))


def _find_newest(result: Result) -> str | None:
    """When the newest of its sources was fetched; None where that is not known."""
    return max((one.fetched_at_utc for one in result.receipt.sources if one.fetched_at_utc), default=None)
