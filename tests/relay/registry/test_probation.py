"""A version that harms within its probation is rolled back once; a person's word outlasts the monitor's."""

from datetime import timedelta
from typing import Any

import pytest

from relay.registry import probation as module
from relay.registry.probation import Probation, end_probation
from relay.registry.promotion import promote, read_history
from relay.registry.shift import accept_shift
from relay.registry.versions import find_alias, read_version

Register = Any
WEEK = timedelta(days=7)


def end(client: Any, name: str, number: int, probation: timedelta = WEEK) -> Probation:
    return end_probation(
        client, name, number, probation=probation, by="schedule", why="harm: Brier 0.08", evidence={"log10": 3.2}
    )


@pytest.fixture
def promoted(client: Any, register: Register, request: pytest.FixtureRequest) -> str:
    """A model of which version 2 was promoted after version 1; its name is the test's."""
    name = str(request.node.name).split("[")[0][-60:]
    register(name), register(name)
    promote(client, name, 1, "ann", "first")
    promote(client, name, 2, "ann", "better")
    return name


def test_a_harmful_version_is_rolled_back_with_reason_and_evidence(client: Any, promoted: str) -> None:
    found = end(client, promoted, 2)
    assert (found.is_rolled_back, found.production, find_alias(client, promoted)) == (True, 1, 1)
    record = read_version(client, promoted, 2).probation
    assert record is not None
    assert {key: record[key] for key in ("by", "why", "evidence")} == {
        "by": "schedule",
        "why": "harm: Brier 0.08",
        "evidence": {"log10": 3.2},
    }
    newest = read_history(client, promoted)[0]
    assert (newest.version.number, newest.period.undoes, newest.period.why) == (
        1,
        2,
        "version 2 was rolled back within its probation: harm: Brier 0.08",
    )


def test_a_second_call_changes_nothing(client: Any, promoted: str) -> None:
    end(client, promoted, 2)
    before = len(read_history(client, promoted))
    found = end(client, promoted, 2)
    assert (found.is_rolled_back, found.production, len(read_history(client, promoted))) == (True, 1, before)


def test_a_call_that_was_killed_after_the_record_is_finished_by_the_next(
    client: Any, promoted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "roll_back", die)
        with pytest.raises(KeyboardInterrupt):
            end(client, promoted, 2)
    assert find_alias(client, promoted) == 2
    assert end(client, promoted, 2).production == 1


def test_a_version_beyond_its_probation_stays(client: Any, promoted: str) -> None:
    found = end(client, promoted, 2, timedelta(0))
    assert (found.is_rolled_back, found.production) == (False, 2)
    assert "beyond its probation" in found.why
    assert read_version(client, promoted, 2).probation is None


def test_a_version_that_a_person_promoted_again_stays(client: Any, promoted: str) -> None:
    end(client, promoted, 2)
    promote(client, promoted, 2, "ann", "the labels were wrong")
    found = end(client, promoted, 2)
    assert (found.is_rolled_back, found.production) == (False, 2)
    assert "a person promoted it again" in found.why


def test_the_first_version_and_one_out_of_production_stay(client: Any, register: Register) -> None:
    register("alone"), register("alone")
    promote(client, "alone", 1, "ann", "first")
    assert "no version was in production before it" in end(client, "alone", 1).why
    assert end(client, "alone", 2) == Probation(False, "version 2 of alone is not in production", 1)


def test_an_accepted_shift_is_read_from_the_version(client: Any, promoted: str) -> None:
    assert read_version(client, promoted, 2).accepted == ""
    version = accept_shift(client, promoted, 2, "ann", "younger customers since the campaign")
    assert version.accepted.startswith("by ann on 20")
    assert version.accepted.endswith("(younger customers since the campaign)")
