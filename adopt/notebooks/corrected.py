"""The metrics of a recipe without leaks, beside those of the notebook."""

from dataclasses import dataclass

from adopt.notebooks.adopted import Adopted
from adopt.notebooks.parity import compare
from adopt.notebooks.pipeline import PipelineRun
from adopt.notebooks.proof import Proof
from adopt.notebooks.report import TwiceLine
from adopt.notebooks.verdicts import ItemKind


@dataclass(frozen=True)
class Corrected:
    """A recipe without leaks, which ran."""

    adopted: Adopted
    metrics: tuple[TwiceLine, ...]


def compare_corrected(proof: Proof, ran: PipelineRun) -> tuple[TwiceLine, ...]:
    """Each metric twice.

    Args:
        proof: of the recipe with the leak.
        ran: the recipe without it; seeded where the proof is.
    """
    return tuple(
        TwiceLine(item.name, item.values[0], repr(ran.metrics[item.name]) if item.name in ran.metrics else "")
        for item in compare(proof)
        if item.kind == ItemKind.METRIC
    )
