"""A key of `[ingest]` that the given data does not have is refused: it would change nothing."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from adopt.__main__ import main

Refuse = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small file of each format."""
    folder = tmp_path_factory.mktemp("formats")
    write_files(folder)
    return folder


@pytest.fixture
def refuse(folder: Path, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """`refuse("x.csv", "--sheet", "A")`: what the command says on a file of that name."""

    def run(name: str, *words: str) -> str:
        code = main([str(folder / name), "--data-dir", str(folder), "--dry-run", "--quick", *words])
        said = capsys.readouterr()
        assert code == 2, said.out + said.err
        return said.err

    return run


def write_files(folder: Path) -> None:
    """One small file of each format."""
    table = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    table.to_csv(folder / "x.csv", index=False)
    table.to_excel(folder / "x.xlsx", index=False)
    table.to_parquet(folder / "x.parquet")
    table.to_json(folder / "x.json", orient="records")
    table.to_json(folder / "x.jsonl", orient="records", lines=True)
    (folder / "x.txt").write_text("Call me Ishmael.\n")
    with sqlite3.connect(folder / "x.db") as database:
        database.execute("create table t as select 1 as a, 'x' as b union select 2, 'y'")
    database.close()


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("x.csv", ["--sheet", "A"], "--sheet is only for Excel, and x.csv is read as CSV"),
        ("x.csv", ["--records", "a.b"], "--records is only for JSON, and x.csv is read as CSV"),
        ("x.csv", ["--table", "t"], "--table is only for databases, and x.csv is read as CSV"),
        ("x.csv", ["--query", "select 1"], "--query is only for databases"),
        ("x.csv", ["--member", "*.csv"], "--member is only for ZIP archives, and x.csv is none"),
        ("x.csv", ["--set", "ingest.document=^I"], "--set ingest.document is only for documents"),
        ("x.xlsx", ["--set", "ingest.delimiter=;"], "--set ingest.delimiter is only for CSV, and x.xlsx is read as"),
        ("x.xlsx", ["--member", "a"], "--member is only for ZIP archives"),
        ("x.parquet", ["--set", "ingest.header=false"], "only for CSV, Excel and fixed width, and x.parquet is read"),
        ("x.json", ["--sheet", "1"], "and x.json is read as JSON. Leave it out; JSON can have --records"),
        ("x.jsonl", ["--records", "a"], "--records is only for JSON, and x.jsonl is read as JSON lines"),
        ("x.txt", ["--set", "ingest.skip_rows=1"], "and x.txt is read as documents"),
        ("x.db", ["--sheet", "1"], "--sheet is only for Excel, and a database is given"),
        ("x.db", ["--member", "1"], "--member is only for files, and a database is given"),
        ("x.db", ["--table", "t", "--query", "select 1"], "--table and --query are both given; expected one"),
    ],
)  # fmt: skip
def test_an_option_that_does_not_fit_is_refused_with_what_fits(
    refuse: Refuse, name: str, words: list[str], said: str
) -> None:
    assert said in refuse(name, *words)


def test_quick_is_refused_where_a_recipe_would_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    assert main([str(tmp_path / "x.csv"), "--data-dir", str(tmp_path), "--into", str(tmp_path), "--quick"]) == 2
    assert "--quick is only for --dry-run" in capsys.readouterr().err
    assert not (tmp_path / "x.toml").exists()


@pytest.mark.parametrize(
    ("content", "sets", "said"),
    [
        ("011anna\n022bo\n033cyd\n", ["positions.a=[1, 3]", "positions.b=[4, 8]"], "{ a = [1, 3], b = [4, 8] }"),
        ("011anna\n022bo\n033cyd\n", ["widths=[3, 5]", "header=false"], "column_2 = "),
        ("ab name\n11anna\n22bo\n33cyd\n", ["widths=[2, 5]"], "\nname = "),
    ],
)
def test_fields_of_fixed_width_can_be_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, sets: list[str], said: str
) -> None:
    (tmp_path / "x.dat").write_text(content)
    words = [word for one in sets for word in ("--set", f"ingest.{one}")]
    code = main([str(tmp_path / "x.dat"), "--data-dir", str(tmp_path), "--dry-run", *words])
    answer = capsys.readouterr()
    assert (code, answer.err) == (0, "")
    assert said in answer.out
    assert 'format = "fixed"' in answer.out
    assert "does not accept" not in answer.out


def test_a_table_of_a_database_without_rows_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(tmp_path / "zero.db") as database:
        database.execute("create table t (a int, b text)")
    database.close()
    assert main([str(tmp_path / "zero.db"), "--data-dir", str(tmp_path), "--dry-run", "--quick"]) == 1
    assert "the table has no row" in capsys.readouterr().err
