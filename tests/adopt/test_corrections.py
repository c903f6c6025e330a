"""What a person says instead of a guess counts, whatever was guessed."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from adopt.data.layout import Layout, Shape
from adopt.data.profiling import profile_rows
from adopt.draft_data import Examined, Wishes, draft_data
from adopt.recipe.corrections import read_corrections
from adopt.recipe.draft import Draft, DraftColumn
from adopt.recipe.names import choose_names
from adopt.recipe.toml_text import format_column
from relay.handoff.errors import UsageError

CELLS = {
    "Customer ID": [f"C-{number:04d}" for number in range(200)],
    "zip": [f"{10000 + 37 * number}" for number in range(200)],
    "monthly": [f"{number * 7 % 90}.5" for number in range(200)],
    "price": [f"{number * 11 % 70},5" for number in range(200)],
    "contract": ["month", "year", "month", "two years"] * 50,
    "churn": ["no", "no", "yes", "no", "yes"] * 40,
}


def draft(*sets: str, unset: tuple[str, ...] = (), target: str = "", **layout: Any) -> Draft:
    """The draft of a small table with corrections."""
    return draft_data(examine_cells(CELLS, **layout), Wishes("churn", target, read_corrections(sets, unset)))


def examine_cells(columns: Mapping[str, list[str]], **layout: Any) -> Examined:
    """A table of texts, looked at."""
    table = pa.table({name: pa.array(cells) for name, cells in columns.items()})
    ingest = {"source": "file", "path": "data/churn.csv"}
    found = Layout(Shape.TABLE, tuple(columns), ingest, "Churn", **layout)
    return Examined(found, profile_rows(iter([table])), "churn.csv")


def find(drafted: Draft, name: str) -> DraftColumn:
    """One column."""
    return next(column for column in drafted.columns if column.name == name)


def test_a_word_in_several_columns_is_asked_about_once_and_decided_for_the_file() -> None:
    cells = {"work": ["a", "b", "?", "a"] * 50, "job": ["x", "?", "y", "x"] * 50, "age": [*["3", "4", "7", "NA"] * 50]}
    examined = examine_cells(cells)

    asked = draft_data(examined, Wishes("people", "none"))
    decided = draft_data(examined, Wishes("people", "none", read_corrections(['ingest.missing=["NA", "?"]'], ())))

    questions = [note for column in asked.columns for note in column.notes if note.is_question]
    assert [(note.key, note.choices) for note in questions] == [("ingest.missing", ('["?", "NA"]',))]
    assert not any("missing" in column.keys for column in asked.columns)
    assert decided.ingest["missing"] == ["NA", "?"]
    assert [column.keys.get("null") for column in decided.columns] == [True, True, True]
    assert not any(note.is_question for column in decided.columns for note in column.notes)


def test_a_word_is_asked_about_per_column_where_another_column_keeps_a_word_of_the_list() -> None:
    cells = {"work": ["a", "b", "?", "a"] * 50, "job": ["x", "?", "y", "NA"] * 50, "age": [*["3", "4", "7", "NA"] * 50]}

    asked = draft_data(examine_cells(cells), Wishes("people", "none"))

    keys = [note.key for column in asked.columns for note in column.notes if note.is_question]
    assert keys == ["columns.work.missing", "columns.job.missing"]


def test_without_a_correction_each_column_has_its_guess() -> None:
    drafted = draft()
    assert {column.name: column.role for column in drafted.columns} == {
        "customer_id": "id", "zip": "ignore", "monthly": "input", "price": "input", "contract": "input",
        "churn": "target",
    }  # fmt: skip
    assert drafted.task.kind == "binary"


def test_a_type_takes_only_the_keys_that_it_can_have() -> None:
    column = find(draft('columns.price.type="text"'), "price")
    assert (column.type, dict(column.keys)) == ("text", {})


def test_a_role_takes_the_place_of_a_guess() -> None:
    drafted = draft('columns.contract.role="target"')
    assert (drafted.task.target, find(drafted, "contract").role, find(drafted, "churn").role) == (
        "contract", "target", "input",
    )  # fmt: skip


@pytest.mark.parametrize("target", ["monthly", "Customer ID"])
def test_a_target_is_named_by_either_name(target: str) -> None:
    drafted = draft(target=target)
    assert [column.source for column in drafted.columns if column.role == "target"] == [target]


def test_no_target_is_an_answer() -> None:
    drafted = draft(target="none")
    assert (drafted.task.target, drafted.task.model) == (None, {})
    assert "target" not in {column.role for column in drafted.columns}


def test_a_column_gets_another_name_and_is_still_found_in_the_source() -> None:
    drafted = draft('columns.churn.name="has_left"')
    assert (find(drafted, "has_left").source, drafted.task.target) == ("churn", "has_left")


def test_without_names_in_the_source_a_new_name_needs_no_other() -> None:
    assert find(draft('columns.churn.name="has_left"', has_names=False), "has_left").source == "has_left"


def test_keys_of_sections_and_their_tables_are_set_and_left_out() -> None:
    drafted = draft("model.cv_folds=5", "model.estimators.boosted.options.max_iter=7", "ingest.delimiter=';'",
                    "title='Who leaves'", unset=("preprocess.split",))  # fmt: skip
    assert drafted.task.model["cv_folds"] == 5
    assert drafted.task.model["estimators"]["boosted"]["options"]["max_iter"] == 7
    assert (drafted.ingest["delimiter"], drafted.title) == (";", "Who leaves")
    assert "split" not in drafted.task.preprocess


def test_a_question_that_a_person_answered_is_asked_no_longer() -> None:
    column = find(draft(), "zip")
    asked = [note for note in column.notes if note.is_question]
    if asked:
        again = find(draft(f"{asked[0].key}={column.type!r}"), "zip")
        assert [note.text for note in again.notes if note.is_question] == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("columns.zpi.type='text'", 'the draft has no column "zpi" (did you mean "zip"?)'),
        ("columns.zip.typ='text'", "expected columns.NAME.KEY, where KEY is one of"),
        ("columns.zip.type='texts'", '"texts" is no type (did you mean "text"?)'),
        ("columns.zip.role='targt'", '"targt" is no role (did you mean "target"?)'),
        ("colums.zip.type='text'", 'no such key of a recipe (did you mean "columns"?)'),
        ("columns.zip='text'", "expected columns.NAME.KEY"),
        ("columns.zip.missing='NA'", "found 'NA', expected a list of texts"),
        ("ingest.missing=[1]", "found [1], expected a list of texts"),
        ("zip", "expected section.key=value"),
        ("columns.zip.name='churn'", 'two columns would be called "churn"'),
        ("columns.zip.name='Customer ID'", 'two columns would be called "Customer ID"'),
    ],
)
def test_a_correction_that_names_nothing_is_refused(setting: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        draft(setting)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("model", "--unset model: no such key of a recipe; expected columns.NAME.KEY"),
        ("columns.churn", "--unset columns.churn: expected columns.NAME.KEY"),
        ("columns.chrun.min", '--unset columns.chrun.min: the draft has no column "chrun"'),
    ],
)
def test_a_key_that_cannot_be_left_out_is_refused_by_the_option_that_named_it(key: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        draft(unset=(key,))
    assert str(refused.value).startswith(message)


def test_a_target_that_is_no_column_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r'--target chrun: .* \(did you mean "churn"\?\)'):
        draft(target="chrun")


@pytest.mark.parametrize("key", ["columns.Prüf-Name.role", 'columns."Prüf-Name".role', "columns.Pruf_Name.role"])
def test_a_column_is_corrected_by_either_name(key: str) -> None:
    examined = examine_cells({"Prüf-Name": ["a", "b", "c", "d"] * 50, "y": ["no", "yes"] * 100})
    shown = choose_names(["Prüf-Name"])[0]
    wishes = Wishes("x", corrections=read_corrections([f'{key.replace("Pruf_Name", shown)}="group"']))
    assert draft_data(examined, wishes).columns[0].role == "group"


def test_the_question_about_the_target_begins_with_its_column_and_lists_the_likely_ones_first() -> None:
    cells = {
        "size": [f"{number * 7 % 90}.5" for number in range(200)],
        "street": [("x", "y")[number * 3 % 7 % 2] for number in range(200)],
        "shape": [("a", "b")[number * 5 % 11 % 2] for number in range(200)],
        "length": [f"{number * 13 % 70}.5" for number in range(200)],
        "taste": [("sour", "sweet", "mild")[number * 7 % 13 % 3] for number in range(200)],
    }
    columns = draft_data(examine_cells(cells), Wishes("x")).columns
    note = next(note for column in columns for note in column.notes if note.key == "target")
    (target,) = (column.name for column in columns if column.role == "target")
    assert note.text.startswith(f"{target}: ")
    assert {*note.choices, target} == {*cells, "none"}
    assert note.choices[-1] == "none"


def test_the_question_about_a_word_gives_the_line_that_its_answer_drafts() -> None:
    cells = {
        "lot": ["3,5", "4", "77", "n.v."] * 50,
        "size": [f"{number * 7 % 90}.5" for number in range(200)],
        "y": ["a", "b"] * 100,
    }
    examined = examine_cells(cells)
    asked = draft_data(examined, Wishes("x")).columns[0]
    note = next(note for note in asked.notes if note.key == "columns.lot.missing")
    decided = draft_data(examined, Wishes("x", corrections=read_corrections([f"{note.key}={note.choices[0]}"])))
    assert note.text.endswith(f"If that means no value, the line below is: {format_column(decided.columns[0])}")
    assert 'role = "input", null = true' in note.text


def test_the_question_about_words_of_the_file_gives_the_line_of_each_column() -> None:
    cells = {"lot": ["3.5", "4", "77", "n.v."] * 50, "size": ["n.v.", "1", "2", "5", "9"] * 40, "y": ["a", "b"] * 100}
    first, second, _ = draft_data(examine_cells(cells), Wishes("x")).columns
    texts = [note.text for column in (first, second) for note in column.notes if "the line below is" in note.text]
    assert len(texts) == 2
    assert all("null = true" in text for text in texts)
