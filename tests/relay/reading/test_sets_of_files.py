"""Several files as one table: columns that some lack, names that come twice, copies, and packed sets."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.reading.sets import distinguish

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Months"
[ingest]
source = "file"
path = PATH
max_rejected_share = 0.6
MORE
[columns]
age = { type = "int", role = "input" }
income = { type = "float", role = "input", null = true }
"""


def run(desk: Desk, path: str = '"data/*.csv"', more: str = "", recipe: str = RECIPE) -> int:
    """Ingest of a set of files."""
    return int(desk.run("ingest", desk.recipe(recipe.replace("PATH", path).replace("MORE", more))))


def put(desk: Desk, **files: str) -> None:
    """Write CSV files into the data folder; `in__a` is `in/a.csv`."""
    for name, content in files.items():
        path = desk.data / f"{name.replace('__', '/')}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def said(desk: Desk) -> str:
    """All that ingest logged."""
    return "\n".join(desk.said("ingest"))


LACKING = "column income is missing in 1 of 3 files and null in their rows: data/feb.csv"


def test_a_column_that_may_be_null_is_filled_where_a_file_lacks_it_and_said(desk: Desk) -> None:
    put(desk, jan="age,income\n1,10\n", feb="age\n2\n", mar="income,age\n30,3\n")
    assert run(desk) == 0
    assert desk.rows("raw/desk") == [
        {"age": 2, "income": None}, {"age": 1, "income": 10.0}, {"age": 3, "income": 30.0},
    ]  # fmt: skip
    assert [warning.text for warning in desk.receipt("raw/desk").warnings] == [LACKING]
    assert LACKING in said(desk)


@pytest.mark.parametrize(
    ("files", "more", "expected"),
    [
        ({"jan": "age,income\n1,10\n", "feb": "income\n2\n"}, "", 'feb.csv: column age is missing; found "income"'),
        ({"jan": "age\n1\n", "feb": "age\n2\n"}, "", 'data/feb.csv: column income is missing; found "age"'),
        ({"jan": "age,income\n1,10\n", "feb": "age,Income\n2,20\n"}, "", 'income is missing (is it "Income"? then say'),
        (
            {"jan": "age,income\n1,10\n", "feb": "age,incom\n2,20\n"},
            'extra_columns = "drop"',
            '(is it "incom"? then say from = "incom" in [columns]); found "age", "incom"; if "incom" is another '
            'column, declare it in [columns] with role = "ignore" and null = true: then income is null in the rows',
        ),
        (
            {"jan": "age,income\n1,10\n", "feb": "age,income,town\n2,20,Ulm\n"},
            "",
            'data/feb.csv: unexpected column "town"',
        ),
        (
            {"jan": "age,income\n1,10\n", "feb": "age,income,town\n2,20,Ulm\n"},
            'extra_columns = "keep"',
            'column "town" is in data/feb.csv and not in data/jan.csv',
        ),
        ({"jan": "age,age\n1,10\n"}, "", "data/jan.csv: column age comes more than once: "),
    ],
)  # fmt: skip
def test_a_file_that_does_not_belong_to_the_set_is_named(
    desk: Desk, files: dict[str, str], more: str, expected: str
) -> None:
    put(desk, **files)
    assert run(desk, more=more) == 1
    assert expected in said(desk)


@pytest.mark.parametrize(
    ("line", "incomes"),
    [
        ('income = { type = "float", role = "input", null = true, from = "incom" }', [20.0, 10.0]),
        (
            'income = { type = "float", role = "input", null = true }\n'
            'incom = { type = "float", role = "ignore", null = true }',
            [None, 10.0],
        ),
    ],
)
def test_the_advice_on_a_name_that_looks_alike_is_right(desk: Desk, line: str, incomes: list[float | None]) -> None:
    put(desk, jan="age,income\n1,10\n", feb="age,incom\n2,20\n")
    head, _, _ = RECIPE.partition("income =")
    assert run(desk, recipe=head + line) == 0
    assert [row["income"] for row in desk.rows("raw/desk")] == incomes


def test_a_single_file_must_have_all_columns(desk: Desk) -> None:
    put(desk, jan="age\n1\n")
    assert run(desk) == 1
    assert 'data/jan.csv: column income is missing; found "age"' in said(desk)


