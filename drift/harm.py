"""Is the loss of labelled rows higher than that of the test rows? Evidence that may be read after each look.

The null hypothesis is that the mean loss, given the past, is at most the upper 99.5% bound of the test rows' mean. So
there are two ways to raise a false alarm: the bound is too low (0.5%), or the betting against it wins (alpha).

Source: Waudby-Smith and Ramdas 2024, Journal of the Royal Statistical Society B 86(1), pp. 1-27 (betting on a bounded
mean).
"""

import math

import numpy as np

from drift.betting import Alarm, Look, Wealth
from drift.columns import Floats
from drift.errors import DriftError
from drift.exact import exact_log
from drift.losses import LossProfile
from drift.state import pack, unpack

STREAM = "(loss)"
LOOK_ROWS = 200
ALPHA = 0.01
_FORM = "losses 1"
_KEPT = 0.8705505632961241
"""What remains of the memory after a look: half after five looks."""
_FEW = 50
_FIRST_BET = 0.03
"""With fewer than so many labels in memory, this part of the loss is at stake."""
_MOST_AT_STAKE = 0.5
_LEAST_VARIANCE = 1e-4


class LossWatch:
    """Evidence that the mean loss is above the bound, after each look of `look_rows` labels.

    It does not matter in which portions the losses come: the same losses in the same order give the same bytes.

    Attributes:
        bound: The mean loss of the null hypothesis.
        look_rows: Labels per look.
        alpha: Probability that it ever alarms although the mean loss is at most the bound.
        alarm: The first look at which the evidence reached the limit.
    """

    def __init__(self, profile: LossProfile, *, look_rows: int = LOOK_ROWS, alpha: float = ALPHA) -> None:
        self.bound = profile.bound
        self.look_rows = look_rows
        self.alpha = alpha
        self.alarm: Alarm | None = None
        self._wealth = Wealth(1, 1)
        self._memory = [0.0, 0.0, 0.0]  # how many losses, their sum, the sum of their squares; older ones fade
        self._pending: Floats = np.empty(0)

    @property
    def rows(self) -> int:
        """Losses seen, those of the look that is not complete among them."""
        return self._wealth.looks * self.look_rows + len(self._pending)

    @property
    def log10_evidence(self) -> dict[str, float]:
        """Evidence after the last complete look, as a power of ten, under the name of the stream."""
        return {STREAM: float(self._wealth.log10[0])}

    def limit(self, alpha: float | None = None) -> float:
        """The evidence from which there is an alarm, as a power of ten."""
        return -math.log10(self.alpha if alpha is None else alpha)

    def look(self, losses: Floats) -> tuple[Look, ...]:
        """Take further losses; the looks that they completed.

        Args:
            losses: From `measure_losses`, in the order in which the labels came (n,).

        Raises:
            DriftError: A loss is not from 0 to 1.
        """
        if not np.all((losses >= 0) & (losses <= 1)):
            raise DriftError("found a loss outside 0 to 1: measure losses with measure_losses and the profile's scale")
        waiting = np.concatenate([self._pending, losses])
        complete = len(waiting) // self.look_rows
        looks = tuple(self._close(part) for part in waiting[: complete * self.look_rows].reshape(-1, self.look_rows))
        self._pending = waiting[complete * self.look_rows :]
        return looks

    def _close(self, losses: Floats) -> Look:
        factors = 1 + self._choose_bet() * (losses - self.bound)
        gain = math.fsum(exact_log(factors).tolist())
        evidence, since = self._wealth.add(np.array([[[gain]]]))
        sums = (float(len(losses)), math.fsum(losses.tolist()), math.fsum((losses * losses).tolist()))
        self._memory = [old * _KEPT + new for old, new in zip(self._memory, sums, strict=True)]
        look = Look(self._wealth.looks * self.look_rows, STREAM, float(evidence[0, 0]))
        if self.alarm is None and look.log10 >= self.limit():
            self.alarm = Alarm(look.rows, int(since[0, 0]) * self.look_rows, STREAM, look.log10)
        return look

    def _choose_bet(self) -> float:
        """How much to bet on "higher": by mean and variance of the losses in memory, as Kelly would, never all."""
        count, total, squares = self._memory
        most = _MOST_AT_STAKE / self.bound
        if count < _FEW:
            return min(_FIRST_BET, most)
        mean = total / count
        excess = mean - self.bound
        variance = max(squares / count - mean * mean, _LEAST_VARIANCE)
        return min(max(0.0, excess / (variance + excess * excess)), most)

    def to_bytes(self) -> bytes:
        """The whole state; `from_bytes` continues from it, bit for bit as if it had not stopped."""
        alarm = None if self.alarm is None else [self.alarm.rows, self.alarm.since, self.alarm.log10]
        header = {"bound": self.bound, "look_rows": self.look_rows, "alpha": self.alpha, "alarm": alarm}
        arrays = {"memory": np.array(self._memory), "pending": self._pending}
        return pack(_FORM, header | {"looks": self._wealth.looks}, arrays | self._wealth.to_arrays())

    @classmethod
    def from_bytes(cls, data: bytes, profile: LossProfile) -> "LossWatch":
        """The watch that `to_bytes` wrote.

        Args:
            data: From `to_bytes`.
            profile: With which it was begun.

        Raises:
            DriftError: The bytes are no such state, or were begun with another profile.
        """
        header, arrays = unpack(_FORM, data)
        if header["bound"] != profile.bound:
            raise DriftError(
                f"the state tests a mean loss of {header['bound']}, the profile says {profile.bound}: "
                "it is of another version. Delete the state to start again from the profile."
            )
        watch = cls(profile, look_rows=header["look_rows"], alpha=header["alpha"])
        watch._memory, watch._pending = arrays["memory"].tolist(), arrays["pending"]
        watch._wealth = Wealth.from_arrays(arrays, header["looks"])
        if header["alarm"]:
            rows, since, log10 = header["alarm"]
            watch.alarm = Alarm(rows, since, STREAM, log10)
        return watch
