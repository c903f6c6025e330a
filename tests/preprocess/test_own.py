"""A user's own function as preprocess: what it may take and give, and what becomes of it."""

import json
import shutil
from typing import Any

import pytest

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Mine"
[columns]
id = {{ type = "int", role = "id" }}
age = {{ type = "int", role = "input", min = 0 }}
name = {{ type = "category", role = "input", null = true }}
[ingest]
source = "file"
path = "rows.csv"
[preprocess]
kind = "python"
function = "clean"
{more}
"""

ROWS = [(i, 20 + i % 50, "ab"[i % 2]) for i in range(100)]


def prepare(desk: Desk, code: str, more: str = "") -> str:
    """A recipe with its module and 100 ingested rows; gives its path."""
    lines = ["id,age,name", *(",".join(map(str, row)) for row in ROWS)]
    (desk.folder / "rows.csv").write_text("\n".join(lines))
    (desk.folder / "mine.py").write_text(code)
    path = desk.recipe(RECIPE.format(more=more), "mine")
    assert desk.run("ingest", path) == 0
    return path


def rows(desk: Desk) -> list[dict[str, Any]]:
    """The processed rows."""
    return desk.rows("processed/mine")


def receipt(desk: Desk) -> Any:
    """The receipt of the processed rows."""
    return json.loads((desk.data / "processed" / "mine.json").read_text())


def failure(desk: Desk) -> str:
    """The message of the last run."""
    return str(json.loads((desk.logs / "runs.jsonl").read_text().splitlines()[-1])["error"]["message"])


FILTERS = {
    "pandas": "import pandas as pd\ndef clean(frame: pd.DataFrame):\n    return frame[frame.age > 40]\n",
    "arrow": (
        "import pyarrow as pa, pyarrow.compute as pc\ndef clean(frame: pa.Table) -> pa.Table:\n"
        "    return frame.filter(pc.greater(frame['age'], 40))\n"
    ),
    "batches": (
        "import pyarrow as pa, pyarrow.compute as pc\nfrom collections.abc import Iterator\n"
        "def clean(frame: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:\n    for batch in frame:\n"
        "        yield batch.filter(pc.greater(batch['age'], 40))\n"
    ),
}


@pytest.mark.parametrize("kind", FILTERS)
def test_rows_that_are_kept_lead_back_to_raw_whatever_the_frame(kind: str, desk: Desk) -> None:
    assert desk.run("preprocess", prepare(desk, FILTERS[kind])) == 0
    expected = [(*row, number) for number, row in enumerate(ROWS, 1) if row[1] > 40]
    assert [(row["id"], row["age"], row["name"], row["raw_row"]) for row in rows(desk)] == expected
    found = receipt(desk)
    assert (found["way_back"], found["rows_read"]) == ("raw_row", len(expected))


REGROUPED = {
    "a table of groups": ("def clean(frame):\n    return frame.groupby('name', as_index=False)[['id', 'age']].max()\n"),
    "an index of two levels that the recipe names": (
        "def clean(frame):\n    return frame.groupby(['name', 'id']).agg(age=('age', 'max')).iloc[:2]\n"
    ),
    "an array": "import numpy as np\ndef clean(frame):\n    return np.array([[0, 68, 1], [1, 69, 2]])\n",
    "an index that repeats": "import pandas as pd\ndef clean(f):\n    return pd.concat([f.iloc[:1], f.iloc[:1]])\n",
    "an index of one's own": "def clean(frame):\n    return frame.set_index(frame.id * 7).iloc[:2]\n",
}


@pytest.mark.parametrize("what", REGROUPED)
def test_rows_that_change_their_grain_are_regrouped_and_none_is_rejected(what: str, desk: Desk) -> None:
    assert desk.run("preprocess", prepare(desk, REGROUPED[what])) == 0
    found = receipt(desk)
    assert (found["way_back"], found["rows_read"], found["rejected"]["rows"]) == ("regrouped", 2, 0)
    assert list(rows(desk)[0]) == ["id", "age", "name", "split"]


def test_a_level_of_an_index_that_is_dropped_is_said(desk: Desk) -> None:
    code = "def clean(frame):\n    return frame.set_index(frame.id.rename('twice') * 2)\n"
    assert desk.run("preprocess", prepare(desk, code)) == 0
    assert (
        "preprocess mine: twice of the index is dropped: [columns] does not name it, or a column has the same name"
        in desk.said("preprocess")
    )


def test_two_datasets_are_matched_by_name_and_both_are_in_the_key(desk: Desk) -> None:
    for name, text in (("orders", "id,age\n1,30\n2,40\n"), ("people", "id,name\n1,Ann\n2,Bo\n")):
        (desk.folder / f"{name}.csv").write_text(text)
        desk.recipe(
            f'title = "{name}"\n[columns]\nid = {{ type = "int", role = "id" }}\n'
            + ('age = { type = "int", role = "input" }\n' if name == "orders" else "")
            + ('name = { type = "category", role = "input" }\n' if name == "people" else "")
            + f'[ingest]\nsource = "file"\npath = "{name}.csv"\n',
            name,
        )
    (desk.folder / "mine.py").write_text("def clean(people, orders):\n    return orders.merge(people, on='id')\n")
    text = RECIPE.format(more='reads = ["orders", "people"]')
    path = desk.recipe(text.replace('[ingest]\nsource = "file"\npath = "rows.csv"\n', ""), "mine")
    assert [desk.run(stage, path) for stage in ("ingest", "preprocess")] == [0, 0]
    assert [(row["id"], row["age"], row["name"]) for row in rows(desk)] == [(1, 30, "Ann"), (2, 40, "Bo")]
    assert set(receipt(desk)["key"]["inputs"]) == {"raw/orders", "raw/people"}
    assert (desk.run("ingest", path), desk.outcomes("ingest")) == (0, ["ran", "ran", "unchanged", "unchanged"])


UNUSABLE = [
    ("return frame[frame.age > 1000]", "", "recipes/mine.py: clean gave no rows"),
    ("return None", "", "recipes/mine.py: clean gave None (does it end with `return`?); expected a DataFrame"),
    ("return frame.drop(columns='age')", "", 'recipes/mine.py: clean: column age is missing; found "id", "name"'),
    (
        "frame['x'] = 1\n    return frame",
        "",
        'drop what is not declared with extra_columns = "drop" in [preprocess]',
    ),
    ("frame.columns = ['id', 'id', 'name']\n    return frame", "", "gave a frame with the column id twice"),
    ("return frame.values[:, :2]", "", "gave an array of the shape 100x2; expected 3 columns: id, age, name"),
    ("return frame.assign(split='half')", "", 'column split holds \'half\'; expected "train" or "test"'),
    ("while True: pass", "timeout = 1", "recipes/mine.py: clean was not done after its timeout of 1 s"),
    ("return frame['nothing']", "", "recipes/mine.py, line 2, in clean: KeyError: 'nothing'"),
]
"""The body of a function, more keys of the recipe, and the reason why what it gives is refused."""


def test_what_cannot_be_used_is_refused_and_the_dataset_of_before_stays(desk: Desk) -> None:
    path = prepare(desk, "def clean(frame):\n    return frame\n")
    assert desk.run("preprocess", path) == 0
    before = desk.bytes("processed/mine")
    for body, more, why in UNUSABLE:
        (desk.folder / "mine.py").write_text(f"def clean(frame):\n    {body}\n")
        desk.recipe(RECIPE.format(more=more), "mine")
        assert (body, desk.run("preprocess", path), why in failure(desk)) == (body, 1, True), failure(desk)
        assert (body, desk.bytes("processed/mine")) == (body, before)
        assert list((desk.data / ".state").glob("own/*")) == []


def test_rules_and_types_hold_for_what_a_function_gives(desk: Desk) -> None:
    code = "def clean(frame):\n    frame['age'] = frame['age'].astype(float) - 25\n    return frame\n"
    assert desk.run("preprocess", prepare(desk, code, "max_rejected_share = 0.5")) == 0
    assert [row["age"] for row in rows(desk)] == [age - 25 for _, age, _ in ROWS if age >= 25]
    assert receipt(desk)["rejected"]["reasons"] == {"age: below 0": 10}


def test_white_space_around_a_category_that_a_function_gives_is_removed_and_counted(desk: Desk) -> None:
    code = "def clean(frame):\n    frame['name'] = frame['name'].str.replace('b', ' b ')\n    return frame\n"
    assert desk.run("preprocess", prepare(desk, code)) == 0
    assert {row["name"] for row in rows(desk)} == {"a", "b"}
    (warning,) = receipt(desk)["warnings"]
    assert warning["text"].startswith('White space around 50 values of name was removed, such as " b " in row 2')


def test_the_authors_own_split_is_kept(desk: Desk) -> None:
    code = "def clean(frame):\n    return frame.assign(split=['test' if i % 4 == 0 else 'train' for i in frame.id])\n"
    assert desk.run("preprocess", prepare(desk, code)) == 0
    assert {row["id"] for row in rows(desk) if row["split"] == "test"} == set(range(0, 100, 4))


def test_a_run_says_which_function_changed_and_another_one_wakes_nothing(desk: Desk) -> None:
    code = "def clean(frame, *, least: int = 0):\n    return frame[frame.age > least]\n\ndef train(f):\n    return 1\n"
    path = prepare(desk, code)
    desk.run("preprocess", path)
    (desk.folder / "mine.py").write_text(code.replace("return 1", "return 2"))
    desk.run("preprocess", path)
    (desk.folder / "mine.py").write_text(code.replace("> least", ">= least"))
    desk.run("preprocess", path)
    desk.run("preprocess", path, "--set", "preprocess.arguments.least=30")
    assert desk.outcomes("preprocess") == ["ran", "unchanged", "ran", "ran"]
    said = [line for line in desk.said("preprocess") if ": runs, " in line]
    assert said[1:] == [
        "preprocess mine: runs, code recipes/mine.py: clean",
        "preprocess mine: runs, parameter arguments.least 0 -> 30",
    ]


def test_a_package_that_the_lock_does_not_pin_is_refused_with_the_file_to_change(desk: Desk) -> None:
    path = prepare(desk, "import geopandas\ndef clean(frame):\n    return frame\n")
    assert desk.run("preprocess", path) == 1
    assert failure(desk) == (
        "recipes/mine.py imports geopandas, which preprocess/requirements.txt does not pin. "
        "Add geopandas to preprocess/requirements.in, then run `make lock`."
    )


@pytest.mark.parametrize(
    ("more", "expected"),
    [('split = "time"', "time needs a column"), ('split = "group"', "group needs a column")],
)
def test_a_split_needs_its_column(more: str, expected: str, desk: Desk) -> None:
    path = prepare(desk, "def clean(frame):\n    return frame\n", more)
    assert desk.run("preprocess", path) == 1
    assert expected in failure(desk).replace('"', "")


def test_code_in_the_data_folder_never_runs(desk: Desk) -> None:
    prepare(desk, FILTERS["pandas"])
    sent = desk.data / "sent"
    sent.mkdir()
    for name, ending in (("rows", "csv"), ("mine", "py"), ("mine", "toml")):
        shutil.copy(desk.folder / f"{name}.{ending}", sent / f"{name.replace('mine', 'sent')}.{ending}")
    assert desk.run("ingest", str(sent / "sent.toml")) == 0
    assert desk.run("preprocess", str(sent / "sent.toml")) == 1
    assert "own code is never run from there" in failure(desk)


def test_a_file_beside_the_recipe_is_imported_with_a_dot(desk: Desk) -> None:
    path = prepare(desk, "from parts import tidy\ndef clean(frame):\n    return tidy(frame)\n")
    (desk.folder / "parts.py").write_text("def tidy(frame):\n    return frame\n")
    assert desk.run("preprocess", path) == 1
    assert failure(desk) == (
        "recipes/mine.py imports parts, which is a file beside the recipe and no package. Write `from .parts import …`."
    )
