"""What stylometrists call a value elsewhere is understood, and one line names ours."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from loguru import logger

from model.parameters import parse_parameters
from model.style_parameters import AuthorshipParameters, Distance
from relay.handoff import recipe as recipes
from relay.handoff.errors import RecipeError
from relay.handoff.field_names import FIELD_VALUES
from relay.handoff.recipe import load_recipe

RECIPE = """
title = "Styles"
[columns]
text = { type = "text", role = "input" }
author = { type = "category", role = "label" }
[ingest]
source = "file"
path = "texts.json"
[preprocess]
kind = "documents"
[model]
kind = "authorship"
"""


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    monkeypatch.setattr(recipes, "_warned", set())
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line).rstrip()), format="{level} {message}", level="INFO")
    yield lines
    with suppress(ValueError):
        logger.remove(sink)


def parse(folder: Path, text: str, *overrides: str) -> AuthorshipParameters:
    (folder / "made.toml").write_text(text)
    section = parse_parameters(load_recipe(str(folder / "made.toml"), overrides))
    assert isinstance(section, AuthorshipParameters)
    return section


def test_names_of_the_field_mean_ours_and_a_line_says_so(tmp_path: Path, said: list[str]) -> None:
    text = RECIPE + 'distance = "wurzburg"\nprojection = "mds"\nculling = 20\n'
    found = parse(tmp_path, text)
    assert (found.distance, found.projection, found.culling) == ("cosine_delta", "pcoa", 0.2)
    assert said == [
        f'INFO {tmp_path}/made.toml: [model] distance = "wurzburg" is "cosine_delta" here',
        f'INFO {tmp_path}/made.toml: [model] projection = "mds" is "pcoa" here',
        f"INFO {tmp_path}/made.toml: [model] culling = 20 is 0.2 here",
    ]


def test_overrides_may_use_them_too(tmp_path: Path, said: list[str]) -> None:
    found = parse(tmp_path, RECIPE, "model.distance=ruzicka", "model.culling=100")
    assert (found.distance, found.culling) == ("min_max", 1.0)
    assert said == [
        "INFO override model.distance=ruzicka is model.distance=min_max here",
        "INFO override model.culling=100 is model.culling=1.0 here",
    ]


def test_keys_of_the_field_are_read_too(tmp_path: Path, said: list[str]) -> None:
    text = RECIPE + 'units = "words"\nngram = 1\nsampling = "random.sampling"\nmfw = 100\ndistance = "wurzburg"\n'
    found = parse(tmp_path, text, "model.sample_size=500")
    assert (found.chunking, found.features, found.chunk_words) == ("random", 100, 500)
    assert [line.rpartition("] ")[2] for line in said] == [
        "sampling is chunking here",
        'chunking = "random.sampling" is "random" here',
        "mfw is features here",
        'distance = "wurzburg" is "cosine_delta" here',
        "INFO override model.sample_size is model.chunk_words here",
    ]
    with pytest.raises(RecipeError, match=r"\[model\] sets mfw and also features, its name here\. Remove mfw"):
        parse(tmp_path, text + "features = 50\n")


def test_the_role_class_is_label(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "made.toml").write_text(RECIPE.replace('role = "label"', 'role = "class"'))
    recipe = load_recipe(str(tmp_path / "made.toml"))
    assert recipe.with_role("label") == ["author"]
    parse_parameters(recipe)
    assert said == [f'INFO {tmp_path}/made.toml: [columns] author: role = "class" is "label" here']


@pytest.mark.parametrize("value", ["0", "0.5", "1"])
def test_a_share_stays_as_it_is(tmp_path: Path, said: list[str], value: str) -> None:
    assert parse(tmp_path, RECIPE + f"culling = {value}\n").culling == float(value)
    assert said == []


def test_more_than_a_hundred_per_cent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"culling.*less than or equal to 1"):
        parse(tmp_path, RECIPE + "culling = 120\n")


def test_each_name_of_the_field_leads_to_a_value_that_a_recipe_may_have() -> None:
    assert set(FIELD_VALUES["model"]["distance"].values()) <= set(get_args(Distance))
    assert not set(FIELD_VALUES["model"]["distance"]) & set(get_args(Distance))
