"""An old name of a variable works for one release, and one line names the new one."""

import pytest
from loguru import logger

from relay.handoff import renamed_variables
from relay.handoff.renamed_variables import NEW_NAMES, list_warnings, rename_variables

NAMES = ("PREDICTION_LOG_ON_FAILURE", "REGISTRY_POLL_SECONDS")


@pytest.fixture(autouse=True)
def _a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renamed_variables, "_warned", set())


def test_an_old_name_gives_its_value_to_the_new_one() -> None:
    warnings: list[str] = []
    found = rename_variables({"LOG_FAILURE": "answer", "HOME": "/x"}, NAMES, warnings.append)
    assert found == {"PREDICTION_LOG_ON_FAILURE": "answer", "HOME": "/x"}
    assert warnings == [
        "The variable LOG_FAILURE is now called PREDICTION_LOG_ON_FAILURE. The old name works in this release only."
    ]


def test_a_new_name_goes_before_its_old_one() -> None:
    warnings: list[str] = []
    found = rename_variables({"FOLLOW_SECONDS": "1", "REGISTRY_POLL_SECONDS": "2"}, NAMES, warnings.append)
    assert found == {"REGISTRY_POLL_SECONDS": "2"}
    assert warnings == [
        "The variable FOLLOW_SECONDS is ignored because REGISTRY_POLL_SECONDS is set. Remove FOLLOW_SECONDS."
    ]


def test_an_old_name_is_said_once_however_often_the_settings_are_read() -> None:
    warnings: list[str] = []
    for _ in range(3):
        rename_variables({"LOG_FAILURE": "answer", "FOLLOW_SECONDS": "1"}, NAMES, warnings.append)
    assert [line.split()[2] for line in warnings] == ["LOG_FAILURE", "FOLLOW_SECONDS"]


def test_a_worker_that_gets_the_new_name_from_its_parent_does_not_warn_again() -> None:
    warnings: list[str] = []
    inherited = {"LOG_FAILURE": "answer", "PREDICTION_LOG_ON_FAILURE": "answer"}
    found = rename_variables(inherited, NAMES, warnings.append)
    assert (found, warnings) == ({"PREDICTION_LOG_ON_FAILURE": "answer"}, [])


@pytest.mark.parametrize("environment", [{}, {"LOG_FAILURE": ""}, {"PREDICTION_LOG_ON_FAILURE": "answer"}])
def test_nothing_is_said_without_an_old_name(environment: dict[str, str]) -> None:
    warnings: list[str] = []
    found = rename_variables(environment, NAMES, warnings.append)
    assert (found.get("PREDICTION_LOG_ON_FAILURE", ""), warnings, list_warnings(environment)) == (
        environment.get("PREDICTION_LOG_ON_FAILURE", ""),
        [],
        [],
    )


def test_a_program_leaves_the_variables_of_others_alone() -> None:
    warnings: list[str] = []
    assert rename_variables({"RELAY_DATA": "/x"}, NAMES, warnings.append) == {"RELAY_DATA": "/x"}
    assert warnings == []


def test_every_old_variable_has_one_line() -> None:
    lines = list_warnings(dict.fromkeys(NEW_NAMES, "x"))
    assert all(f"{old} is now called {new}." in line for line, (old, new) in zip(lines, NEW_NAMES.items(), strict=True))


def test_the_service_takes_the_old_names_with_one_line_each() -> None:
    from serve.settings import read_settings

    said: list[str] = []
    sink = logger.add(said.append, format="{message}", level="WARNING")
    try:
        old = {"LOG_FAILURE": "answer", "FOLLOW_SECONDS": "2.5", "API_MAX_BODY": "2000"}
        found = [read_settings(old) for _ in range(2)]
    finally:
        logger.remove(sink)
    assert {(one.log_failure, one.follow_seconds, one.max_body) for one in found} == {("answer", 2.5, 2000)}
    assert sorted(line.split()[6] for line in said) == [
        "API_MAX_BODY_BYTES.",
        "PREDICTION_LOG_ON_FAILURE.",
        "REGISTRY_POLL_SECONDS.",
    ]


def test_the_commit_of_an_image_that_was_built_with_the_old_name_is_found() -> None:
    from model.release.lineage import find_revision

    assert find_revision({"RELAY_REVISION": "abc"}) == "abc"
    assert find_revision({"RELAY_REVISION": "abc", "GIT_COMMIT": "def"}) == "def"
