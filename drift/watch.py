"""Has the data moved since the training? Evidence that may be read after each look, over all columns together.

Each column has a stream of its values and one of whether they are missing; a column of categories also one of whether
they are new. The score is a stream, and refused records are one. The probability that any of them ever alarms while
nothing has changed is at most alpha: a stream alarms when its wealth reaches the number of streams over alpha. (The
mean of their wealth would need less, but betting on it is not a fair game: a stream's p-values are independent of its
own past, not of the past of the others.)
"""

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from drift.betting import Alarm, Look, Wealth
from drift.columns import Booleans, Columns, Floats, Integers
from drift.conformal import WIDTHS, Gamblers, count_pvalues, count_values
from drift.errors import DriftError
from drift.profile import Profile
from drift.recovery import Trial, count_portion, has_ended
from drift.state import Array, Header, pack, unpack
from drift.streams import Records, Stream, begin_streams, check_records, place_records
from drift.ties import Keys, draw_ties

LOOK_ROWS = 200
ALPHA = 0.01
_FORM = "watch 1"
_SLICE_ROWS = 16_384
"""Records that are worked on at once: bounds the memory, and has no effect on the result."""


class Watch:
    """All streams of a version, from its first record on.

    It does not matter in which portions the records come: the same records in the same order give the same bytes.

    Attributes:
        streams: What is watched.
        look_rows: Records per look; evidence is computed after each.
        alpha: Probability that any stream ever alarms although nothing has changed.
        groups: In how many groups values and scores are compared.
        rows: Records seen, those of the look that is not complete among them.
        alarm: The first look at which a stream's evidence reached the limit, until the change has ended.
        ended: How many alarms have ended: then the watch begins again.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        look_rows: int = LOOK_ROWS,
        alpha: float = ALPHA,
        refused: bool = False,
        groups: int = 1,
    ) -> None:
        """Begin with the counts of the profile.

        Args:
            profile: Of the training.
            look_rows: Records per look.
            alpha: Probability of a false alarm over all streams and looks.
            refused: Whether refused records are a stream; the profile's rows count as not refused.
            groups: From 2 on, values and scores are compared with earlier records of the same group alone, such as the
                weekday, and not with the test rows, whose groups are unknown. The other streams are as always.

        Raises:
            DriftError: The profile has no column and no score.
        """
        starts = begin_streams(profile, refused=refused, groups=groups)
        if not starts:
            raise DriftError("the profile has no column and no score: there is nothing to watch")
        self.streams: tuple[Stream, ...] = tuple(starts)
        self.look_rows = look_rows
        self.alpha = alpha
        self.rows = 0
        self.ended = 0
        self.alarm: Alarm | None = None
        self._profile = profile
        self._refused = refused
        self.groups = groups
        self._counts = list(starts.values())
        self._begun = 0
        self._trial: Trial | None = None
        self._pending: Integers = np.zeros((len(WIDTHS), len(self.streams)), np.int64)
        self._gamblers = Gamblers(len(self.streams))
        self._wealth = Wealth(*self._gamblers.held.shape)

    @property
    def log10_evidence(self) -> dict[str, float]:
        """Name of the stream -> its evidence after the last complete look, as a power of ten."""
        return dict(zip([stream.name for stream in self.streams], self._wealth.log10.tolist(), strict=True))

    def limit(self, alpha: float | None = None) -> float:
        """The evidence of one stream from which there is an alarm, as a power of ten."""
        return math.log10(max(len(self.streams), 1) / (self.alpha if alpha is None else alpha))

    def since(self, stream: str) -> int:
        """Records after which a change in the stream seems to begin.

        Args:
            stream: Name of the stream.
        """
        number = [one.name for one in self.streams].index(stream)
        return self._begun + int(self._wealth.since()[number]) * self.look_rows

    def look(
        self,
        columns: Columns,
        score: Floats | None,
        keys: Keys,
        refused: Booleans | None = None,
        *,
        groups: Integers | None = None,
    ) -> tuple[Look, ...]:
        """Take further records; the looks that they completed.

        Args:
            columns: The columns of the profile, in any order, with a value for each record (n,).
            score: Score of each record (n,), where the profile has one.
            keys: Of the records, from `ties.hash_ids` (n,).
            refused: Which records were refused (n,); their values and scores do not count. None: none of them.
            groups: Group of each record, below the number of groups (n,); needed where there are several.

        Raises:
            DriftError: A column of the profile, the score or the groups are not given, or the lengths differ.
        """
        if groups is None and self.groups > 1:
            raise DriftError(f"the records lack their groups: the watch was begun with {self.groups} of them")
        is_divided = groups is not None and self.groups > 1
        records = Records(columns, score, keys, refused, groups if is_divided else None)
        check_records(self._profile, records)
        looks: list[Look] = []
        start, first = 0, self.rows
        while start < len(keys):
            rows = _SLICE_ROWS if self._trial is None else min(_SLICE_ROWS, self._trial.end - self.rows)
            looks += self._advance(records.cut(start, start + rows))
            start = self.rows - first
        return tuple(looks)

    def _advance(self, records: Records) -> list[Look]:
        """Take records up to the first point where something changes: an alarm, or the end of a trial."""
        before, counts = copy(self), list(self._counts)
        gamblers, wealth = copy(self._gamblers), copy(self._wealth)
        looks = self._take(records)
        if self._trial is None and self.alarm is not None:
            if self.alarm.rows < self.rows:  # go back, and stop at the look of the alarm
                rows = self.alarm.rows - before.rows
                self.__dict__.update(before.__dict__ | {"_counts": counts, "_gamblers": gamblers, "_wealth": wealth})
                looks = self._take(records.cut(0, rows))
            self._begin_trial()
        elif self._trial is not None and self.rows == self._trial.end:
            self._judge_trial(self._trial)
        return looks

    def _begin_trial(self) -> None:
        if self.alarm is not None:
            starts = begin_streams(self._profile, refused=self._refused, groups=self.groups)
            reference = tuple(starts.values()) if self.groups == 1 else tuple(self._counts)
            self._trial = Trial(reference, tuple(self._counts), self.rows, count_portion(self.alarm, self.look_rows))

    def _judge_trial(self, trial: Trial) -> None:
        """Begin again if the change has ended, else look for its end in the next portion."""
        if not has_ended(trial, self._counts, [stream.kind for stream in self.streams]):
            self._trial = replace(trial, mark=tuple(self._counts), begin=self.rows)
            return
        self.alarm, self._trial, self._begun, self.ended = None, None, self.rows, self.ended + 1
        self._counts = list(trial.reference)
        self._gamblers = Gamblers(len(self.streams))
        self._wealth = Wealth(*self._gamblers.held.shape)

    def _take(self, records: Records) -> list[Look]:
        in_look = self.rows % self.look_rows
        looks = (in_look + np.arange(len(records.keys))) // self.look_rows
        touched = int(looks[-1]) + 1
        histograms = np.zeros((touched, *self._pending.shape), np.int64)
        placed = place_records(self._profile, records, refused=self._refused)
        for number, (stream, (rows, places)) in enumerate(zip(self.streams, placed, strict=True)):
            ties = draw_ties(records.keys[rows], stream.name)
            pvalues, self._counts[number] = count_values(self._counts[number], places, ties, records.find_groups(rows))
            histograms[:, :, number] = count_pvalues(pvalues, looks[rows], touched)
        histograms[0] += self._pending
        complete = (in_look + len(records.keys)) // self.look_rows
        self._pending = histograms[-1] if complete < touched else np.zeros_like(self._pending)
        self.rows += len(records.keys)
        return self._close(histograms[:complete])

    def _close(self, histograms: Integers) -> list[Look]:
        looks, before = [], self._wealth.looks
        evidence, lowest_at = self._wealth.add(self._gamblers.play(histograms))
        for number, (log10, begun) in enumerate(zip(evidence, lowest_at, strict=True), before + 1):
            most = int(np.argmax(log10))
            look = Look(self._begun + number * self.look_rows, self.streams[most].name, float(log10[most]))
            looks.append(look)
            if self.alarm is None and look.log10 >= self.limit():
                since = self._begun + int(begun[most]) * self.look_rows
                self.alarm = Alarm(look.rows, since, look.stream, look.log10)
        return looks

    def to_bytes(self) -> bytes:
        """The whole state; `from_bytes` continues from it, bit for bit as if it had not stopped."""
        alarm = None if self.alarm is None else [self.alarm.rows, self.alarm.since, self.alarm.stream, self.alarm.log10]
        header = {
            "streams": self._list_streams(),
            "look_rows": self.look_rows,
            "alpha": self.alpha,
            "refused": self._refused,
            "groups": self.groups,
            "rows": self.rows,
            "looks": self._wealth.looks,
            "begun": self._begun,
            "ended": self.ended,
            "alarm": alarm,
            "trial": None if self._trial is None else [self._trial.begin, self._trial.rows],
        }
        arrays = {
            "counts": _join(self._counts),
            "reference": _join(() if self._trial is None else self._trial.reference),
            "mark": _join(() if self._trial is None else self._trial.mark),
            "pending": self._pending,
            "memory": self._gamblers.memory,
            "held": self._gamblers.held,
        }
        return pack(_FORM, header, arrays | self._wealth.to_arrays())

    @classmethod
    def from_bytes(cls, data: bytes, profile: Profile) -> "Watch":
        """The watch that `to_bytes` wrote.

        Args:
            data: From `to_bytes`.
            profile: With which it was begun.

        Raises:
            DriftError: The bytes are no such state, or were begun with another profile.
        """
        header, arrays = unpack(_FORM, data)
        settings = {name: header[name] for name in ("look_rows", "alpha", "refused", "groups")}
        watch = cls(profile, **settings)
        found, expected = header["streams"], watch._list_streams()
        if found != expected:
            other = next((one for one in [*found, *expected] if (one in found) != (one in expected)), found[0])
            raise DriftError(
                f"the state watches other streams than the profile says ({other[0]} with {other[1]} bins is in one of "
                "them only): it is of another version. Delete the state to start again from the profile."
            )
        watch._restore(header, arrays)
        return watch

    def _list_streams(self) -> list[list[object]]:
        """Name and number of bins of each stream."""
        return [[stream.name, counts.shape[1]] for stream, counts in zip(self.streams, self._counts, strict=True)]

    def _restore(self, header: Header, arrays: dict[str, Array]) -> None:
        self.rows = header["rows"]
        self.alarm = None if header["alarm"] is None else Alarm(*header["alarm"])
        self._begun, self.ended = header["begun"], header["ended"]
        self._counts = _split(arrays["counts"], self._counts)
        if header["trial"] is not None:
            reference, mark = (tuple(_split(arrays[name], self._counts)) for name in ("reference", "mark"))
            self._trial = Trial(reference, mark, *header["trial"])
        self._pending = arrays["pending"]
        self._gamblers.memory, self._gamblers.held = arrays["memory"], arrays["held"]
        self._wealth = Wealth.from_arrays(arrays, header["looks"])


def _join(counts: Sequence[Integers]) -> Integers:
    return np.concatenate([*(one.ravel() for one in counts), np.empty(0, np.int64)])


def _split(joined: Integers, like: Sequence[Integers]) -> list[Integers]:
    parts = np.split(joined, np.cumsum([one.size for one in like])[:-1])
    return [part.reshape(one.shape) for part, one in zip(parts, like, strict=True)]
