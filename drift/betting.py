"""Evidence against "nothing has changed" that may be read after each look: the wealth of a gambler in a fair game.

While nothing has changed, the probability that the wealth ever reaches 1 / alpha is at most alpha (Ville's inequality),
so an alarm at that level is a test that may be repeated at each look. Wealth is kept as its natural logarithm.

A gambler who has bet since the first look has lost a little at each look without a change. So the capital is divided
over all possible first looks, 1 / (t (t + 1)) to the gambler who starts at look t, and over fast and slow learners.

Source: Shafer, Shen, Vereshchagin and Vovk 2011, Statistical Science 26(1), pp. 84-101 (wealth and Ville's inequality);
Shin, Ramdas and Rinaldo 2024, New England Journal of Statistics in Data Science 2(2), pp. 229-260 (mixtures over first
looks).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from drift.columns import Floats, Integers
from drift.exact import LN2, LN10, exact_log, split_exp

_ARRAYS = ("part", "power", "path", "lowest", "lowest_at", "log10")


@dataclass(frozen=True)
class Look:
    """The evidence after one look.

    Attributes:
        rows: Rows that the watch has seen up to and with this look.
        stream: Name of the stream with the most evidence.
        log10: Its wealth as a power of ten; 2 means a hundredfold.
    """

    rows: int
    stream: str
    log10: float


@dataclass(frozen=True)
class Alarm:
    """The first look at which a stream's wealth reached the limit; it stays.

    Attributes:
        rows: Rows that the watch had seen.
        since: Rows after which the change seems to begin.
        stream: Name of the stream.
        log10: Its wealth then, as a power of ten.
    """

    rows: int
    since: int
    stream: str
    log10: float


class Wealth:
    """Capital of several streams, each played by several gamblers, over all first looks.

    A gambler's capital can be larger and smaller than a float, so it is kept as `part * 2 ** power`.

    Attributes:
        part: Capital of the gamblers that have started (streams, gamblers), from 0.5 to 1, or 0 before the first look.
        power: (streams, gamblers).
        path: Log of the capital of the one who started at the first look (streams, gamblers).
        lowest: The lowest value of `path` (streams, gamblers): where it stands, a change begins.
        lowest_at: Looks closed when `path` was lowest (streams, gamblers).
        log10: Wealth of each stream after the last look as a power of ten (streams,), with what waits for later looks.
        looks: How many looks there were.
    """

    def __init__(self, streams: int, gamblers: int) -> None:
        shape = (streams, gamblers)
        self.part: Floats = np.zeros(shape)
        self.power: Integers = np.zeros(shape, np.int64)
        self.path: Floats = np.zeros(shape)
        self.lowest: Floats = np.zeros(shape)
        self.lowest_at: Integers = np.zeros(shape, np.int64)
        self.log10: Floats = np.zeros(streams)
        self.looks = 0

    def add(self, gains: Floats) -> tuple[Floats, Integers]:
        """Close looks: the evidence of each stream as a power of ten, and after which look its change seems to begin.

        Each is (looks, streams). A change begins where the capital of the gambler who is richest now was lowest.

        Args:
            gains: Log of what each gambler's capital was multiplied by in each look (looks, streams, gamblers).
        """
        parts, powers = self._multiply(gains)
        lowest_at = self._find_lowest(gains)
        richest = np.argmax(_log(parts, powers), axis=2)
        since = np.take_along_axis(lowest_at, richest[:, :, None], axis=2)[:, :, 0]
        top = np.maximum(powers.max(axis=2), 0)
        sums = np.zeros(top.shape)
        for gambler in range(parts.shape[2]):
            sums = sums + np.ldexp(parts[:, :, gambler], powers[:, :, gambler] - top)
        numbers = self.looks + np.arange(1.0, len(gains) + 1)[:, None]
        waiting = np.ldexp(1 / (numbers + 1), -top)
        log10 = (exact_log(sums / parts.shape[2] + waiting) + top * LN2) / LN10
        self.looks += len(gains)
        self.log10 = log10[-1] if len(gains) else self.log10
        return log10, since

    def _multiply(self, gains: Floats) -> tuple[Floats, Integers]:
        """Part and power of each gambler's capital after each look (looks, streams, gamblers) each."""
        factors, shifts = split_exp(gains)
        parts, powers = np.empty(gains.shape), np.empty(gains.shape, np.int64)
        for look, (factor, shift) in enumerate(zip(factors, shifts, strict=True)):
            number = self.looks + look + 1
            top = np.maximum(self.power, 0)
            held = np.ldexp(self.part, self.power - top) + np.ldexp(1 / (number * (number + 1)), -top)
            self.part, moved = np.frexp(held * factor)
            self.power = top + moved + shift
            parts[look], powers[look] = self.part, self.power
        return parts, powers

    def _find_lowest(self, gains: Floats) -> Integers:
        """After which look each path was lowest, as known after each look (looks, streams, gamblers)."""
        paths = np.cumsum(np.concatenate([self.path[None], gains]), axis=0)[1:]
        lows = np.minimum.accumulate(np.concatenate([self.lowest[None], paths]), axis=0)
        numbers = (self.looks + np.arange(1, len(gains) + 1))[:, None, None]
        here = np.where(paths <= lows[:-1], numbers, 0)
        lowest_at = np.maximum.accumulate(np.concatenate([self.lowest_at[None], here]), axis=0)[1:]
        if len(gains):
            self.path, self.lowest, self.lowest_at = paths[-1], lows[-1], lowest_at[-1]
        return lowest_at

    def since(self) -> Integers:
        """After which look each stream's change seems to begin, as known now (streams,)."""
        richest = np.argmax(_log(self.part, self.power), axis=1)
        result: Integers = np.take_along_axis(self.lowest_at, richest[:, None], axis=1)[:, 0]
        return result

    def to_arrays(self) -> dict[str, Floats | Integers]:
        """All but the number of looks; `from_arrays` reads it back."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], looks: int) -> "Wealth":
        """The wealth that `to_arrays` gave, after so many looks."""
        wealth = cls(*arrays["part"].shape)
        for name in _ARRAYS:
            setattr(wealth, name, arrays[name])
        wealth.looks = looks
        return wealth


def _log(parts: Floats, powers: Integers) -> Floats:
    """Log of the capital; very low where the capital is 0 (same shape)."""
    result: Floats = np.where(parts > 0, exact_log(np.where(parts > 0, parts, 0.5)) + powers * LN2, -1e300)
    return result
