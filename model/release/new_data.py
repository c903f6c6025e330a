"""What the gate asks about the data that a new version was trained on, before it compares any score.

A model that is trained and tested on broken data scores well on them. So the new rows are held against the profile of
the version in production: has a column broken, is the share of a class another one, does one input suddenly tell the
target? And are the labels final?
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from drift.blocks import test_column
from drift.column_profile import ColumnCounts, ColumnProfile
from drift.columns import drop_missing
from drift.estimates import Estimate, estimate_auc
from drift.locate import find_factor
from drift.profile import Profile
from model.release.checks import Check
from model.release.compare import Candidate
from model.training.estimator.rows import Split
from model.training.monitor.reference import choose_rows
from relay.handoff.wording import show_share
from relay.reading.iso import EPOCH, MICROSECOND, write_moment
from relay.registry.contract import Contract
from relay.registry.monitor_section import write_length
from relay.registry.task import ModelTask
from relay.registry.watched import name_classes, watch_inputs

MOST_ROWS = 50_000
"""New rows that are looked at, drawn by the seed: enough to be sure of a change of one point."""

SURE = 3.29
"""Standard errors: the interval that covers 99.9 %."""

MOST_SHARE = 0.05
"""By how much the share of rows without a value, or with a new one, may differ: five points."""

LEAST_RATE, MOST_RATE = 0.8, 1.25
"""How a class's share may differ, as a ratio: beyond it and surely another, the labels are not the same thing."""

MUCH_MOVED, LITTLE_MOVED = 0.25, 0.1
"""Population stability index of a column that moved alone, and of the others then."""

LEAK_AUC, LEAK_RISE = 0.9, 0.1
"""From which ROC AUC of one input on, or from which rise of it on, the input may know the target."""

LEAST_KNOWN, LEAST_OTHERS = 100, 5
"""Rows with a value from which on a column is judged; rows of the reference that have another value."""

DIFFERENT = ("data break", "class shares")
"""Names of the checks that a person may overrule by accepting the shift."""

UNREAD_STEP = "check them yourself; a version that this release trains has a profile that can be read"
"""Next step where the version in production has no such profile."""

CHANCE = 1e-6
"""That a column is constant by chance in so many rows; below it, it is dead."""

MOST_NAMED = 3
"""Columns that a check names."""


@dataclass(frozen=True)
class NewData:
    """The rows that the challenger was trained and tested on."""

    split: Split
    seed: int
    ingested: datetime | None = None
    """When its raw rows were fetched; None where that is not known."""
    label_delay: timedelta | None = None
    """How long after a row its label is final; None where the recipe does not say it."""

    def draw(self) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        """Inputs (n, columns) and target (n,) of both sides, at most `MOST_ROWS`."""
        parts = (self.split.train, self.split.test)
        rows = choose_rows(sum(map(len, parts)), MOST_ROWS, self.seed)
        inputs = pd.concat([part.inputs for part in parts], ignore_index=True).iloc[rows]
        return inputs, np.concatenate([part.target for part in parts])[rows]


def ask_data(challenger: Candidate, champion: Candidate | None, new: NewData) -> Iterator[Check]:
    """The questions about the new data, those that cannot be asked with the reason.

    Args:
        challenger: trained on the new rows.
        champion: in production; None when no version is.
        new: the rows.
    """
    yield from _ask_labels(new)
    if champion is None or challenger.data_sha256 == champion.data_sha256:
        return
    where = f"version {champion.number}"
    if champion.profile is None:
        why = champion.no_profile or "has no profile of its test rows"
        yield _note("new data", f"{where} {why}, so the new data were not held against its data: {UNREAD_STEP}")
        return
    inputs, target = new.draw()
    if champion.accepted:
        yield _note("new data", f"the shift since {where} was accepted {champion.accepted}")
    else:
        yield _judge(DIFFERENT[0], len(target), _find_breaks(champion.profile, inputs, champion.contract, where))
        yield _judge(DIFFERENT[1], len(target), _find_other_rates(champion, target, where))
    yield _judge("leak", len(target), _find_leaks(champion, inputs, target, where))


def _note(name: str, text: str) -> Check:
    return Check(name, passed=True, rows=0, text=f"{text[0].upper()}{text[1:]}.")


def _judge(name: str, rows: int, found: Iterator[str]) -> Check:
    said = list(found)
    more = f"; and {len(said) - MOST_NAMED} more" if len(said) > MOST_NAMED else ""
    return Check(name, passed=not said, rows=rows, text=f"{'; '.join(said[:MOST_NAMED])}{more}." if said else "")


