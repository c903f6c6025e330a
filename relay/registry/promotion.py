"""Who is production: promote, roll back, and the history of both.

Order of a promotion, each step safe to be killed after:

    the new version gets an open period    nothing has changed yet for whoever follows the alias
    the alias moves                        the commit
    the alias is read again                another promotion may have come between: then that one is in force
    the old version's period is closed

A production period that is open without the alias, or an alias without one (it was moved in MLflow's own page), is put
right by `settle`, which every command calls first.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from relay.registry.errors import PromotionError, RegistryEmptyError
from relay.registry.versions import (
    PRODUCTION,
    ProductionPeriod,
    Version,
    find_alias,
    find_production,
    list_versions,
    read_version,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

OUTSIDE = "somebody outside Relay"
"""Who moved an alias that we find moved."""


@dataclass(frozen=True)
class HistoryEntry:
    """A line of the history: which version was production from when to when."""

    version: Version
    period: ProductionPeriod


def promote(
    client: "MlflowClient", name: str, number: int, by: str, why: str, *, expected: int | str | None = "any"
) -> Version:
    """Make a version production; gives it as it is then.

    Args:
        client: of the registry.
        name: the model.
        number: the version.
        by: who wants it.
        why: in a sentence.
        expected: the version that must hold the alias before (None: no version), or "any".

    Raises:
        RegistryEmptyError: no such version.
        PromotionError: it is production already, or another promotion came between.
    """
    settle(client, name)
    version = read_version(client, name, number)
    before = find_alias(client, name)
    if before == number:
        raise PromotionError(f"version {number} of {name} is production already")
    if expected not in ("any", before):
        raise PromotionError(
            f"{_name_version(name, before)} became production meanwhile, expected "
            f"{_name_version(name, expected if isinstance(expected, int) else None)}",
            next_step="Look at `list`, then try again",
        )
    _point(client, version, before, _open(version, by=by, why=why, before=before))
    return read_version(client, name, number)


def roll_back(client: "MlflowClient", name: str, by: str, why: str) -> Version:
    """Bring back the version that was production before the one that is; gives it.

    A second call goes one further back. To undo it, promote the version that was rolled back.

    Raises:
        RegistryEmptyError: nothing is production, or nothing was before it.
        PromotionError: another promotion came between.
    """
    settle(client, name)
    current = find_production(client, name)
    if current is None:
        raise RegistryEmptyError(f"no version of {name} is production, so there is none to roll back")
    period = _current_period(current)
    if period.before is None:
        raise RegistryEmptyError(f"version {current.number} of {name} is the first that was production: nothing before")
    target = read_version(client, name, period.before)
    # What was before the target when it came into force, so that a second rollback goes on from there.
    further = target.periods[-1].before if target.periods else None
    opened = replace(_open(target, by=by, why=why, before=further), undoes=current.number)
    _point(client, target, current.number, opened)
    return read_version(client, name, target.number)


def read_history(client: "MlflowClient", name: str) -> list[HistoryEntry]:
    """Who was production when, the newest first; what was moved outside Relay is noted when it is found."""
    settle(client, name)
    entries = [HistoryEntry(version, period) for version in list_versions(client, name) for period in version.periods]
    return sorted(entries, key=lambda entry: entry.period.since, reverse=True)


def settle(client: "MlflowClient", name: str) -> bool:
    """Let the production periods say what the alias says; gives whether something had to be put right."""
    versions = list_versions(client, name)
    changed = False
    holder = next((version for version in versions if version.is_production), None)
    stale = [
        (version, period)
        for version in versions
        for period in version.periods
        if period.until is None and not version.is_production
    ]
    if holder is not None and not any(period.until is None for period in holder.periods):
        latest = max(stale, key=lambda pair: pair[1].since, default=None)
        before = latest[0].number if latest else None
        _write(client, holder, _open(holder, by=OUTSIDE, why="the alias was moved outside Relay", before=before))
        changed = True
    current = None if holder is None else next((one for one in holder.periods if one.until is None), None)
    for version, period in stale:
        # Read once more: a promotion that is under way has opened this one and is about to move the alias.
        if find_alias(client, name) == version.number:
            continue
        if holder is not None and current is not None and current.before == version.number:
            _close(client, version, period, f"version {holder.number} became production: {current.why}")
        elif not _is_young(period):
            _close(client, version, period, "the alias was moved or the promotion was interrupted")
        else:
            continue
        changed = True
    return changed


UNDER_WAY_SECONDS = 10
"""How long after a period was opened its promotion may still be under way: the alias moves two requests later."""


def _is_young(period: ProductionPeriod) -> bool:
    since = datetime.fromisoformat(period.since)
    return (datetime.now(UTC) - since).total_seconds() < UNDER_WAY_SECONDS


def _point(client: "MlflowClient", version: Version, before: int | None, period: ProductionPeriod) -> None:
    """Move the alias to a version, with its production period, and close the one before.

    Raises:
        PromotionError: another promotion came between; it stays in force.
    """
    name = version.name
    _write(client, version, period)
    # MLflow has no compare-and-set: a race shows only when the alias is read before and after.
    if find_alias(client, name) != before:
        _close(client, version, period, "overtaken by another promotion")
        raise PromotionError(
            f"{name} was promoted or rolled back by another process meanwhile", next_step="Look at `list`"
        )
    client.set_registered_model_alias(name, PRODUCTION, str(version.number))
    holder = find_alias(client, name)
    if holder != version.number:
        _close(client, version, period, "overtaken by another promotion")
        raise PromotionError(f"{_name_version(name, holder)} was promoted at the same time and is production now")
    if before is not None:
        old = read_version(client, name, before)
        for open_one in old.periods:
            if open_one.until is None:
                _close(client, old, open_one, f"version {version.number} became production: {period.why}")


def _open(version: Version, *, by: str, why: str, before: int | None) -> ProductionPeriod:
    # A promotion that was interrupted has left a period open: this one takes its place.
    left = next((period.number for period in version.periods if period.until is None), None)
    number = left or max((period.number for period in version.periods), default=0) + 1
    return ProductionPeriod(number, now_utc(), None, by, why, before)


def _close(client: "MlflowClient", version: Version, period: ProductionPeriod, why: str) -> None:
    _write(client, version, replace(period, until=now_utc(), ended_why=why))


def _write(client: "MlflowClient", version: Version, period: ProductionPeriod) -> None:
    key, value = period.to_tag()
    client.set_model_version_tag(version.name, str(version.number), key, value)


def _current_period(version: Version) -> ProductionPeriod:
    return next(period for period in reversed(version.periods) if period.until is None)  # settled before


def _name_version(name: str, number: int | None) -> str:
    return f"no version of {name}" if number is None else f"version {number} of {name}"


def now_utc() -> str:
    """This moment as 2026-11-20T10:03:18.123456Z: fine enough to put promotions in order."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
