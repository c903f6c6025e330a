"""Raw columns of a recipe with an own preprocess function: what comes is kept, whether it is declared or not."""

import io
import json
import sqlite3
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Mine"
[columns]
id = {{ type = "int", role = "id" }}
tall = {{ type = "bool", role = "target" }}
born = {{ type = "int", role = "input", null = true, raw_type = "time" }}
[ingest]
{ingest}
[preprocess]
kind = "python"
function = "clean"
"""
"""`tall` is made by the function, and `born` becomes another type."""


def ingest(desk: Desk, source: str) -> int:
    """The exit code of ingest."""
    (desk.folder / "mine.py").write_text("def clean(frame):\n    return frame\n")
    return desk.run("ingest", desk.recipe(RECIPE.format(ingest=source), "mine"))


def ingest_file(desk: Desk, name: str, content: str | bytes, more: str = "") -> int:
    """The exit code of ingest of a file."""
    (desk.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return ingest(desk, f'source = "file"\npath = "{name}"\n{more}')


def types(desk: Desk) -> dict[str, str]:
    """Column of the raw dataset -> its type."""
    return {column["name"]: column["type"] for column in desk.receipt("raw/mine").columns}


def failure(desk: Desk) -> str:
    """The message of the last run."""
    return str(json.loads((desk.logs / "runs.jsonl").read_text().splitlines()[-1])["error"]["message"])


TIME = "timestamp[us, tz=UTC]"


def test_columns_of_csv_that_are_not_declared_are_texts_under_their_own_names(desk: Desk) -> None:
    text = "height(cm),1stFlrSF,id,born,a.b\n170,007,1,2001-02-03,NA\n,x,2,,\n"
    assert ingest_file(desk, "x.csv", text) == 0
    names = ("height(cm)", "1stFlrSF", "a.b")
    assert types(desk) == {"id": "int64", "born": TIME} | dict.fromkeys(names, "string")
    rows = [[row[name] for name in names] for row in desk.rows("raw/mine")]
    assert rows == [["170", "007", "NA"], ["", "x", ""]]
    assert [row["born"] and row["born"].date() for row in desk.rows("raw/mine")] == [date(2001, 2, 3), None]


def test_a_cell_of_csv_that_is_no_utf8_costs_its_row_also_where_it_is_not_declared(desk: Desk) -> None:
    many = b"".join(b"%d,b\n" % number for number in range(2, 200))
    assert ingest_file(desk, "x.csv", b"id,name\n1,M\xff\xfcller\n" + many) == 0
    assert (len(desk.rows("raw/mine")), types(desk)["name"]) == (198, "string")
    assert desk.receipt("raw/mine").rejected.reasons == {"name: not UTF-8 text": 1}


RECORDS = [
    {"id": 1, "n": 1, "mixed": 1, "list": [1, 2], "sub": {"x": True}},
    *({"id": number, "n": None} for number in range(2, 5000)),
    {"id": 5000, "n": 2.5, "mixed": "two", "late": "here", "big": 2**70},
]
"""More than one batch, of which only the last one shows what some fields hold."""

OF_RECORDS = {
    "id": "int64",
    "n": "double",
    "mixed": "string",
    "list": "string",
    "sub_x": "bool",
    "late": "string",
    "big": "string",
}


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_fields_of_json_have_the_type_of_all_their_values(form: str, desk: Desk) -> None:
    text = json.dumps(RECORDS) if form == "json" else "\n".join(map(json.dumps, RECORDS))
    assert ingest_file(desk, f"x.{form}", text) == 0
    assert types(desk) == OF_RECORDS
    first, last = desk.rows("raw/mine")[0], desk.rows("raw/mine")[-1]
    assert (first["n"], first["mixed"], first["list"], first["sub_x"], first["late"]) == (
        1.0,
        "1",
        "[1, 2]",
        True,
        None,
    )
    assert (last["n"], last["mixed"], last["late"], last["big"]) == (2.5, "two", "here", str(2**70))


def pack(columns: Mapping[str, Any]) -> bytes:
    """A Parquet file."""
    file = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), file)
    return file.getvalue()


def test_columns_of_parquet_keep_their_types(desk: Desk) -> None:
    columns = {
        "id": pa.array([1, 2], pa.int8()),
        "amount": pa.array([Decimal("1.10"), None]),
        "day": pa.array([date(2020, 1, 2), None]),
        "kind": pa.array(["a", "b"]).dictionary_encode(),
        "narrow": pa.array([0.5, None], pa.float32()),
        "count": pa.array([1, None], pa.int32()),
        "picture": pa.array([b"\xff\x00", b"text"]),
    }
    assert ingest_file(desk, "x.parquet", pack(columns)) == 0
    assert types(desk) == {
        "id": "int64",
        "amount": "decimal128(3, 2)",
        "day": "date32[day]",
        "kind": "string",
        "narrow": "double",
        "count": "int32",
        "picture": "binary",
    }
    assert desk.rows("raw/mine")[0]["amount"] == Decimal("1.10")


def test_a_nested_column_of_parquet_is_refused_unless_what_is_not_declared_is_dropped(desk: Desk) -> None:
    content = pack({"id": [1, 2], "parts": [[1], [2]]})
    assert ingest_file(desk, "x.parquet", content) == 1
    assert 'column "parts" holds list<' in failure(desk)
    assert ingest_file(desk, "x.parquet", content, 'extra_columns = "drop"') == 0
    assert types(desk) == {"id": "int64"}


def test_columns_of_sqlite_which_have_no_types_are_texts(desk: Desk) -> None:
    with sqlite3.connect(desk.folder / "x.db") as database:
        database.execute("create table people (id integer, name text, height real)")
        database.executemany("insert into people values (?, ?, ?)", [(1, "Ann", 1.5), (2, None, None)])
    database.close()
    assert ingest(desk, 'source = "sql"\nurl = "sqlite:///x.db"\ntable = "people"') == 0
    assert types(desk) == {"id": "int64", "name": "string", "height": "string"}
    assert [row["height"] for row in desk.rows("raw/mine")] == ["1.5", None]


DIFFERENT: dict[str, tuple[str, str]] = {
    "another column": ("id,name,sex\n3,Cy,f\n", 'column "sex" is in 2.csv and not in 1.csv'),
    "a column less": ("id\n3\n", 'column "name" is in 1.csv and not in 2.csv'),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_files_with_other_columns_are_refused(what: str, desk: Desk) -> None:
    text, why = DIFFERENT[what]
    (desk.folder / "2.csv").write_text(text)
    (desk.folder / "1.csv").write_text("id,name\n1,Ann\n2,Bo\n")
    assert ingest(desk, 'source = "file"\npath = "*.csv"') == 1
    assert why in failure(desk)
    (desk.folder / "2.csv").write_text("name,id\nCy,3\n")  # another order of the same columns
    assert ingest(desk, 'source = "file"\npath = "*.csv"') == 0
    assert desk.rows("raw/mine")[-1] == {"id": 3, "name": "Cy"}


def test_files_of_other_types_are_refused(desk: Desk) -> None:
    (desk.folder / "1.parquet").write_bytes(pack({"id": [1], "n": [1]}))
    (desk.folder / "2.parquet").write_bytes(pack({"id": [2], "n": ["1"]}))
    assert ingest(desk, 'source = "file"\npath = "*.parquet"') == 1
    assert '2.parquet: column "n" comes as string, and came as int64 before' in failure(desk)


def test_an_own_function_brings_what_it_likes(desk: Desk) -> None:
    code = (
        "import pandas as pd\ndef clean(frame):\n    return frame\n"
        "def load():\n    return pd.DataFrame({'id': [1], 'height(cm)': [1.5]}).set_index(['id', 'height(cm)'])\n"
    )
    path = desk.recipe(RECIPE.format(ingest='source = "python"\nfunction = "load"'), "mine")
    (desk.folder / "mine.py").write_text(code)
    assert desk.run("ingest", path) == 0
    assert types(desk) == {"id": "int64", "height(cm)": "double"}


def test_the_function_gets_them_all(desk: Desk) -> None:
    code = (
        "def clean(frame):\n    frame['tall'] = frame['height(cm)'].astype(float) > 180\n"
        "    frame['born'] = frame['born'].dt.year\n    return frame[['id', 'tall', 'born']]\n"
    )
    rows = "".join(f"{number},{170 + number},19{number:02}-01-01,x\n" for number in range(1, 30))
    assert ingest_file(desk, "x.csv", f"id,height(cm),born,1stFlrSF\n{rows}") == 0
    (desk.folder / "mine.py").write_text(code)
    assert desk.run("preprocess", str(desk.folder / "mine.toml")) == 0
    first = desk.rows("processed/mine")[10]
    assert (first["tall"], first["born"], first["raw_row"]) == (True, 1911, 11)


def test_columns_that_are_not_declared_are_refused_without_an_own_function_unless_the_recipe_keeps_them(
    desk: Desk,
) -> None:
    (desk.folder / "x.csv").write_text("id,height(cm)\n1,170\n")
    text = RECIPE.partition("tall")[0].format() + '[ingest]\nsource = "file"\npath = "x.csv"\n'
    assert desk.run("ingest", desk.recipe(text, "mine")) == 1
    assert 'unexpected column "height(cm)"; declare it in [columns]' in failure(desk)
    assert desk.run("ingest", desk.recipe(f'{text}extra_columns = "keep"', "mine")) == 0
    assert types(desk) == {"id": "int64", "height(cm)": "string"}
    (desk.folder / "x.csv").write_text("identity,height(cm)\n1,170\n")
    assert desk.run("ingest", str(desk.folder / "mine.toml")) == 1
    assert "column id is missing" in failure(desk)