def test_a_file_without_any_column_of_the_recipe_is_refused_though_all_may_be_null(desk: Desk) -> None:
    put(desk, jan="age,income\n1,10\n", feb="name\nBo\n")
    nullable = RECIPE.replace('role = "input" }', 'role = "input", null = true }')
    assert run(desk, more='extra_columns = "drop"', recipe=nullable) == 1
    assert 'data/feb.csv: column age is missing; found "name"' in said(desk)


def test_extra_columns_are_dropped_file_by_file(desk: Desk) -> None:
    put(desk, jan="age,income\n1,10\n", feb="town,age,income\nUlm,2,20\n", mar="age\n3\n")
    assert run(desk, more='extra_columns = "drop"') == 0
    assert [row["age"] for row in desk.rows("raw/desk")] == [2, 1, 3]


def test_kept_columns_come_in_one_order_and_what_may_be_null_is_filled(desk: Desk) -> None:
    put(desk, a="town,age\nUlm,1\n", b="income,age,town\n20,2,Bonn\n")
    assert run(desk, more='extra_columns = "keep"') == 0
    expected = [{"town": "Ulm", "age": 1, "income": None}, {"town": "Bonn", "age": 2, "income": 20.0}]
    assert desk.rows("raw/desk") == expected


def test_the_header_of_each_file_is_no_row(desk: Desk) -> None:
    text = RECIPE.replace('age = { type = "int"', 'age = { type = "text"')
    put(desk, jan="age,income\n1,10\n", feb="age,income\n2,20\n")
    assert run(desk, recipe=text) == 0
    assert [row["age"] for row in desk.rows("raw/desk")] == ["2", "1"]


@pytest.mark.parametrize("kind", ["text", "category", "int"])
def test_a_header_between_the_rows_of_joined_files_is_no_row(desk: Desk, kind: str) -> None:
    recipe = RECIPE.replace('"int"', f'"{kind}"').replace('"float"', '"text"')
    month = b"age,income\n1,10\n2,20\n"
    (desk.data / "year.csv.gz").write_bytes(gzip.compress(month) + gzip.compress(month))  # as cat joins them
    assert run(desk, '"data/year.csv.gz"', recipe=recipe) == 0
    assert [str(row["age"]) for row in desk.rows("raw/desk")] == ["1", "2", "1", "2"]
    (row,) = desk.rows("rejected/ingest/desk")
    assert (row["row"], row["reason"]) == (3, "repeats the names of the columns")


def test_equal_names_in_two_folders_are_told_apart_everywhere(desk: Desk) -> None:
    put(desk, north__jan="age,income\n1,10\nold,1\n", south__jan="age,income\n2,20\n3,30\nnew,2\n")
    assert run(desk, '"data/*/jan.csv"') == 0
    assert list(desk.receipt("raw/desk").key.inputs) == ["data/north/jan.csv", "data/south/jan.csv"]
    assert len({source.where for source in desk.receipt("raw/desk").sources}) == 2
    rejected = [(row["row"], row["file"], row["file_row"]) for row in desk.rows("rejected/ingest/desk")]
    assert rejected == [(2, "data/north/jan.csv", 2), (5, "data/south/jan.csv", 3)]


TEXTS = """
title = "Texts"
[ingest]
source = "file"
path = PATH
MORE
[columns]
author = { type = "category", role = "label", from = "folder" }
item = { type = "text", role = "id" }
text = { type = "text", role = "input" }
"""

LABELLED = [
    {"author": "hamilton", "item": "hamilton/1", "text": "A"},
    {"author": "madison", "item": "madison/1", "text": "B"},
    {"author": "madison", "item": "2", "text": "C"},
]


