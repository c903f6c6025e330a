"""What a recipe may say, and what the reader is told when it says something else."""

import re
from pathlib import Path

import pytest

from ingest.parameters import parse_parameters as parse_ingest
from preprocess.parameters import parse_parameters as parse_preprocess
from relay.handoff.errors import RecipeError, UsageError
from relay.handoff.recipe import Recipe, list_recipes, load_recipe, parse_override, parse_section

TEXT = """
title = "Borrowers"
seed = 7

[ingest]
source = "synthetic"
rows = 3
formula = { income = { of = "age", slope = 2.0, intercept = 1.0 } }

[preprocess]
kind = "documents"
relabel = [{ label = "B", column = "age", values = ["1"] }]

[columns]
age = { type = "int", role = "input", min = 18, max = 120, unit = "years" }
income = { type = "float", role = "target", from = "Income", null = true }
note = { type = "text", role = "ignore" }

[model]
kind = "estimator"
options = { depth = 3 }
"""


def load(folder: Path, text: str, *overrides: str) -> Recipe:
    """The recipe of a text, all typed sections read."""
    (folder / "borrowers.toml").write_text(text, encoding="utf-8")
    recipe = load_recipe("borrowers", overrides, folder)
    parse_ingest(recipe)
    parse_preprocess(recipe)
    return recipe


def complain(folder: Path, text: str, *overrides: str) -> str:
    """The message of a recipe that is wrong."""
    with pytest.raises((RecipeError, UsageError)) as caught:
        load(folder, text, *overrides)
    return str(caught.value).removeprefix(f"{folder}/")


def test_a_recipe_is_read_with_its_columns_in_order(tmp_path: Path) -> None:
    recipe = load(tmp_path, TEXT)
    assert (recipe.name, recipe.title, recipe.seed, list(recipe.columns)) == (
        "borrowers", "Borrowers", 7, ["age", "income", "note"],
    )  # fmt: skip


def test_columns_are_found_by_role_in_the_order_of_the_recipe(tmp_path: Path) -> None:
    recipe = load(tmp_path, TEXT)
    assert recipe.with_role("target", "input") == ["age", "income"]


def test_other_names_of_a_column_are_one_name_or_several(tmp_path: Path) -> None:
    recipe = load(tmp_path, TEXT.replace('role = "ignore"', 'role = "ignore", from = ["Note", "Notes"]'))
    assert [column.source_names for column in recipe.columns.values()] == [(), ("Income",), ("Note", "Notes")]


def test_an_unknown_recipe_is_told_the_nearest_name(tmp_path: Path) -> None:
    for name in ("credit", "linear", "posts"):
        (tmp_path / f"{name}.toml").write_text(TEXT)
    with pytest.raises(UsageError) as caught:
        load_recipe("credti", folder=tmp_path)
    assert str(caught.value) == 'no recipe "credti" (did you mean "credit"?); there are credit, linear, posts'


def test_a_recipe_may_be_given_by_the_path_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(TEXT)
    assert load_recipe(str(tmp_path / "mine.toml")).name == "mine"


def test_a_path_without_a_file_names_the_recipes_there_are(tmp_path: Path) -> None:
    (tmp_path / "credit.toml").write_text(TEXT)
    with pytest.raises(UsageError, match=r"no recipe file x/mine\.toml: give a path .* one of credit$"):
        load_recipe("x/mine.toml", folder=tmp_path)


