"""What a person changes in a draft becomes options of `adopt`, and nothing else."""

from typing import Any

import pytest

from adopt.recipe.corrections import COLUMN_KEYS, read_corrections
from adopt.recipe.draft import ColumnType, Role
from page.new.answer import Draft, read_draft
from page.new.questions import list_asked, show_choice
from page.new.state import Work, gather
from page.new.table import HEAD_PIXELS, MOST_PIXELS, ROW_PIXELS, make_table, measure_height, read_edits
from page.new.uploads import Upload
from page.new.wishes import (
    EMPTY,
    FORMAT,
    FORMAT_KEYS,
    NAME,
    ROLE,
    ROLES,
    RULE_KEYS,
    RULES,
    TYPE,
    TYPES,
    CellError,
    Wishes,
    find_value,
    list_options,
    list_questions,
)
from page.shell.command import CommandError


def column(name: str, **others: Any) -> dict[str, Any]:
    """A column of an answer."""
    return {"name": name, "source": name, "type": "int", "role": "input", "keys": {}, "rows_kept": 3, **others}


def answer(**others: Any) -> dict[str, Any]:
    """A small answer of `adopt`."""
    note = {"text": "maybe a code", "is_question": True, "choices": ['"text"'], "key": "columns.zip.type", "more": 1}
    columns = [
        column("zip", keys={"min": 0, "max": 9, "null": True, "missing": ["NA"]}, notes=[note]),
        column("age"),
        column("left", type="category", role="target"),
    ]
    base = {
        "name": "people",
        "title": "People",
        "path": "recipes/people.toml",
        "is_written": False,
        "toml": 'title = "People"',
        "task": "binary",
        "target": "left",
        "ingest": {"source": "file", "path": "data/uploads/people.csv"},
        "model": {"use": "a", "estimators": {"a": {"estimator": "sklearn.svm.SVC"}, "b": {"estimator": "x.Y"}}},
        "columns": columns,
        "rows": 3,
        "rows_checked": 3,
        "rows_kept": 3,
    }
    return base | others


@pytest.fixture
def first() -> Draft:
    return read_draft(answer())


def edit(first: Draft, number: int, **cells: Any) -> tuple[str, ...]:
    """The options of one edited row."""
    return list_options(first, Wishes(cells={number: cells}))


def test_nothing_changed_is_no_option(first: Draft) -> None:
    assert list_options(first, Wishes()) == ()


def test_all_changes_become_options_that_adopt_reads(first: Draft) -> None:
    cells = {0: {NAME: "plz", TYPE: "text", ROLE: "id", EMPTY: False, FORMAT: 'missing = ["?"]', RULES: "min = 1"}}
    wishes = Wishes("p2", 'A "title"', "age", "b", cells, {"columns.age.type": '"float"'})
    options = list_options(first, wishes)
    assert options[:5] == (
        "--name=p2",
        '--set=title="A \\"title\\""',
        "--target=age",
        '--set=model.use="b"',
        '--set=columns.age.type="float"',
    )
    said = [option.removeprefix("--set=") for option in options if option.startswith("--set=")]
    corrections = read_corrections(
        said, [one.removeprefix("--unset=") for one in options if one.startswith("--unset=")]
    )
    assert corrections.of_column("zip") == {"name": "plz", "type": "text", "role": "id", "missing": ["?"], "min": 1}
    assert corrections.without("columns.zip") == {
        "null", "max", "allowed", "time_format", "epoch", "decimal", "thousands", "prefix", "suffix", "true_words",
        "false_words",
    }  # fmt: skip
    assert corrections.values["title"] == 'A "title"'


def test_a_cell_that_was_emptied_takes_its_keys_out(first: Draft) -> None:
    for empty in ("", None):
        assert edit(first, 0, **{RULES: empty}) == (
            "--unset=columns.zip.min",
            "--unset=columns.zip.max",
            "--unset=columns.zip.allowed",
        )


