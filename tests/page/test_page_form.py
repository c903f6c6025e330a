"""The form: types become fields, what was filled in becomes overrides that the stages accept."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field as Rule

from page.run.field import Field
from page.run.form import check_overrides, describe_fields, describe_stage, list_overrides
from relay.handoff.errors import UsageError
from relay.handoff.override import format_value
from relay.handoff.recipe import Section, load_recipe, parse_override


class Parent(Section):
    kind: Literal["sample"]
    """Chooses the type."""


class Sample(Parent):
    flag: bool = False
    """Whether it is
    on."""
    way: Literal["short", "long"] = "short"
    score: Literal["r2", "mse"] | None = None
    count: Annotated[int, Rule(ge=1, le=5)] = 3
    share: Annotated[float, Rule(gt=0, lt=1)] = 0.2
    name: str = ""
    items: Annotated[list[str], Rule(default_factory=list)]


def fields_of(**values: Any) -> dict[str, Field]:
    return {field.key: field for field in describe_fields("model", Sample(kind="sample", **values))}


def test_each_type_becomes_its_kind_of_field() -> None:
    assert {key: field.kind for key, field in fields_of().items()} == {
        "model.kind": "fixed",
        "model.flag": "toggle",
        "model.way": "choice",
        "model.score": "choice",
        "model.count": "integer",
        "model.share": "number",
        "model.name": "text",
        "model.items": "toml",
    }


def test_closed_bounds_bound_the_field_and_open_ones_are_left_to_the_type() -> None:
    fields = fields_of()
    assert (fields["model.count"].low, fields["model.count"].high) == (1, 5)
    assert (fields["model.share"].low, fields["model.share"].high) == (None, None)


def test_the_docstring_under_a_field_is_its_help_also_when_a_parent_declares_it() -> None:
    fields = fields_of()
    assert fields["model.flag"].help == "Whether it is on."
    assert fields["model.kind"].help == "Chooses the type."


def test_as_usual_is_offered_only_while_the_recipe_says_nothing() -> None:
    assert fields_of()["model.score"].choices == (None, "r2", "mse")
    assert fields_of(score="mse")["model.score"].choices == ("r2", "mse")


def test_only_what_differs_becomes_an_override() -> None:
    fields = fields_of()
    filled = {"model.flag": True, "model.count": 3, "model.share": 0.2, "model.items": '["a, b"]'}
    assert list_overrides(fields.values(), filled) == ["model.flag=true", 'model.items=["a, b"]']


def test_an_emptied_field_stays_as_the_recipe_has_it() -> None:
    fields = fields_of(items=["a"])
    assert list_overrides(fields.values(), {"model.count": None, "model.items": "", "model.score": None}) == []


def test_a_list_of_tables_that_nobody_changed_is_no_override() -> None:
    skip = Field("ingest.skip_if", "toml", [{"column": "a", "value": "Total", "like": None}])
    shown = format_value(skip.value)
    assert list_overrides([skip], {skip.key: shown}) == []
    assert list_overrides([skip], {}) == []
    changed = shown.replace("Total", "Sum")
    assert list_overrides([skip], {skip.key: changed}) == [f"ingest.skip_if={changed}"]


def test_a_list_that_is_no_toml_is_refused_with_an_example() -> None:
    with pytest.raises(UsageError, match=r'items: not TOML .* expected such as \["a", "b"\]'):
        list_overrides(fields_of().values(), {"model.items": "a, b"})


@pytest.mark.parametrize(
    "value", [True, 3, 0.25, "", 'a"b\\c\nd', "ü, [x]", [], ["a", "b, c"], {"n": 5}, {"a b": {"c": [1, 2]}}, {}]
)
def test_a_value_written_as_toml_is_read_back_as_an_override(value: Any) -> None:
    assert parse_override(f"model.key={format_value(value)}") == ("model.key", value)


def test_what_is_none_in_a_table_is_left_out() -> None:
    assert format_value({"a": None, "b": 1}) == '{ "b" = 1 }'


@pytest.mark.parametrize("name", ["docstrings", "linear", "credit", "federalist", "posts", "tanakh", "own"])
def test_every_recipe_that_ships_has_a_form_that_changes_nothing_by_itself(name: str) -> None:
    recipe = load_recipe(name)
    for stage in ("ingest", "preprocess", "model"):
        fields = describe_stage(recipe, stage)
        assert list_overrides(fields, {field.key: as_drawn(field) for field in fields}) == []


def as_drawn(field: Field) -> Any:
    return format_value(field.value) if field.kind == "toml" and field.value is not None else field.value


def test_overrides_are_refused_in_the_words_of_the_stage() -> None:
    with pytest.raises(UsageError, match=r"override model.threads=0: \[model\] threads: .*greater than or equal to 1"):
        check_overrides("linear", ["model.threads=0"], ["model"])


def test_the_form_offers_how_a_large_table_is_trained_on_with_its_help() -> None:
    fields = {field.key: field for field in describe_stage(load_recipe("credit"), "model")}
    assert fields["model.memory"].choices == ("normal", "float32", "stream")
    assert (fields["model.sample_rows"].kind, fields["model.sample_rows"].low) == ("integer", 0)
    assert (fields["model.epochs"].low, fields["model.epochs"].high) == (1, 1000)
    assert all("docs/large-tables.md" in fields[key].help for key in ("model.memory", "model.sample_rows"))
