"""How soon the watch alarms: records, or labels, from a change to the alarm."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from drift.columns import Floats
from drift.harm import LossWatch
from drift.profile import Profile
from drift.ties import hash_ids
from drift.watch import Watch
from monitor.lab.population import Drawn, Population
from monitor.lab.shifts import Shift, change_rows, change_values, find_spread

BEFORE, AFTER = 1_000, 12_000
"""Records of a stream before and after the change."""
NOTHING = "nothing has changed"
WORST = 0.2
"""Harm: some rows are replaced by ones of the fifth with the largest loss."""
LOSS_FACTORS = (1.25, 1.5, 2.0)


@dataclass(frozen=True)
class Delay:
    """How soon a change was found.

    Attributes:
        text: The change.
        kind: Of the change, `none`, or `loss`.
        column: That was changed.
        streams: How many were drawn.
        found: How many alarmed within `AFTER` records of the change; without a change, at all.
        early: How many alarmed before the change.
        median: Records from the change to the alarm; None where fewer than half alarmed.
        slowest: Of the streams that alarmed.
    """

    text: str
    kind: str
    column: str
    streams: int
    found: int
    early: int
    median: int | None
    slowest: int | None


@dataclass(frozen=True)
class Streams:
    """How many streams are drawn."""

    unchanged: int
    changed: int
    seed: int
    alpha: float
    look_rows: int


def measure_streams(
    population: Population, shifts: Sequence[Shift], streams: Streams, tell: Callable[[str], None]
) -> list[Delay]:
    """Streams without and with a change, and when they alarm.

    A change of one column's values is found by the streams of this column: it alone is watched then, against the limit
    of all of them. So the lab is quick, and misses only what others raise by chance.

    Args:
        population: of which.
        shifts: the changes.
        streams: how many.
        tell: takes a line of progress.
    """
    tell(f"{streams.unchanged} streams of {BEFORE + AFTER:,} records without a change")
    alarms = [_watch_unchanged(population, streams, place) for place in range(streams.unchanged)]
    found = [Delay(NOTHING, "none", "", streams.unchanged, sum(alarms), 0, None, None)]
    tell(f"streams of {len(shifts)} changes")
    for number, shift in enumerate(shifts):
        delays = [_watch_change(population, shift, streams, number, place) for place in range(streams.changed)]
        found.append(_sum_up(shift.text, shift.kind, shift.column, delays))
    return found


def measure_losses(population: Population, streams: Streams, tell: Callable[[str], None]) -> list[Delay]:
    """Labels to the alarm of the losses, for losses that rise by some factors."""
    if population.losses is None or population.profile.losses is None:
        return []
    tell("streams of labels")
    losses = population.losses
    mean, worst = float(losses.mean()), np.sort(losses)[-max(int(len(losses) * WORST), 1) :]
    gap = float(worst.mean()) - mean
    found = []
    for factor in (1.0, *LOSS_FACTORS):
        share = (factor - 1) * mean / gap if gap > 0 else 2.0
        if share > 1:
            continue
        number = streams.unchanged if factor == 1 else streams.changed
        delays = []
        for place in range(number):
            random = np.random.default_rng([streams.seed, 8, place])
            drawn = losses[population.draw(BEFORE + AFTER, random)]
            replaced = (random.random(len(drawn)) < share) & (np.arange(len(drawn)) >= BEFORE)
            drawn = np.where(replaced, random.choice(worst, len(drawn)), drawn)
            delays.append(_find_harm(population, drawn, streams))
        if factor == 1:
            alarms = sum(one is not None for one in delays)
            found.append(Delay(NOTHING, "none", "(loss)", number, alarms, 0, None, None))
        else:
            found.append(_sum_up(f"mean loss x {factor:g}", "loss", "(loss)", delays))
    return found


def _find_harm(population: Population, losses: Floats, streams: Streams) -> int | None:
    profile = population.profile.losses
    if profile is None:
        return None
    watch = LossWatch(profile, alpha=streams.alpha)
    watch.look(losses)
    return None if watch.alarm is None else watch.alarm.rows - BEFORE


def _watch_unchanged(population: Population, streams: Streams, place: int) -> bool:
    random = np.random.default_rng([streams.seed, 6, place])
    profile = population.count(population.take(population.draw(population.test_rows, random)))
    drawn = population.take(population.draw(BEFORE + AFTER, random))
    return _alarm(profile, drawn, streams, streams.alpha, place) is not None


def _watch_change(population: Population, shift: Shift, streams: Streams, number: int, place: int) -> int | None:
    """Records from the change to the alarm, negative before it; None without one."""
    random = np.random.default_rng([streams.seed, 7, number, place])
    profile = population.count(population.take(population.draw(population.test_rows, random)))
    chosen = population.draw(BEFORE + AFTER, random)
    alpha = streams.alpha
    if shift.changes_column:
        drawn = population.take(chosen)
        spread = find_spread(population, shift)
        later = change_values(shift, drawn.find(shift.column), spread, random)
        values = np.concatenate([drawn.find(shift.column).values[:BEFORE], later.values[BEFORE:]])
        streams_of_all = len(Watch(profile, refused=True).streams)
        profile = replace(profile, columns=(profile.column(shift.column),), score=None)
        alpha *= len(Watch(profile).streams) / streams_of_all
        drawn = Drawn((later._replace(values=values),), None)
    else:
        changed = change_rows(shift, population, chosen, random)
        drawn = population.take(np.concatenate([chosen[:BEFORE], changed[BEFORE:]]))
    alarm = _alarm(profile, drawn, streams, alpha, place)
    return None if alarm is None else alarm - BEFORE


def _alarm(profile: Profile, drawn: Drawn, streams: Streams, alpha: float, place: int) -> int | None:
    """Records up to the first alarm. Portions of a thousand: what follows the alarm is not looked at."""
    watch = Watch(profile, look_rows=streams.look_rows, alpha=alpha)
    rows = len(drawn.columns[0].values)
    keys = hash_ids(f"{streams.seed}/{place}/{number}" for number in range(rows))
    for start in range(0, rows, 1_000):
        stop = start + 1_000
        columns = [one._replace(values=one.values[start:stop]) for one in drawn.columns]
        watch.look(columns, None if drawn.score is None else drawn.score[start:stop], keys[start:stop])
        if watch.alarm is not None:
            return watch.alarm.rows
    return None


def _sum_up(text: str, kind: str, column: str, delays: Sequence[int | None]) -> Delay:
    found = sorted(one for one in delays if one is not None and one > 0)
    early = sum(one is not None and one <= 0 for one in delays)
    with_all = sorted(np.inf if one is None or one <= 0 else one for one in delays)
    middle = median(with_all)
    return Delay(
        text, kind, column, len(delays), len(found), early,
        int(middle) if np.isfinite(middle) else None, found[-1] if found else None,
    )  # fmt: skip