def by_item(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in the order of `LABELLED`."""
    return sorted(rows, key=lambda row: str(row["text"]))


def test_texts_are_labelled_by_their_folder_and_equal_names_are_different_items(desk: Desk) -> None:
    for name, text in (("hamilton/1.txt", "A"), ("madison/1.txt", "B"), ("madison/2.txt", "C")):
        path = desk.data / "papers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert run(desk, '"data/papers/*/*.txt"', recipe=TEXTS) == 0
    assert by_item(desk.rows("raw/desk")) == LABELLED


def test_so_are_texts_in_an_archive(desk: Desk) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in (("hamilton/1.txt", "A"), ("madison/1.txt", "B"), ("madison/2.txt", "C")):
            archive.writestr(f"papers/{name}", text)
    (desk.data / "papers.zip").write_bytes(content.getvalue())
    assert run(desk, '"data/papers.zip"', recipe=TEXTS) == 0
    assert by_item(desk.rows("raw/desk")) == LABELLED


@pytest.mark.parametrize(
    ("names", "items"),
    [
        (["data/a.csv", "data/b.csv"], ["a", "b"]),
        (["x/a.txt", "y/a.txt", "y/b.txt"], ["x/a", "y/a", "b"]),
        (["p/x/a.txt", "q/x/a.txt"], ["p/x/a", "q/x/a"]),
        (["x/a.csv", "x/a.json"], ["a.csv", "a.json"]),
        (["x/a.csv.gz", "y/a.csv.gz"], ["x/a", "y/a"]),
        (["x/a.csv", "x/a.csv"], ["a", "a"]),  # two queries of one URL: nothing in the path tells
        (["/a.csv", "/x/a.csv"], ["/a", "x/a"]),
    ],
)
def test_as_many_folders_as_it_takes_tell_files_apart(names: list[str], items: list[str]) -> None:
    assert distinguish(names) == items


def test_a_file_that_is_named_twice_is_refused(desk: Desk) -> None:
    put(desk, jan="age,income\n1,10\n")
    assert run(desk, '["data/*.csv", "data/jan.csv"]') == 1
    assert "data/jan.csv is named twice, and its rows would count twice; name it once in [ingest] path" in said(desk)


def test_a_link_to_a_file_of_the_set_is_refused(desk: Desk) -> None:
    put(desk, jan="age,income\n1,10\n")
    (desk.data / "latest.csv").symlink_to(desk.data / "jan.csv")
    assert run(desk) == 1
    assert "data/latest.csv and data/jan.csv are one file, and its rows would count twice" in said(desk)


def test_a_copy_of_a_file_is_said(desk: Desk) -> None:
    put(desk, jan="age,income\n1,10\n", **{"jan (1)": "age,income\n1,10\n"})
    assert run(desk) == 0
    assert "data/jan.csv: the same bytes as data/jan (1).csv; their rows are read twice" in said(desk)


def zipped(parts: list[str]) -> bytes:
    """CSV texts as the files of an archive, in their order."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, part in reversed(list(enumerate(parts))):
            archive.writestr(f"{number:03}.csv", part)
    return content.getvalue()


def table(rows: list[tuple[int, float | None]]) -> str:
    """Rows as CSV."""
    return "age,income\n" + "".join(f"{age},{'' if income is None else income}\n" for age, income in rows)


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "x.csv.gz": gzip.compress,
    "x.csv.bz2": bz2.compress,
    "x.csv.xz": lzma.compress,
    "x.zip": lambda plain: zipped([plain.decode()]),
}


@pytest.mark.property
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(st.integers(-(10**6), 10**6), st.none() | st.floats(-1e9, 1e9, allow_subnormal=False)), min_size=1
    ),
    cuts=st.lists(st.integers(0, 50), max_size=4),
)
def test_a_table_has_one_fingerprint_however_it_is_packed(
    desk: Desk, rows: list[tuple[int, float | None]], cuts: list[int]
) -> None:
    plain = table(rows)
    borders = sorted({0, *(cut for cut in cuts if cut < len(rows)), len(rows)})
    parts = [table(rows[start:end]) for start, end in pairwise(borders)]
    files = {"x.csv": plain.encode(), "months.zip": zipped(parts)}
    files |= {name: pack(plain.encode()) for name, pack in PACKINGS.items()}
    fingerprints = {}
    for name, content in files.items():
        (desk.data / name).write_bytes(content)
        assert run(desk, f'"data/{name}"') == 0
        fingerprints[name] = desk.receipt("raw/desk").fingerprint
    assert fingerprints == dict.fromkeys(files, fingerprints["x.csv"])
