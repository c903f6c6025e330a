"""The profile of a training: bins chosen by training rows, counts of test rows. It holds no row.

Edges come from other rows than the counted ones, so counts of test rows and of later rows are exchangeable as long as
nothing has moved: that makes p-values from these counts exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drift.column_profile import ColumnCounts, ColumnProfile, build_column
from drift.columns import Column, Columns, Floats
from drift.errors import DriftError
from drift.losses import LossProfile

__all__ = ["ColumnCounts", "ColumnProfile", "Profile", "build_column", "build_profile"]

FORMAT = 1
SCORE = "(score)"


@dataclass(frozen=True)
class Profile:
    """What a training knew of its data.

    Attributes:
        columns: Profile of each input column, in the order of the inputs.
        score: Profile of the score of the test rows: the probability of the positive class, or the predicted number.
        losses: Mean loss of the test rows and its bound.
        rows: Test rows.
        base_rate: Share of positive test rows, for two classes.
        isotonic: Points (score, observed rate) of the monotone map from score to observed rate, by increasing score.
        classes: Class and rows with it, of training and test rows together: more rows know a class's share better.
    """

    columns: tuple[ColumnProfile, ...]
    score: ColumnProfile | None
    losses: LossProfile | None
    rows: int
    base_rate: float | None
    isotonic: tuple[tuple[float, float], ...] = ()
    classes: tuple[tuple[str, int], ...] = ()

    def column(self, name: str) -> ColumnProfile:
        """The profile of a column.

        Raises:
            DriftError: There is no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise DriftError(f"the profile has no column {name}; it has {', '.join(one.name for one in self.columns)}")

    def count(self, columns: Columns) -> dict[str, ColumnCounts]:
        """Column -> counts of rows in its bins. Columns that the profile does not have are left out.

        Raises:
            DriftError: A column of the profile is not there.
        """
        given = {column.name: column.values for column in columns}
        missing = [column.name for column in self.columns if column.name not in given]
        if missing:
            raise DriftError(f"the rows lack {', '.join(missing)}, which the profile has")
        return {column.name: column.count(given[column.name]) for column in self.columns}

    def to_json(self) -> dict[str, Any]:
        """The profile as JSON values; edges and counts are exact."""
        return {
            "format": FORMAT,
            "columns": [column.to_json() for column in self.columns],
            "score": None if self.score is None else self.score.to_json(),
            "losses": None if self.losses is None else self.losses.to_json(),
            "rows": self.rows,
            "base_rate": self.base_rate,
            "isotonic": [list(point) for point in self.isotonic],
            "classes": [list(count) for count in self.classes],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Profile":
        """What `to_json` gave.

        Raises:
            DriftError: It is of another format, or a field is missing.
        """
        if data.get("format") != FORMAT:
            raise DriftError(f"a profile of format {data.get('format')!r}; this release reads format {FORMAT}")
        try:
            return cls(
                columns=tuple(ColumnProfile.from_json(column) for column in data["columns"]),
                score=None if data["score"] is None else ColumnProfile.from_json(data["score"]),
                losses=None if data["losses"] is None else LossProfile.from_json(data["losses"]),
                rows=data["rows"],
                base_rate=data["base_rate"],
                isotonic=tuple((float(score), float(rate)) for score, rate in data["isotonic"]),
                classes=tuple((str(name), int(rows)) for name, rows in data["classes"]),
            )
        except KeyError as error:
            raise DriftError(f"the profile has no {error}") from None


def build_profile(
    train: Columns,
    test: Columns,
    *,
    train_scores: Floats | None = None,
    test_scores: Floats | None = None,
    losses: LossProfile | None = None,
    base_rate: float | None = None,
    isotonic: tuple[tuple[float, float], ...] = (),
) -> Profile:
    """The profile of a training: edges and categories from the training rows, counts of the test rows.

    Args:
        train: Columns of the training rows.
        test: The same columns of the test rows.
        train_scores: Scores of training rows (rows,), which only choose the edges of the score's bins; better
            out-of-fold ones. By default the test rows' own.
        test_scores: Scores of the test rows (rows,).
        losses: Loss of the test rows.
        base_rate: Share of positive test rows.
        isotonic: Points (score, observed rate).

    Raises:
        DriftError: The test rows lack a column, or its kind differs.
    """
    tests = {column.name: column for column in test}
    for column in train:
        if column.name not in tests or tests[column.name].kind != column.kind:
            raise DriftError(f"the test rows have no column {column.name} of kind {column.kind}")
    columns = tuple(build_column(column, tests[column.name].values) for column in train)
    score = None
    if test_scores is not None:
        chosen = test_scores if train_scores is None else train_scores
        score = build_column(Column(SCORE, "number", chosen), test_scores)
    rows = len(test[0].values) if test else 0 if test_scores is None else len(test_scores)
    return Profile(columns, score, losses, rows=rows, base_rate=base_rate, isotonic=isotonic)