@pytest.mark.parametrize(
    ("title", "value", "why"),
    [
        (RULES, "min: 0", "zip, Rules: found 'min: 0', expected keys as in a recipe, such as min = 0"),
        (RULES, "min = 0 }, y = {", "expected keys as in a recipe"),
        (RULES, "min = 0 }\n[model]\nkind = {", "expected keys as in a recipe"),
        (RULES, "[" * 5000, "expected keys as in a recipe"),
        (RULES, 'from = "x"', "zip, Rules: unknown key 'from'; known: min, max, allowed"),
        (FORMAT, "min = 0", "zip, Format: unknown key 'min'; known: time_format"),
        (FORMAT, "x", "such as time_format"),
        (NAME, "a b", "zip, Name: found 'a b', expected at most 60 letters, digits and _"),
        (NAME, "", "zip, Name"),
        (NAME, "a.type", "zip, Name"),
        (NAME, "a" * 61, "zip, Name"),
        (TYPE, "list", "zip, Type: found 'list', expected one of int, float"),
        (ROLE, "admin", "zip, Role: found 'admin'"),
    ],
)
def test_a_cell_that_says_what_no_recipe_can_is_refused(first: Draft, title: str, value: str, why: str) -> None:
    with pytest.raises(CellError) as caught:
        edit(first, 0, **{title: value})
    assert why in str(caught.value)


def test_an_answer_does_not_take_the_role_of_a_target_that_was_chosen_since(first: Draft) -> None:
    answers = {"columns.age.role": '"ignore"'}
    assert list_options(first, Wishes(target="age", answers=answers)) == ("--target=age",)
    assert list_options(first, Wishes(answers=answers)) == ('--set=columns.age.role="ignore"',)


def test_rows_that_are_not_there_are_left_out(first: Draft) -> None:
    assert list_options(first, Wishes(cells={7: {TYPE: "text"}, -1: {TYPE: "text"}})) == ()


def work() -> Work:
    return Work(Upload(name="people.csv", given="people.csv", sha256="0", bytes=1, uploaded_unix=0), "people", "People")


def roles(**by_number: str) -> dict[str, Any]:
    """The session after roles were changed in the table."""
    edits = {number.removeprefix("n"): {ROLE: role} for number, role in by_number.items()}
    return {work().table_key: {"edited_rows": edits}}


def test_a_target_in_the_table_is_the_target(first: Draft) -> None:
    now = work()
    assert list_options(first, gather(now, first, roles(n1="target"))) == ("--target=age",)


def test_the_last_change_of_the_target_counts(first: Draft) -> None:
    now = work()
    gather(now, first, roles(n1="target"))
    now.target = "zip"  # chosen above the table
    assert list_options(first, gather(now, first, roles(n1="target"))) == ("--target=zip",)
    assert list_options(first, gather(now, first, roles(n1="target", n0="ignore"))) == (
        "--target=none",
        '--set=columns.zip.role="ignore"',
    )


def test_an_edit_counts_after_the_table_has_forgotten_it(first: Draft) -> None:
    now = work()
    gather(now, first, {now.table_key: {"edited_rows": {0: {RULES: "min = 1", TYPE: "int"}}}})
    gather(now, first, {now.table_key: {"edited_rows": {0: {RULES: "min = 2"}}}})
    assert gather(now, first, {}).cells == {0: {RULES: "min = 2", TYPE: "int"}}


def test_a_target_that_becomes_an_input_leaves_none(first: Draft) -> None:
    assert list_options(first, gather(work(), first, roles(n2="input"))) == (
        "--target=none",
        '--set=columns.left.role="input"',
    )


def test_name_and_title_as_drafted_are_no_change(first: Draft) -> None:
    now = work()
    assert list_options(first, gather(now, first, {})) == ()
    now.name, now.title = "people_2", "Folk"
    assert list_options(first, gather(now, first, {})) == ("--name=people_2", '--set=title="Folk"')


