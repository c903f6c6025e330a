"""The runner takes orders from a fixed list: its clients can run the code that is there, and no other."""

import sys
from typing import Any

import commands
import pytest

from relay.handoff.data_recipe import NAME
from relay.handoff.settings import ROOT
from services.runner.order import RECIPE, RefusedError, read_order

GOOD = {"run": "0123456789ab", "stage": "train", "recipe": "own", "seed": 7}


def test_an_order_becomes_the_name_of_a_recipe_and_a_seed() -> None:
    assert read_order(GOOD).arguments("id") == ["--set", "seed=7", "--run-id", "id", "--json", "own"]


def test_the_monitor_takes_a_recipe_alone_and_its_rollback_says_why() -> None:
    order = {"run": "0123456789ab", "stage": "monitor", "recipe": "own"}
    assert (read_order(order).service, read_order(order).arguments("id")) == ("monitor", ["--run-id", "id", "own"])
    harm = read_order({**order, "stage": "rollback-harm", "version": 4})
    assert (harm.service, harm.arguments("id")[:4]) == ("train", ["rollback", "--expected", "4", "--probation"])
    assert "harm" in harm.arguments("id")[5]
    for more in ({"seed": 7}, {"version": 4}, {"stage": "rollback-harm"}, {"act": True}):
        with pytest.raises(RefusedError):
            read_order({**order, **more})


def test_a_name_comes_last_so_that_a_subcommand_is_none() -> None:
    order = read_order({"run": "0123456789ab", "stage": "train", "recipe": "promote"})
    assert order.arguments("id") == ["--run-id", "id", "--json", "promote"]
    done = commands.run(
        [sys.executable, "-m", "model", *order.arguments("id")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, '"promote" is a subcommand, so it is no recipe' in done.stderr) == (2, True)


def test_the_runner_and_the_stages_have_one_pattern_of_names() -> None:
    assert RECIPE == NAME


@pytest.mark.parametrize(
    "changed",
    [
        {"recipe": "../data/evil"},
        {"recipe": "data/evil"},
        {"recipe": "/data/evil"},
        {"recipe": "own.toml"},
        {"recipe": "recipes.own"},
        {"recipe": "own\n"},
        {"recipe": "--set"},
        {"recipe": "own --set preprocess.function=x"},
        {"recipe": ["own"]},
        {"seed": "7"},
        {"seed": "7 --set preprocess.function=x"},
        {"seed": True},
        {"set": ["preprocess.function=x"]},
        {"overrides": {"model.estimator": "os.system"}},
        {"arguments": {"prices": "/etc/passwd"}},
        {"function": "clean"},
        {"stage": "bash"},
        {"stage": "model"},
        {"run": "../../x"},
    ],
)
def test_a_crafted_order_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        read_order({**GOOD, **changed})
