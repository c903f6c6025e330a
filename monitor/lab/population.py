"""The population of the lab: the reference rows of the user's own version, from which all rows are drawn.

Test rows and later rows are drawn from it with replacement, so "nothing has changed" is exactly true. The model is not
asked: a drawn row keeps its score and its loss, also where a value is changed.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from drift.columns import Column, Floats, Integers
from drift.losses import measure_losses
from drift.profile import SCORE, Profile
from monitor.subject import Subject, read_reference
from relay.handoff.errors import UsageError
from relay.registry.contract import REFERENCE_FILE, Contract
from relay.registry.predictions import Predictions
from relay.registry.watched import PREDICTED, TARGET, pair_outcome

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_ROWS = 200


@dataclass(frozen=True)
class Drawn:
    """Rows of the population."""

    columns: tuple[Column, ...]
    score: Floats | None

    def find(self, name: str) -> Column:
        """The column of a name."""
        return next(one for one in self.columns if one.name == name)

    def change(self, column: Column) -> "Drawn":
        """The same rows with another column of this name."""
        return replace(self, columns=tuple(column if one.name == column.name else one for one in self.columns))


@dataclass(frozen=True)
class Population:
    """Rows with the model's score and loss of each."""

    profile: Profile
    """Of the version: its bins come from training rows."""
    rows: Drawn
    losses: Floats | None
    is_positive: "np.ndarray[tuple[int], np.dtype[np.bool_]] | None"
    """(rows,) for two classes."""

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.rows.columns[0].values)

    @property
    def test_rows(self) -> int:
        """Test rows of the version."""
        return max(self.profile.rows, 1)

    def draw(self, rows: int, random: np.random.Generator) -> Integers:
        """Numbers of rows, drawn with replacement (rows,)."""
        return random.integers(0, self.size, rows)

    def take(self, chosen: Integers) -> Drawn:
        """The rows with these numbers."""
        columns = tuple(Column(one.name, one.kind, one.values[chosen]) for one in self.rows.columns)
        return Drawn(columns, None if self.rows.score is None else self.rows.score[chosen])

    def count(self, drawn: Drawn) -> Profile:
        """The version's profile with the counts of other test rows."""
        score = None
        if self.profile.score is not None and drawn.score is not None:
            score = self.profile.score.with_counts(self.profile.score.count(drawn.score))
        columns = tuple(one.with_counts(one.count(drawn.find(one.name).values)) for one in self.profile.columns)
        return replace(self.profile, columns=columns, score=score)


def read_population(subject: Subject) -> Population:
    """The kept test rows of a version.

    Raises:
        UsageError: none are kept, or too few.
        RegistryEmptyError: the version has no profile.
    """
    import pyarrow.parquet as pq

    profile, path = subject.profile, subject.folder / REFERENCE_FILE
    if REFERENCE_FILE not in subject.contract.monitored:
        raise UsageError(
            f"version {subject.version} of {subject.model} keeps no reference rows: the lab draws from them",
            next_step=f"Set [monitor] keep_rows = true and train again: `python -m model {subject.recipe}`",
        )
    reference, table = read_reference(path, subject.contract), pq.read_table(path)
    columns = {one.name: one for one in reference.columns}
    if PREDICTED in table.column_names:
        columns[PREDICTED] = Column(PREDICTED, "category", np.array(table.column(PREDICTED).to_pylist(), object))
    watched = tuple(columns[one.name] for one in profile.columns if one.name in columns)
    profile = replace(profile, columns=tuple(one for one in profile.columns if one.name in columns))
    if table.num_rows < LEAST_ROWS or not watched:
        raise UsageError(
            f"version {subject.version} of {subject.model} keeps {table.num_rows:,} reference rows; the lab needs "
            f"{LEAST_ROWS}",
            next_step="Train on more rows, or with a larger share of test rows",
        )
    losses, is_positive = _read_losses(subject.contract, profile, table)
    return Population(profile, Drawn(watched, reference.score), losses, is_positive)


def _read_losses(contract: Contract, profile: Profile, table: "pa.Table") -> tuple[Floats | None, Any]:
    """Loss of each row, where the profile bounds one; and which rows are positive, for two classes."""
    if profile.losses is None or TARGET not in table.column_names:
        return None, None
    names = table.column_names
    truth = table.column(TARGET).to_pylist()
    scores = table.column(SCORE).to_pylist() if SCORE in names else None
    predictions = table.column(PREDICTED).to_pylist() if PREDICTED in names else scores
    outcome = pair_outcome(contract, Predictions(predictions or [], scores), truth)
    losses = measure_losses(outcome.kind, outcome.predicted, outcome.truth, scale=profile.losses.scale)
    return losses, np.asarray(outcome.truth, np.float64) > 0 if outcome.kind == "brier" else None
