"""A version that harms within its probation is rolled back, once, with the reason and the evidence on its record."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from relay.registry.errors import RegistryEmptyError
from relay.registry.promotion import now_utc, roll_back, settle
from relay.registry.versions import PROBATION, Version, find_production, find_since, read_version

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Probation:
    """What became of a version that the monitor judged harmful."""

    is_rolled_back: bool
    """Whether it is out of production because of this record, now or since an earlier call."""
    why: str
    """In a sentence."""
    production: int | None
    """The version in production afterwards."""


def end_probation(
    client: "MlflowClient",
    name: str,
    number: int,
    *,
    probation: timedelta,
    by: str,
    why: str,
    evidence: Mapping[str, Any],
) -> Probation:
    """Roll a version back if it is in production, within its probation, and another one was before it.

    The record is written first, as a tag of the version: a call that was killed after it is finished by the next one,
    and a call after the rollback changes nothing.

    Args:
        client: of the registry.
        name: the model.
        number: the version that harms.
        probation: how long after its promotion it may be rolled back without a person.
        by: who asks.
        why: in a sentence.
        evidence: as JSON: of the monitor's report.

    Raises:
        RegistryEmptyError: no such version.
        PromotionError: another promotion came between.
    """
    settle(client, name)
    version, holder = read_version(client, name, number), find_production(client, name)
    current = None if holder is None else holder.number
    if current != number:
        is_done = version.probation is not None
        words = "was rolled back before" if is_done else "is not in production"
        return Probation(is_done, f"version {number} of {name} {words}", current)
    if reason := _find_reason_to_keep(version, probation):
        return Probation(False, f"version {number} of {name} stays: {reason}", current)
    record = {"at": now_utc(), "by": by, "why": why, "evidence": dict(evidence)}
    client.set_model_version_tag(name, str(number), PROBATION, json.dumps(record, ensure_ascii=False))
    try:
        target = roll_back(client, name, by, f"version {number} was rolled back within its probation: {why}")
    except RegistryEmptyError as error:
        return Probation(False, f"version {number} of {name} stays: {error.message}", current)
    return Probation(True, f"version {number} of {name} was rolled back to version {target.number}", target.number)


def _find_reason_to_keep(version: Version, probation: timedelta) -> str:
    """Why only a person may take a version out of production; empty where it is within its probation."""
    since = find_since(version.tags)
    if not since:
        return "it is not known since when it is in production"
    if version.probation is not None and version.probation["at"] < since:
        return "it was rolled back within its probation, and a person promoted it again"
    if version.periods[-1].before is None:
        return "no version was in production before it"
    age = datetime.fromisoformat(now_utc()) - datetime.fromisoformat(since)
    if age > probation:
        return f"it has been in production for {age.days} days, which is beyond its probation and the delay of labels"
    return ""