def test_recipes_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.toml").write_text(TEXT)
    assert [path.stem for path in list_recipes(tmp_path)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("title =", "titel =", 'titel: unknown key (did you mean "title"?)'),
        ("[ingest]", "[ingset]", 'ingset: unknown key (did you mean "ingest"?)'),
        ("rows =", "row =", '[ingest] row: unknown key (did you mean "rows"?)'),
        ("source =", "sorce =", "[ingest] source: missing; expected one of http, file, sql, synthetic, docstrings"),
        ("slope =", "slpe =", '[ingest] formula.income.slpe: unknown key (did you mean "slope"?)'),
        ('"synthetic"', '"syntetic"', '[ingest] source: "syntetic" is unknown (did you mean "synthetic"?)'),
        ("relabel =", "relable =", '[preprocess] relable: unknown key (did you mean "relabel"?)'),
        ("values =", "value =", '[preprocess] relabel.0.value: unknown key (did you mean "values"?)'),
        ("min =", "mim =", '[columns] age.mim: unknown key (did you mean "min"?)'),
        ('{ type = "int"', '{ typ = "int"', '[columns] age.typ: unknown key (did you mean "type"?)'),
        ("from =", "form =", '[columns] income.form: unknown key (did you mean "from"?)'),
    ],
)
def test_a_misspelt_key_is_told_the_nearest_one(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert complain(tmp_path, TEXT.replace(right, wrong, 1)).startswith(f"borrowers.toml: {message}")


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("rows = 3", 'rows = "3"', "[ingest] rows: expected a valid integer (found '3')"),
        ("rows = 3", "rows = 0", "[ingest] rows: expected greater than or equal to 1 (found 0)"),
        ("min = 18", 'min = "18"', "[columns] age.min: expected a valid number (found '18')"),
        ('"int"', '"number"', "[columns] age.type: expected 'int', 'float', 'bool', 'text', 'category' or 'time'"),
        ("seed = 7", "seed = 7.5", "seed: expected a valid integer"),
        ("slope = 2.0", "slope = true", "[ingest] formula.income.slope: expected a valid number (found True)"),
    ],
)
def test_a_value_of_another_type_is_shown_with_its_key(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert complain(tmp_path, TEXT.replace(right, wrong, 1)).startswith(f"borrowers.toml: {message}")


@pytest.mark.parametrize(
    ("line", "message"),
    [('title = "Borrowers"', "title: missing"), ('type = "int", ', "[columns] age.type: missing")],
)
def test_a_missing_key_is_named(tmp_path: Path, line: str, message: str) -> None:
    assert complain(tmp_path, TEXT.replace(line, "", 1)) == f"borrowers.toml: {message}"


def test_a_file_that_is_no_toml_names_the_line(tmp_path: Path) -> None:
    assert re.search(r"not TOML: .*line 3", complain(tmp_path, TEXT.replace("seed = 7", "seed = = 7")))


def test_a_file_that_is_no_utf8_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "borrowers.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(RecipeError, match="not TOML"):
        load_recipe("borrowers", folder=tmp_path)


@pytest.mark.parametrize("role", ["target", "id", "time", "label"])
def test_a_role_that_may_exist_once_is_refused_twice(tmp_path: Path, role: str) -> None:
    text = TEXT.replace('role = "input"', f'role = "{role}"').replace('role = "target"', f'role = "{role}"')
    message = f"borrowers.toml: [columns]: only one column may have the role {role}, not age and income"
    assert complain(tmp_path, text).startswith(message)


def test_a_recipe_without_columns_is_refused(tmp_path: Path) -> None:
    text = re.sub(r"(?s)\[columns\].*\[model\]", "[columns]\n[model]", TEXT)
    assert complain(tmp_path, text).startswith("borrowers.toml: [columns]: at least one column must be declared")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ('type = "text", role = "input", min = 1', "min and max need the type int or float, not text"),
        ('type = "int", role = "input", min = 9, max = 1', "min 9.0 is above max 1.0"),
        ('type = "time", role = "input", allowed = ["x"]', "a time takes no list of allowed values"),
        ('type = "int", role = "input", allowed = [0, "1"]', "allowed value '1' is not of the type int"),
        ('type = "category", role = "input", allowed = [0]', "allowed value 0 is not of the type category"),
    ],
)
def test_rules_that_do_not_fit_the_type_are_refused(tmp_path: Path, rule: str, message: str) -> None:
    text = TEXT.replace('type = "text", role = "ignore"', rule)
    assert complain(tmp_path, text) == f"borrowers.toml: [columns] note: {message}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ingest.rows=50", ("ingest.rows", 50)),
        ("model.labels=['a', 'b']", ("model.labels", ["a", "b"])),
        ("preprocess.case=lower", ("preprocess.case", "lower")),
        ("ingest.path=data/x=1.csv", ("ingest.path", "data/x=1.csv")),
        ("columns.age.null=true", ("columns.age.null", True)),
        (" seed = 7 ", ("seed", 7)),
    ],
)
def test_an_override_is_typed_as_toml_and_else_a_text(text: str, expected: tuple[str, object]) -> None:
    assert parse_override(text) == expected


