"""A variable's old name gives compose the same configuration as its new one."""

import json
from pathlib import Path
from typing import Any

from engine import compose_in

from relay.handoff.renamed_variables import NEW_NAMES


def configure(folder: Path, **environment: str) -> Any:
    """All services as compose understands the files, without what the tests' own settings say."""
    compose = compose_in(folder, "relay-test-variables", **(dict.fromkeys(NEW_NAMES.values(), "") | environment))
    return json.loads(compose("--profile", "*", "config", "--format", "json").stdout)["services"]


def test_old_variables_give_what_the_new_ones_give(folder: Path) -> None:
    values = {"API_MAX_BODY": "99", "FOLLOW_SECONDS": "3", "LOG_FAILURE": "answer"}
    values |= {"RELAY_DATA": "/srv/d", "RELAY_LOGS": "/srv/l", "RELAY_VERSION": "7", "RELAY_REVISION": "abc"}
    assert values.keys() == NEW_NAMES.keys()
    old = configure(folder, **values)
    assert old == configure(folder, **{NEW_NAMES[name]: value for name, value in values.items()})
    assert old != configure(folder)
    api = old["api"]
    assert {volume["source"] for volume in api["volumes"] if volume["type"] == "bind"} >= {"/srv/d", "/srv/l"}
    assert (api["image"], api["environment"]["PREDICTION_LOG_ON_FAILURE"]) == ("relay-serve:7", "answer")
    assert old["train"]["build"]["args"]["GIT_COMMIT"] == "abc"


def test_a_new_variable_goes_before_its_old_one(folder: Path) -> None:
    api = configure(folder, FOLLOW_SECONDS="3", REGISTRY_POLL_SECONDS="5")["api"]
    assert api["environment"]["REGISTRY_POLL_SECONDS"] == "5"