def test_questions_show_the_guess_and_its_choices(first: Draft) -> None:
    (question,) = list_questions(first)
    assert (find_value(first, question.key), show_choice(question.choices[0])) == ("int", "text")
    assert (find_value(first, "ingest.path"), find_value(first, "columns.zip.missing")) == (
        "data/uploads/people.csv",
        '["NA"]',
    )
    assert (find_value(first, "columns.nothing.type"), find_value(first, "preprocess.kind"), show_choice("5")) == (
        "",
        "",
        "5",
    )


def test_questions_are_those_of_the_draft_as_it_is_and_those_that_were_answered(first: Draft) -> None:
    now = work()
    (question,) = list_asked(now, first, first)
    assert (question.key, question.guess) == ("columns.zip.type", "int")
    now.answers["columns.zip.type"] = '"text"'
    of_target = {"text": "rare", "is_question": True, "choices": ['"no"'], "key": "model.positive"}
    columns = [column("plz", type="text"), column("age"), column("left", type="category", role="target")]
    answered = read_draft(answer(columns=columns, notes=[of_target]))
    assert [(one.key, one.guess) for one in list_asked(now, first, answered)] == [
        ("columns.zip.type", "int"),
        ("model.positive", ""),
    ]
    now.answers["model.positive"] = '"no"'
    now.change_target("age")
    left = read_draft(answer(columns=columns, target="age"))
    assert [one.key for one in list_asked(now, first, left)] == ["columns.zip.type"]
    assert now.answers == {"columns.zip.type": '"text"'}


def test_a_question_about_a_renamed_column_is_asked_by_its_first_name(first: Draft) -> None:
    note = {"text": "maybe an id", "is_question": True, "choices": ['"id"'], "key": "columns.years.role"}
    later = read_draft(answer(columns=[column("zip"), column("years", notes=[note]), column("left")]))
    assert [one.key for one in list_asked(work(), first, later)] == ["columns.age.role"]


def test_another_table_of_the_file_begins_anew(first: Draft) -> None:
    now = work()
    now.offers = {"member": ("a.xlsx", "b.xlsx"), "sheet": ("x", "y")}
    now.parts = {"member": "a.xlsx", "sheet": "x"}
    now.target = "age"
    key = now.table_key
    now.choose("sheet", "y")
    assert (now.part_options, now.target) == (("--member=a.xlsx", "--sheet=y"), "")
    assert now.table_key != key
    now.choose("member", "b.xlsx")
    assert (now.part_options, list(now.offers)) == (("--member=b.xlsx",), ["member"])


def test_the_table_shows_each_column_and_keeps_its_types(first: Draft) -> None:
    rows = make_table(first).to_pylist()
    assert [rows[0][name] for name in (NAME, TYPE, ROLE, EMPTY, FORMAT, RULES)] == [
        "zip", "int", "input", True, 'missing = ["NA"]', "min = 0, max = 9",
    ]  # fmt: skip
    assert rows[0]["Why"] == "check: maybe a code"
    assert make_table(first).schema == make_table(read_draft(answer(columns=[column("a", type="text")]))).schema


def test_the_scrollbar_of_the_table_lies_below_its_last_row() -> None:
    assert measure_height(5) >= HEAD_PIXELS + 5 * ROW_PIXELS + 15
    assert measure_height(1000) == MOST_PIXELS


def test_edits_of_the_session_are_read_whatever_it_holds() -> None:
    assert read_edits(None) == {}
    assert read_edits({"edited_rows": {"1": {TYPE: "text"}, 2: {}}}) == {1: {TYPE: "text"}}


def test_an_answer_in_another_form_is_said() -> None:
    with pytest.raises(CommandError, match="answered in an unknown form: columns"):
        read_draft(answer(columns=None))


def test_the_page_offers_what_adopt_and_recipes_know() -> None:
    from typing import get_args

    assert set(TYPES) == set(get_args(ColumnType))
    assert set(ROLES) == set(get_args(Role))
    assert {*FORMAT_KEYS, *RULE_KEYS} <= set(COLUMN_KEYS)
