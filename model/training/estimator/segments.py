"""The score of each part of the test rows: a model that is good on the whole may fail the young."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from model.training.estimator.metrics import is_better
from model.training.estimator.resolve import suggest
from model.training.estimator.rows import Part, widen
from model.training.estimator.task import Task
from relay.handoff.column import Column
from relay.handoff.errors import ModelError
from relay.handoff.wording import count, show
from relay.registry.contract import Segment
from relay.registry.segments import assign_parts, name_parts
from relay.results.findings import Finding, Topic

QUARTERS = (0.25, 0.5, 0.75)

Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SegmentScores:
    """What the parts of the test rows say; empty when no segments are asked for."""

    metrics: dict[str, Any] = field(default_factory=dict)
    """`segments`: column -> part -> rows and score; None where a part cannot be judged."""
    findings: tuple[Finding, ...] = ()


def check_segments(names: Sequence[str], columns: Mapping[str, Column]) -> None:
    """Make sure that segments are input columns of numbers, truth values or categories.

    Raises:
        ModelError: one is none; the nearest is named.
    """
    inputs = [name for name, column in columns.items() if column.role == "input"]
    for name in names:
        if name not in inputs:
            raise ModelError(
                f"[model] segments: {name} is no input column{suggest(name, inputs)}; "
                f"expected some of {', '.join(inputs)}"
            )
        if columns[name].type == "time":
            raise ModelError(
                f"[model] segments: {name} is a time, which has no parts to compare; expected numbers, truth values or "
                "categories"
            )


def find_segments(names: Sequence[str], train: Part) -> list[Segment]:
    """The parts by training rows: quartiles of numbers, values of words."""
    return [_find_segment(name, train) for name in names]


def judge_segments(task: Task, score: str, judge: Callable[[Rows], dict[str, float]]) -> SegmentScores:
    """The deciding score of each part of the test rows.

    Args:
        task: gives rows and segments.
        score: the metric that decides.
        judge: the figures of the test rows for which an array of truth values (rows,) says so.
    """
    found: dict[str, dict[str, Any]] = {}
    for segment in task.segments:
        parts = assign_parts(segment, task.split.test.inputs[segment.column].tolist())
        found[segment.column] = {
            name: {"rows": int((parts == name).sum()), score: _judge_part(task, parts == name, score, judge)}
            for name in name_parts(segment)
            if (parts == name).any()
        }
    if not found:
        return SegmentScores()
    findings = [_say(column, parts, score) for column, parts in found.items()]
    return SegmentScores({"segments": found}, tuple(findings))


def _find_segment(name: str, train: Part) -> Segment:
    cells = widen(train.inputs[name])
    known = cells[cells.notna()]
    if known.dtype.kind != "f":
        return Segment(column=name, borders=[], values=sorted(set(known.tolist())))
    if set(known.tolist()) <= {0.0, 1.0}:  # truth values, or numbers that say no more than these
        return Segment(column=name, borders=[], values=sorted(set(known.tolist())))
    return Segment(column=name, borders=np.unique(np.quantile(known, QUARTERS)).tolist(), values=[])


def _judge_part(task: Task, rows: Rows, score: str, judge: Callable[[Rows], dict[str, float]]) -> float | None:
    """The score of a part; None where its rows cannot tell: too few, or of one class."""
    answers = task.split.test.target[rows]
    if len(answers) < 2 or (task.as_classes and len(set(answers.tolist())) < 2):
        return None
    return judge(rows)[score]


def _say(column: str, parts: dict[str, Any], score: str) -> Finding:
    """Where the score is best and where it is worst, or why the parts cannot be compared."""
    judged = {name: part for name, part in parts.items() if part[score] is not None}
    if len(judged) < 2:
        return _say_incomparable(column, parts, judged, score)
    best, worst = next(iter(judged)), next(iter(judged))
    for name, part in judged.items():
        best = name if is_better(score, part[score], judged[best][score]) else best
        worst = name if is_better(score, judged[worst][score], part[score]) else worst
    ends = {"best": {"part": best, **parts[best]}, "worst": {"part": worst, **parts[worst]}}
    said, rest = show(judged[best][score]), count(len(parts) - len(judged), "other part")
    if said == show(judged[worst][score]):
        also = f"; {rest} cannot be judged" if len(judged) < len(parts) else ""
        text = f"By {column}, its {score} is {said} in each of the {len(judged)} parts that can be judged{also}."
    else:
        text = (
            f"By {column}, its {score} is best where {best} ({said}, {count(parts[best]['rows'], 'test row')}) and "
            f"worst where {worst} ({show(judged[worst][score])}, {count(parts[worst]['rows'], 'test row')})."
        )
    return Finding(Topic.SEGMENTS, text, {"column": column, "score": score, **ends})


def _say_incomparable(column: str, parts: dict[str, Any], judged: dict[str, Any], score: str) -> Finding:
    """Which parts there are, and that there are not two with a score."""
    figures: dict[str, Any] = {"column": column, "score": score, "parts": len(parts), "judged": len(judged)}
    if len(parts) == 1:
        (name,) = parts
        text = f"By {column}, there is nothing to compare: {name} in all {count(parts[name]['rows'], 'test row')}."
        return Finding(Topic.SEGMENTS, text, figures)
    if judged:
        (name,) = judged
        found = f"only the part {name} can be judged ({score} {show(judged[name][score])}, "
        found += f"{count(judged[name]['rows'], 'test row')})"
    else:
        found = "no part can be judged"
    text = (
        f"By {column}, {found}: the {score} of a part takes two test rows, and two classes where it is about classes."
    )
    return Finding(Topic.SEGMENTS, text, figures)
