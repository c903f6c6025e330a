"""What a whole registry is: each result once, one version in production, and every file as it was registered."""

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from model.release.known import identify_result, is_settled
from model.release.send import VERSION
from relay.handoff.receipt import Receipt
from relay.registry.artifacts import fetch_version
from relay.registry.connection import Address, open_registry
from relay.registry.versions import RESULT, Version, list_versions

MODEL = "line"


def require_whole_registry(address: Address, scratch: Path, sent: Collection[Receipt]) -> list[Version]:
    """The versions, the newest first; what was sent before must be there, each result at most once.

    Raises:
        AssertionError: a version is missing, there twice or not whole, or production is not one version.
    """
    client = open_registry(address)
    versions = list_versions(client, MODEL)
    registered = Counter(version.tags[RESULT] for version in versions)
    assert [result for result, times in registered.items() if times > 1] == [], "a result is there twice"
    assert {identify_result(receipt) for receipt in sent} <= registered.keys(), "a result is missing"
    assert sum(version.is_production for version in versions) == (1 if sent else sum(v.is_production for v in versions))
    for version in versions[:2]:
        folder = scratch / f"fetched {version.number}"
        if not folder.exists():
            fetch_version(client, version, folder)  # checks each file against the contract, and that against its tag
    return versions


def require_settled(address: Address, scratch: Path, sent: Collection[Receipt]) -> None:
    """After an undisturbed run: the newest result is in production, and nothing is open.

    Raises:
        AssertionError: it is not so.
    """
    versions = require_whole_registry(address, scratch, sent)
    *_, last = sent
    assert is_settled(address, last)
    assert len(versions) == len(sent), "a version of no result"
    assert (versions[0].tags[RESULT], versions[0].is_production) == (identify_result(last), True)
    open_periods = [version.number for version in versions for period in version.periods if period.until is None]
    assert open_periods == [versions[0].number]
    client = open_registry(address)
    runs = client.search_runs([client.get_experiment_by_name(MODEL).experiment_id])
    finished = Counter(run.data.tags.get(RESULT) for run in runs if run.info.status == "FINISHED")
    assert finished == Counter(identify_result(receipt) for receipt in sent)
    assert {run.info.status for run in runs} <= {"FINISHED", "KILLED", "FAILED"}
    named = {run.data.tags[VERSION] for run in runs if run.info.status == "FINISHED"}
    assert named == {f"{MODEL}/{version.number}" for version in versions}
