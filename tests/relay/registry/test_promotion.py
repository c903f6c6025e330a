"""Who is production: promoted, rolled back, moved from outside, and by several at once; embedded and by a server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from relay.registry import promotion
from relay.registry.connection import Address, open_registry
from relay.registry.errors import PromotionError, RegistryEmptyError
from relay.registry.promotion import OUTSIDE, promote, read_history, roll_back, settle
from relay.registry.versions import (
    PRODUCTION,
    ProductionPeriod,
    Version,
    find_alias,
    find_production,
    list_versions,
    read_version,
)

Register = Any


def history(client: Any, name: str) -> list[tuple[int, bool, str]]:
    """Version, whether its period goes on, and why it began; the newest first."""
    return [(one.version.number, one.period.until is None, one.period.why) for one in read_history(client, name)]


def test_without_a_promotion_nothing_is_production(client: Any, register: Register) -> None:
    register("quiet")
    assert (find_production(client, "quiet"), read_history(client, "quiet")) == (None, [])


def test_a_model_that_does_not_exist_has_no_versions(client: Any) -> None:
    assert (list_versions(client, "nobody"), find_production(client, "nobody")) == ([], None)


def test_the_tag_of_a_production_period_is_the_one_of_release_0_1() -> None:
    period = ProductionPeriod(1, "2026-11-20T10:00:00.000000Z", None, "Ann", "why", None)
    value = (
        '{"since": "2026-11-20T10:00:00.000000Z", "until": null, "by": "Ann", "why": "why", "before": null, '
        '"undoes": null, "ended_why": ""}'
    )
    assert period.to_tag() == ("relay.tenure.0001", value)
    assert Version("linear", 1, "", 0.0, is_production=True, tags={"relay.tenure.0001": value}).periods == [period]


def test_a_promotion_moves_the_alias_and_closes_the_period_before(client: Any, register: Register) -> None:
    register("steps"), register("steps")
    promote(client, "steps", 1, "ann", "first")
    now = promote(client, "steps", 2, "bob", "better")
    assert (now.number, now.is_production) == (2, True)
    assert history(client, "steps") == [(2, True, "better"), (1, False, "first")]
    assert [one.period.by for one in read_history(client, "steps")] == ["bob", "ann"]


def test_the_production_version_cannot_be_promoted_again(client: Any, register: Register) -> None:
    register("again")
    promote(client, "again", 1, "ann", "first")
    with pytest.raises(PromotionError, match="version 1 of again is production already"):
        promote(client, "again", 1, "ann", "again")
    assert len(read_history(client, "again")) == 1


def test_a_version_that_does_not_exist_is_refused(client: Any, register: Register) -> None:
    register("few")
    with pytest.raises(RegistryEmptyError, match="no version 7 of few"):
        promote(client, "few", 7, "ann", "why")


def test_rolling_back_goes_one_further_each_time_and_ends_at_the_first(client: Any, register: Register) -> None:
    for _ in range(3):
        register("stack")
    for number in (1, 2, 3):
        promote(client, "stack", number, "ann", f"take {number}")
    assert roll_back(client, "stack", "bob", "3 is bad").number == 2
    assert roll_back(client, "stack", "bob", "2 is bad too").number == 1
    with pytest.raises(RegistryEmptyError, match="nothing before"):
        roll_back(client, "stack", "bob", "and 1")
    assert [(number, goes_on) for number, goes_on, _ in history(client, "stack")] == [
        (1, True), (2, False), (3, False), (2, False), (1, False),
    ]  # fmt: skip


def test_a_rollback_says_what_it_undoes_so_that_it_can_be_undone(client: Any, register: Register) -> None:
    register("undo"), register("undo")
    promote(client, "undo", 1, "ann", "a"), promote(client, "undo", 2, "ann", "b")
    roll_back(client, "undo", "ann", "oops")
    last = read_history(client, "undo")[0].period
    assert last.undoes == 2
    assert promote(client, "undo", 2, "ann", "back").is_production


def test_a_promotion_outside_is_noticed_and_can_be_rolled_back(client: Any, register: Register) -> None:
    register("moved"), register("moved")
    promote(client, "moved", 1, "ann", "first")
    client.set_registered_model_alias("moved", PRODUCTION, "2")
    found = read_history(client, "moved")
    assert [(one.version.number, one.period.by) for one in found] == [(2, OUTSIDE), (1, "ann")]
    assert roll_back(client, "moved", "ann", "not asked").number == 1


def test_a_promotion_that_was_killed_before_the_alias_moved_changes_nothing(
    client: Any, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotion, "UNDER_WAY_SECONDS", 0)
    register("killed"), register("killed")
    promote(client, "killed", 1, "ann", "first")
    key, value = ProductionPeriod(1, promotion.now_utc(), None, "bob", "better", 1).to_tag()
    client.set_model_version_tag("killed", "2", key, value)
    assert settle(client, "killed")
    assert (find_alias(client, "killed"), history(client, "killed")) == (1, [(2, False, "better"), (1, True, "first")])


def test_a_promotion_that_was_killed_after_the_alias_moved_is_whole(
    client: Any, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotion, "UNDER_WAY_SECONDS", 0)
    register("late"), register("late")
    promote(client, "late", 1, "ann", "first")
    key, value = ProductionPeriod(1, promotion.now_utc(), None, "bob", "better", 1).to_tag()
    client.set_model_version_tag("late", "2", key, value)
    client.set_registered_model_alias("late", PRODUCTION, "2")
    assert history(client, "late") == [(2, True, "better"), (1, False, "first")]


def test_whoever_expected_another_champion_is_told(client: Any, register: Register) -> None:
    for _ in range(3):
        register("expected")
    promote(client, "expected", 1, "ann", "first")
    promote(client, "expected", 2, "bob", "quicker")
    with pytest.raises(PromotionError, match="version 2 of expected became production meanwhile"):
        promote(client, "expected", 3, "ann", "judged against 1", expected=1)
    assert find_alias(client, "expected") == 2


def test_of_promotions_at_once_one_is_in_force_and_the_history_says_which(
    address: Address, client: Any, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        register("race")
    promote(client, "race", 1, "ann", "first")
    together = threading.Barrier(3)

    def try_to(number: int) -> str:
        together.wait()
        try:
            promote(client, "race", number, f"number {number}", "at once")
        except PromotionError as error:
            return str(error)
        return "promoted"

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(try_to, (2, 3, 4)))
    assert "promoted" in answers
    monkeypatch.setattr(promotion, "UNDER_WAY_SECONDS", 0)
    holder = find_alias(client, "race")
    in_force = [number for number, goes_on, _ in history(open_registry(address), "race") if goes_on]
    assert in_force == [holder]


def test_whoever_reads_while_promotions_go_on_always_finds_a_whole_version(
    address: Address, client: Any, register: Register
) -> None:
    register("busy"), register("busy")
    promote(client, "busy", 1, "ann", "first")
    stop = threading.Event()
    seen: list[int | None] = []

    def read() -> None:
        reader = open_registry(address)
        while not stop.is_set():
            found = find_production(reader, "busy")
            seen.append(None if found is None else found.number)

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        try:
            for turn in range(6):
                promote(client, "busy", 2 - turn % 2, "ann", f"turn {turn}")
        finally:
            stop.set()
        reading.result()
    assert set(seen) <= {1, 2}
    assert len(seen) > 1
    assert read_version(client, "busy", 1).is_production
