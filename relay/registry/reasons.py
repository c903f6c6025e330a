"""Which inputs moved an answer, and the answer in words.

The method: each input in turn is set to its usual value and the model is asked again, all others as they are
("one at a time"; Saltelli et al., Global Sensitivity Analysis, 2008, chapter 2). It costs one row an input and can be
checked by hand. Its limit: what inputs do together is not seen, so the changes do not add up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from relay.handoff.wording import count
from relay.registry.contract import Cell, Contract
from relay.registry.records import find_usual, show_cell
from relay.registry.task import ModelTask

Record = Mapping[str, Cell]

FEWEST_SHARE = 1e-4
"""Probabilities below are told as "below 0.01 %": what a model says there rests on nearly no rows."""


@dataclass(frozen=True)
class Reason:
    """What one input changes."""

    column: str
    value: Cell
    usual: Cell
    prediction: Cell
    """The answer with the usual value."""
    figure: float | None
    """Its probability (two classes: of the positive one, else: of the class that was answered), or its number."""
    change: float | None
    """By how much the input moved the figure: as it is, minus with the usual value."""


Measure = Callable[[Sequence[Record]], tuple[list[Cell], list[float] | None]]
"""Records -> the answers and their figures; None where the model has none."""


def explain(contract: Contract, record: Record, measure: Measure) -> list[Reason]:
    """What each input changes, the largest change first.

    Args:
        contract: the model's; it has the usual values.
        record: with every input.
        measure: asks the model.
    """
    usual = find_usual(contract)
    variants = [{**record, name: usual[name]} for name in contract.inputs]
    predictions, figures = measure([record, *variants])
    reasons = [
        Reason(
            column=name,
            value=record[name],
            usual=usual[name],
            prediction=predictions[index],
            figure=None if figures is None else figures[index],
            change=None if figures is None else figures[0] - figures[index],
        )
        for index, name in enumerate(contract.inputs, start=1)
        if usual[name] is not None or contract.inputs[name].null
    ]
    return sorted(reasons, key=lambda reason: -abs(reason.change or 0.0))


def say_method(contract: Contract) -> str:
    """How the reasons were found, and what they do not show."""
    rows = "training rows"
    older = ""
    if contract.usual is None:
        rows = count(len(contract.example.records), "example row")
        older = " (this version is older and keeps no median of its training rows)"
    return (
        "Each input in turn is set to its usual value and the model is asked again, all others as they are. Usual is "
        f"the median of the {rows} for numbers and their most frequent value for all else{older}. What inputs do "
        "together is not seen this way, so the changes do not add up; and they say what the model does, not what "
        "causes what."
    )


def say_prediction(contract: Contract, prediction: Cell, probability: float | None) -> str:
    """The answer in words: with its probability against the base rate, or with its unit."""
    answer = f"{contract.target}: {say_value(contract, prediction)}."
    if contract.task == ModelTask.REGRESSION:
        return answer
    if probability is None:
        return f"{answer} The model gives no probabilities."
    if contract.task != ModelTask.BINARY:
        return f"{answer} Its probability is {say_share(probability)}."
    positive = show_cell(contract.classes[1])
    base = f", the base rate is {say_share(contract.base_rate)}" if contract.base_rate is not None else ""
    border = f" The answer is {positive} from {say_share(contract.threshold)} on." if contract.threshold else ""
    return f"{answer} The probability of {positive} is {say_share(probability)}{base}.{border}"


def say_value(contract: Contract, prediction: Cell) -> str:
    """A number with its unit, or a class."""
    if contract.task != ModelTask.REGRESSION:
        return prediction if isinstance(prediction, str) else show_cell(prediction)
    return f"{show_number(float(prediction or 0))} {contract.unit}".rstrip()


def say_change(contract: Contract, reason: Reason) -> str:
    """By how much an input moved the answer: `+3.1 points`, `-0.5 USD`, or whether the answer would be another."""
    if reason.change is None:
        return f"the answer would be {say_value(contract, reason.prediction)}"
    if contract.task == ModelTask.REGRESSION:
        number = float(f"{reason.change:.3g}")
        unit = contract.unit
        return f"{'+' if number > 0 else ''}{show_number(number)} {unit}".rstrip() if number else "0"
    points = float(f"{100 * reason.change:.2g}")
    if abs(points) < 100 * FEWEST_SHARE:
        return "0"
    return f"{'+' if points > 0 else ''}{points:g} points"


def say_figure(contract: Contract, reason: Reason) -> str:
    """What the answer would be with the usual value."""
    if reason.figure is None or contract.task == ModelTask.REGRESSION:
        return say_value(contract, reason.prediction)
    return say_share(reason.figure)


def say_share(share: float) -> str:
    """A probability with two digits that count: `12 %`, `6.7 %`, `99.6 %`."""
    if share < FEWEST_SHARE or share > 1 - FEWEST_SHARE:
        return "below 0.01 %" if share < 0.5 else "above 99.99 %"
    percent = 100 * share
    if percent < 10:
        return f"{percent:.2g} %"
    return f"{percent:.0f} %" if percent <= 90 else f"{100 - float(f'{100 - percent:.2g}'):g} %"


def show_number(number: float) -> str:
    """A number with five digits that count: `10.973`, `12,300`."""
    return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:.5g}"