def test_an_override_without_a_value_is_refused() -> None:
    with pytest.raises(UsageError, match=r'override "seed": expected section\.key=value'):
        parse_override("seed")


def test_overrides_change_nested_keys_and_make_tables_in_a_section(tmp_path: Path) -> None:
    recipe = load(tmp_path, TEXT, "columns.age.min=21", "model.options.depth=5", "model.more.x=1", "seed=9")
    assert (recipe.seed, recipe.columns["age"].min, recipe.sections["model"]) == (
        9, 21, {"kind": "estimator", "options": {"depth": 5}, "more": {"x": 1}},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("ingst.rows=5", 'override ingst.rows: no section "ingst" (did you mean "ingest"?)'),
        ("ingest.row=5", 'override ingest.row=5: [ingest] row: unknown key (did you mean "rows"?)'),
        ("ingest.rows=x", "override ingest.rows=x: [ingest] rows: expected a valid integer"),
        ("columns.age.mim=1", 'override columns.age.mim=1: [columns] age.mim: unknown key (did you mean "min"?)'),
        ("sed=1", 'override sed=1: sed: unknown key (did you mean "seed"?)'),
        ("title.x=1", "override title.x: title is a value, not a table"),
        ("ingest.source=fil", 'borrowers.toml: [ingest] source: "fil" is unknown (did you mean "file"?)'),
    ],
)
def test_a_wrong_override_is_bad_usage_and_names_itself(tmp_path: Path, override: str, message: str) -> None:
    (tmp_path / "borrowers.toml").write_text(TEXT)
    with pytest.raises(UsageError) as caught:
        parse_ingest(load_recipe("borrowers", [override], tmp_path))
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(message)


def test_an_override_is_not_blamed_for_a_mistake_of_the_file_beside_it(tmp_path: Path) -> None:
    text = TEXT.replace("unit =", "unt =")
    message = complain(tmp_path, text, "columns.income.unit=USD", "seed=1")
    assert message.startswith('borrowers.toml: [columns] age.unt: unknown key (did you mean "unit"?)')


def test_a_key_that_begins_like_a_mistake_is_not_its_cause(tmp_path: Path) -> None:
    text = TEXT.replace("min = 18", "mi = 18")
    assert complain(tmp_path, text, "columns.age.min=20").startswith("borrowers.toml: [columns] age.mi: unknown key")


def test_a_section_below_a_section_can_be_read_alone(tmp_path: Path) -> None:
    from ingest.parameters import FormulaSection

    recipe = load(tmp_path, TEXT)
    formula = parse_section(recipe, "ingest", FormulaSection, "formula", "income")
    assert formula == FormulaSection(of="age", slope=2.0, intercept=1.0)


@pytest.mark.parametrize("name", ["list", "page"])
def test_the_name_of_a_subcommand_is_no_recipe_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.toml"
    path.write_text(TEXT, encoding="utf-8")
    for given, folder in ((name, tmp_path), (str(path), tmp_path / "elsewhere")):
        with pytest.raises(UsageError) as caught:
            load_recipe(given, folder=folder)
        assert f'"{name}" is a subcommand of `python -m model`' in str(caught.value)
        assert caught.value.next_step == "Rename the file"
