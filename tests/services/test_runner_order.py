"""The runner takes orders from a fixed list: its clients can run the code that is there, and no other."""

from typing import Any

import pytest

from services.runner.order import RefusedError, read_order

GOOD = {"run": "0123456789ab", "stage": "train", "recipe": "own", "seed": 7}


def test_an_order_becomes_a_recipe_of_the_image_and_a_seed() -> None:
    assert read_order(GOOD).arguments("id") == ["recipes/own.toml", "--set", "seed=7", "--run-id", "id", "--json"]


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
