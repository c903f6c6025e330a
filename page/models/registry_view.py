"""The registry as the page sees it: asked and changed by `python -m model list|promote|rollback|fetch`."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from page.shell.command import Command, CommandError
from relay.handoff.settings import Settings
from relay.registry.connection import find_registry
from relay.registry.errors import RegistryAwayError
from relay.registry.promotion import HistoryEntry
from relay.registry.quick import find_versions
from relay.registry.versions import CONTRACT_SHA256, ProductionPeriod, Version


@dataclass(frozen=True)
class VersionList:
    """The versions of a recipe's model at one moment."""

    versions: tuple[Version, ...]
    """The newest first."""
    asked_unix: float
    away: str = ""
    """Why the registry did not answer, and what to do; empty when it did."""

    @property
    def production(self) -> Version | None:
        """The version that is served."""
        return next((version for version in self.versions if version.is_production), None)

    @property
    def period(self) -> ProductionPeriod | None:
        """Since when and why it is."""
        found = self.production
        open_ones = [period for period in found.periods if period.until is None] if found else []
        return open_ones[-1] if open_ones else None

    @property
    def history(self) -> list[HistoryEntry]:
        """Who was production when, the newest first."""
        entries = [HistoryEntry(version, period) for version in self.versions for period in version.periods]
        return sorted(entries, key=lambda entry: entry.period.since, reverse=True)

    def find(self, number: int | None) -> Version | None:
        """The version of a number, if there is one."""
        return next((version for version in self.versions if version.number == number), None)


@dataclass(frozen=True)
class Change:
    """Something that a person may do to production, and what it would do."""

    title: str
    button: str
    verb: tuple[str, ...]
    """The command and what it takes beside the recipe."""
    sentences: tuple[str, ...]
    done: str
    """What to say when it has happened."""


def ask_registry(settings: Settings, source: str, *, is_thorough: bool = False) -> VersionList:
    """The versions of a recipe's model.

    Args:
        settings: name the data folder and the registry.
        source: the recipe, by name or path.
        is_thorough: ask by MLflow's client, which takes some seconds. That is done in any case where the registry does
            not answer, to say why, and where the alias was moved outside Relay, which is then noted in the registry.
    """
    if not is_thorough and (versions := _look(settings, source)) is not None:
        return VersionList(tuple(versions), time.time())
    try:
        return _read_version_list(Command(settings, "list", source).run())
    except CommandError as error:
        return VersionList((), time.time(), str(error))


def _look(settings: Settings, source: str) -> list[Version] | None:
    """The versions without MLflow's client; None where only that can say how things are."""
    address = find_registry(settings.data_dir, settings.tracking_uri)
    try:
        versions = [] if address is None else find_versions(address, Path(source).stem)
    except RegistryAwayError:
        return None
    return versions if versions and all(map(_is_settled, versions)) else None


def _is_settled(version: Version) -> bool:
    """Whether the periods of a version say what the alias says."""
    return any(period.until is None for period in version.periods) == version.is_production


def carry_out(settings: Settings, source: str, change: Change, why: str) -> VersionList:
    """Make a change; gives the versions as they are then.

    Raises:
        CommandError: nothing was changed; the message says why.
    """
    verb, *arguments = change.verb
    reason = ["--why", why.strip()] if why.strip() else []
    return _read_version_list(Command(settings, verb, source, (*arguments, *reason)).run())


def fetch_results(settings: Settings, source: str, run_id: str) -> Path:
    """The folder with the results of a run.

    Raises:
        CommandError: they cannot be had.
    """
    return Path(Command(settings, "fetch", source, (run_id,)).run()["folder"])


def plan_promotion(version_list: VersionList, version: Version) -> Change:
    """What promoting a version would do."""
    current = version_list.production
    gate = version.gate
    sentences = [
        f"Version {version.number} becomes production: {describe_score(version)}, data {version.data_sha256[:12]}."
        if current is None
        else f"Production changes from version {current.number} ({describe_score(current)}, data "
        f"{current.data_sha256[:12]}) to version {version.number} ({describe_score(version)}, data "
        f"{version.data_sha256[:12]})."
    ]
    if gate is not None and not gate.get("passes"):
        sentences.append(f"The gate refused version {version.number}: {gate.get('why', '')}")
    if version.unserved:
        sentences.append(f"Version {version.number} is not servable: {version.unserved}. The API will not use it.")
    if CONTRACT_SHA256 not in version.tags:
        sentences.append("It was not registered by Relay: there is no digest to check it by, so it will not be served.")
    sentences.append("Whoever serves this model follows by itself. Roll back brings the version before back.")
    return Change(
        title=f"Promote version {version.number}?",
        button=f"Promote version {version.number}",
        verb=("promote", str(version.number), "--expected", _expect(current)),
        sentences=tuple(sentences),
        done=f"Version {version.number} is production now.",
    )


def plan_rollback(version_list: VersionList) -> Change | None:
    """What rolling back would do; None where nothing was production before."""
    current, period = version_list.production, version_list.period
    target = version_list.find(period.before) if period else None
    if current is None or target is None:
        return None
    return Change(
        title=f"Roll back to version {target.number}?",
        button=f"Roll back to version {target.number}",
        verb=("rollback", "--expected", _expect(current)),
        sentences=(
            f"Version {target.number} ({describe_score(target)}, data {target.data_sha256[:12]}) becomes production "
            f"again, in place of version {current.number} ({describe_score(current)}, data "
            f"{current.data_sha256[:12]}), which stays in the registry.",
            "Whoever serves this model follows by itself. The rollback can be undone.",
        ),
        done=f"Rolled back: version {target.number} is production again.",
    )


def plan_undo(version_list: VersionList) -> Change | None:
    """What undoing the last rollback would do; None where the last change was no rollback."""
    current, period = version_list.production, version_list.period
    target = version_list.find(period.undoes) if period else None
    if current is None or target is None:
        return None
    return Change(
        title="Undo the rollback?",
        button=f"Bring version {target.number} back",
        verb=("rollback", "--undo", "--expected", _expect(current)),
        sentences=(
            f"Version {target.number} ({describe_score(target)}), which was rolled back, becomes production again in "
            f"place of version {current.number} ({describe_score(current)}).",
        ),
        done=f"The rollback is undone: version {target.number} is production again.",
    )


def describe_score(version: Version) -> str:
    """`r2 0.9967`, or that there is none."""
    return "no score" if version.score is None else f"{version.score[0]} {version.score[1]:.4g}"


def _expect(current: Version | None) -> str:
    return "0" if current is None else str(current.number)


def _read_version_list(versions: list[dict[str, Any]]) -> VersionList:
    return VersionList(tuple(map(_read_version, versions)), time.time())


def _read_version(found: dict[str, Any]) -> Version:
    return Version(
        name=found["model"],
        number=found["version"],
        run_id=found["run_id"],
        created_unix=found["created_unix"],
        is_production=found["is_production"],
        tags=found["tags"],
    )