def _ask_labels(new: NewData) -> Iterator[Check]:
    """Whether all rows were old enough when they were fetched for their labels to be final."""
    if new.label_delay is None:
        return
    length = write_length(new.label_delay)
    times = [part.times for part in (new.split.train, new.split.test)]
    if new.ingested is None or times[0] is None or times[1] is None:
        lacks = (
            "no column has the role time" if new.ingested is not None else "it is not known when the rows were fetched"
        )
        yield _note("labels", f"[monitor] label_delay = {length} was not asked: {lacks}")
        return
    moments = np.concatenate([times[0], times[1]])
    border = new.ingested - new.label_delay
    young = int((moments > (border - EPOCH) // MICROSECOND).sum())
    text = (
        f"{young:,} of {len(moments):,} rows are later than {write_moment(border)}, less than label_delay = {length} "
        "before they were fetched, so their labels may not be final: leave such rows out of the source and train again"
    )
    yield Check("labels", passed=not young, rows=len(moments), text=f"{text}." if young else "")


def _find_breaks(profile: Profile, inputs: pd.DataFrame, contract: Contract, where: str) -> Iterator[str]:
    watched = {one.name: one.values for one in watch_inputs(inputs, contract.inputs)}
    columns = [column for column in profile.columns if column.name in watched]
    counted = {column.name: column.count(watched[column.name]) for column in columns}
    broken = set()
    for column in columns:
        for text in _find_break(column, watched[column.name], counted[column.name], where):
            broken.add(column.name)
            yield text
    moved = {column.name: test_column(column, counted[column.name]).psi for column in columns}
    far = [name for name, psi in moved.items() if psi.low > MUCH_MOVED]
    others = [psi.value for name, psi in moved.items() if name not in far]
    if len(far) == 1 and far[0] not in broken and max(others, default=0.0) < LITTLE_MOVED:
        yield f"{far[0]} alone differs much from {where}'s test rows (PSI {moved[far[0]].value:.2f})"


def _find_break(column: ColumnProfile, values: npt.NDArray[Any], counts: ColumnCounts, where: str) -> Iterator[str]:
    known = column.test_counts
    for what, here, before in (("no value", counts.missing, known.missing), ("a new value", counts.new, known.new)):
        shares = here / max(counts.rows, 1), before / max(known.rows, 1)
        if abs(shares[0] - shares[1]) - SURE * _spread(shares, (counts.rows, known.rows)) > MOST_SHARE:
            yield (
                f"{column.name} has {what} in {show_share(shares[0])} of the new rows, in {where}'s test rows in "
                f"{show_share(shares[1])}"
            )
    present = sum(counts.fine)
    only = int(np.argmax(counts.fine)) if present else 0
    others = sum(known.fine) - known.fine[only]
    is_one = present >= LEAST_KNOWN and len(set(drop_missing(column.kind, values).tolist())) == 1
    if is_one and others >= LEAST_OTHERS and (1 - others / sum(known.fine)) ** present < CHANCE:
        share = show_share(others / sum(known.fine))
        yield f"{column.name} has one value in all new rows; {share} of {where}'s test rows have another one"
    elif factor := find_factor(column, None, values):
        yield f"{column.name}: {factor.text}"


def _spread(shares: tuple[float, float], rows: tuple[int, int]) -> float:
    """Standard error of the difference of two shares; a share of 0 or 1 counts as half a row."""
    variances = []
    for share, total in zip(shares, rows, strict=True):
        kept = min(max(share, 0.5 / max(total, 1)), 1 - 0.5 / max(total, 1))
        variances.append(kept * (1 - kept) / max(total, 1))
    return sqrt(sum(variances))


def _find_other_rates(champion: Candidate, target: npt.NDArray[Any], where: str) -> Iterator[str]:
    known = champion.profile.classes if champion.profile is not None else ()
    rows, total = name_classes(target.tolist()), sum(count for _, count in known)
    for name, count in known[1:] if len(known) == 2 else known:
        share, before = rows.count(name) / len(rows), count / total
        ratio = share / before if before else inf
        is_sure = abs(share - before) > SURE * _spread((share, before), (len(rows), total))
        if is_sure and not LEAST_RATE <= ratio <= MOST_RATE:
            yield (
                f"{champion.contract.target} is {name} in {show_share(share)} of the new rows, in those of {where} in "
                f"{show_share(before)}"
            )


def _find_leaks(champion: Candidate, inputs: pd.DataFrame, target: npt.NDArray[Any], where: str) -> Iterator[str]:
    """Numbers that alone order the rows of two classes too well, or much better than they did."""
    contract = champion.contract
    if contract.task != ModelTask.BINARY:
        return
    score = contract.score
    limit = max(LEAK_AUC, score.value if score is not None and score.name == "roc_auc" else 0.0)
    positive, kept = contract.classes[1], champion.kept
    kept_inputs = () if kept is None else watch_inputs(kept.inputs, contract.inputs)
    kept_values = {one.name: one.values for one in kept_inputs}
    for one in watch_inputs(inputs, contract.inputs):
        if one.kind != "number":
            continue
        now = _measure(one.values, target == positive)
        if now is None:
            continue
        if now.value > limit:
            yield f"{one.name} alone orders the new rows (ROC AUC {now.value:.3f}): it may know {contract.target}"
            continue
        before = None if kept is None else _measure(kept_values[one.name], kept.target == positive)
        if before is not None and now.low - before.high > LEAK_RISE:
            yield (
                f"{one.name} alone orders the new rows with a ROC AUC of {now.value:.3f}, {where}'s test rows with "
                f"{before.value:.3f}: it may know {contract.target}"
            )


def _measure(values: npt.NDArray[Any], is_positive: npt.NDArray[np.bool_]) -> Estimate | None:
    """ROC AUC of a number, in the direction in which it is above one half; None from too few rows."""
    has = np.isfinite(values)
    labels = is_positive[has].astype(np.float64)
    if not 10 <= labels.sum() <= len(labels) - 10 or len(labels) < LEAST_KNOWN:
        return None
    found = estimate_auc(values[has], labels)
    return found if found.value >= 0.5 else estimate_auc(-values[has], labels)
