"""What the environment says to every stage."""

from pathlib import Path

import pytest

from relay.handoff.errors import UsageError
from relay.handoff.settings import ROOT, Settings, read_settings, split_list


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({}) == Settings((), (), ROOT / "data", ROOT / "logs", "INFO", "")


def test_an_empty_variable_counts_as_not_set() -> None:
    empty = dict.fromkeys(("RECIPES", "RECIPE", "OVERRIDES", "DATA_DIR", "LOG_DIR", "LOG_LEVEL", "RELAY_REFRESH"), "")
    assert read_settings(empty) == read_settings({})


def test_all_variables_are_read() -> None:
    environment = {
        "RECIPES": "credit, linear", "OVERRIDES": "seed=7,model.labels=['a','b']", "DATA_DIR": "/x/data",
        "LOG_DIR": "/x/logs", "LOG_LEVEL": "debug", "RELAY_REFRESH": "6h",
    }  # fmt: skip
    assert read_settings(environment) == Settings(
        ("credit", "linear"), ("seed=7", "model.labels=['a','b']"), Path("/x/data"), Path("/x/logs"), "DEBUG", "6h"
    )


@pytest.mark.parametrize(
    ("environment", "recipes"),
    [({"RECIPE": "a"}, ("a",)), ({"RECIPES": "b,c"}, ("b", "c")), ({"RECIPE": "a", "RECIPES": "b,c"}, ("a",))],
)
def test_recipe_goes_before_recipes(environment: dict[str, str], recipes: tuple[str, ...]) -> None:
    assert read_settings(environment).recipes == recipes


def test_an_unknown_log_level_is_bad_usage() -> None:
    with pytest.raises(UsageError, match=r"LOG_LEVEL=loud: expected DEBUG, INFO, WARNING or ERROR"):
        read_settings({"LOG_LEVEL": "loud"})


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a=1,b=2", ["a=1", "b=2"]),
        (" a = 1 , ,b=2,", ["a = 1", "b=2"]),
        ("a=[1,2],b={x=1,y=[2,3]}", ["a=[1,2]", "b={x=1,y=[2,3]}"]),
        ('a="x,y",b=\'p,"q\'', ['a="x,y"', "b='p,\"q'"]),
        ("a=['x]',2],b=3", ["a=['x]',2]", "b=3"]),
        ("", []),
    ],
)
def test_a_comma_inside_brackets_or_quotes_does_not_part(text: str, parts: list[str]) -> None:
    assert split_list(text) == parts
