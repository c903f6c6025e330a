"""The streams of a watch: what each begins with, and the bin of each record in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from drift.column_profile import ColumnProfile
from drift.columns import Booleans, Column, Columns, Floats, Integers, Kind, Values, find_missing, read_values
from drift.errors import DriftError
from drift.profile import Profile
from drift.ties import Keys

REFUSED = "(refused)"


@dataclass(frozen=True)
class Stream:
    """What is watched.

    Attributes:
        column: Name of the column, of the score, or `REFUSED`.
        what: Of the column: its values, whether they are missing, or whether they are new categories.
        kind: Of the values.
    """

    column: str
    what: Literal["values", "missing", "new", "refused"]
    kind: Kind = "number"

    @property
    def name(self) -> str:
        """The name under which evidence is given: `values: age`, `missing: age`."""
        return f"{self.what}: {self.column}"


class Records(NamedTuple):
    """Records in the order of the log.

    Attributes:
        columns: In any order, with a value for each record (n,).
        score: Score of each record (n,), where the profile has one.
        keys: Of the records (n,).
        refused: Which records were refused (n,); their values and scores do not count. None: none of them.
        groups: Group of each record, from 0 (n,). None: all are one group.
    """

    columns: Columns
    score: Floats | None
    keys: Keys
    refused: Booleans | None
    groups: Integers | None = None

    def cut(self, start: int, stop: int) -> "Records":
        """The records from `start` to before `stop`."""
        return Records(
            [Column(column.name, column.kind, column.values[start:stop]) for column in self.columns],
            None if self.score is None else self.score[start:stop],
            self.keys[start:stop],
            None if self.refused is None else self.refused[start:stop],
            None if self.groups is None else self.groups[start:stop],
        )

    def find_groups(self, rows: Integers) -> Integers | None:
        """Groups of the records with these numbers (counted,), if they have any."""
        return None if self.groups is None else self.groups[rows]


class Placed(NamedTuple):
    """The records that a stream counts.

    Attributes:
        records: Their numbers, rising (counted,).
        places: Their bins (counted,).
    """

    records: Integers
    places: Integers


def begin_streams(profile: Profile, *, refused: bool, groups: int = 1) -> dict[Stream, Integers]:
    """Stream -> counts per group and bin (groups, bins) before the first record, in the order of `place_records`.

    They are those of the test rows; where there are several groups, values begin without any.

    Args:
        profile: Of the training.
        refused: Whether refused records are a stream; the test rows count as not refused.
        groups: How many groups of records there are.
    """
    return {
        stream: np.zeros((groups, len(counts)), np.int64) if stream.what == "values" and groups > 1 else counts[None]
        for stream, counts in _count_test_rows(profile, refused=refused).items()
    }


def _count_test_rows(profile: Profile, *, refused: bool) -> dict[Stream, Integers]:
    starts: dict[Stream, Integers] = {}
    for column in profile.columns:
        starts[Stream(column.name, "values", column.kind)] = np.array(column.counts, np.int64)
        starts[Stream(column.name, "missing")] = np.array([column.rows - column.missing, column.missing], np.int64)
        if _has_new(column):
            present = column.rows - column.missing
            starts[Stream(column.name, "new")] = np.array([present - column.new, column.new], np.int64)
    if profile.score is not None:
        starts[Stream(profile.score.name, "values")] = np.array(profile.score.counts, np.int64)
    if refused:
        starts[Stream(REFUSED, "refused")] = np.array([profile.rows, 0], np.int64)
    return starts


def place_records(profile: Profile, records: Records, *, refused: bool) -> Iterator[Placed]:
    """The records and bins of each stream, in the order of `begin_streams`.

    Args:
        profile: Of the training.
        records: Records that `check_records` let through.
        refused: Whether refused records are a stream.
    """
    given = {column.name: column.values for column in records.columns}
    is_refused = np.zeros(len(records.keys), np.bool_) if records.refused is None else records.refused
    accepted = np.flatnonzero(~is_refused)
    for column in profile.columns:
        values = given[column.name][accepted]
        place = _place_categories if column.kind == "category" else _place_numbers
        yield from place(column, values, accepted)
    if profile.score is not None and records.score is not None:
        scores = records.score[accepted]
        yield Placed(accepted[~np.isnan(scores)], profile.score.place(scores))
    if refused:
        yield Placed(np.arange(len(is_refused)), is_refused.astype(np.int64))


def _place_numbers(column: ColumnProfile, values: Values, accepted: Integers) -> Iterator[Placed]:
    is_missing = find_missing(column.kind, values)
    yield Placed(accepted[~is_missing], column.place(values))
    yield Placed(accepted, is_missing.astype(np.int64))


def _place_categories(column: ColumnProfile, values: Values, accepted: Integers) -> Iterator[Placed]:
    """Look up each distinct value once: there are far fewer of them than records."""
    distinct, numbers = _find_distinct(values)
    is_missing = find_missing("category", distinct)
    present = accepted[~is_missing[numbers]]
    held = (np.cumsum(~is_missing) - 1)[numbers[~is_missing[numbers]]]
    yield Placed(present, column.place(distinct)[held])
    yield Placed(accepted, is_missing[numbers].astype(np.int64))
    if _has_new(column):
        yield Placed(present, column.find_new(distinct).astype(np.int64)[held])


def _find_distinct(values: Values) -> tuple[Values, Integers]:
    """The distinct values (distinct,), and the number of each record's (records,)."""
    listed = values.tolist()
    found = dict.fromkeys(listed)
    if not set(map(type, found)) <= {str, type(None)}:  # 1, 1.0 and True are equal, and three categories
        listed = read_values("category", values).tolist()
        found = dict.fromkeys(listed)
    numbers = {value: number for number, value in enumerate(found)}
    distinct = np.empty(len(numbers), object)
    distinct[:] = list(numbers)
    return distinct, np.fromiter(map(numbers.__getitem__, listed), np.int64, len(listed))


def check_records(profile: Profile, records: Records) -> None:
    """Do nothing if the records have all that the profile watches.

    Raises:
        DriftError: A column of the profile or the score is not given, or the lengths differ.
    """
    lengths = {column.name: len(column.values) for column in records.columns}
    lacking = [column.name for column in profile.columns if column.name not in lengths]
    if lacking:
        raise DriftError(f"the records lack {', '.join(lacking)}, which the profile has")
    if profile.score is not None and records.score is None:
        raise DriftError("the records lack the score, which the profile has")
    lengths |= {} if records.score is None else {"(score)": len(records.score)}
    lengths |= {} if records.refused is None else {REFUSED: len(records.refused)}
    lengths |= {} if records.groups is None else {"the group": len(records.groups)}
    others = {name: rows for name, rows in lengths.items() if rows != len(records.keys)}
    if others:
        name, rows = next(iter(others.items()))
        raise DriftError(f"found {rows:,} values of {name} for {len(records.keys):,} records")


def _has_new(column: ColumnProfile) -> bool:
    """Whether a value can be new: of a category, and not where nearly each value is."""
    return column.kind == "category" and not column.is_open
