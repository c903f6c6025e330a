"""`python -m model predict --file`: a file of rows in, a file of answers, its receipt and the refused rows out."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asked_files import Predicted, copy_registered, write_rows
from projects import Project
from small_disk import mount_disk

from relay.handoff.journal import Outcome, parse_entry
from relay.handoff.parts import KEY_CHARS
from relay.handoff.receipt import Receipt


@pytest.fixture
def line(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A straight line with two versions and an id, of which the first version is in production."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    return copy_registered(tmp_path_factory, tmp_path / "copy")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A file of 1,000 rows in row groups of 300."""
    x = np.random.default_rng(1).uniform(0, 20, 1000)
    return write_rows(tmp_path / "rows.parquet", {"number": np.arange(1000), "x": x, "shop": ["a", "b"] * 500}, 300)


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def read_outcomes(folder: Path) -> list[tuple[str, Outcome, int]]:
    entries = [parse_entry(line) for line in (folder / "logs" / "runs.jsonl").read_text().splitlines()]
    return [(entry.stage, entry.outcome, entry.rows) for entry in entries]


def test_each_row_has_its_answer_and_the_file_says_where_it_comes_from(
    line: Project, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.parquet"
    found = Predicted(capsys, line, rows, out, "--keep", "shop")
    assert (found.code, found.outcome, found.document["rows"], found.document["rejected"]) == (0, "ran", 1000, 0)
    given, answers = pq.read_table(rows), pq.read_table(out)
    assert answers.column_names == ["number", "shop", "prediction"]
    assert answers.select(["number", "shop"]).equals(given.select(["number", "shop"]))
    expected = 2 * given.column("x").to_numpy() + 1
    assert answers.column("prediction").to_numpy() == pytest.approx(expected, abs=0.5)
    receipt = Receipt.read(tmp_path / "out.json")
    assert receipt.answered_by is not None
    assert (receipt.answered_by.model, receipt.answered_by.version) == ("line", 1)
    assert (receipt.fingerprint, receipt.rows) == (found.document["fingerprint"], 1000)
    assert [source.where for source in receipt.sources] == [str(rows)]
    assert list_names(tmp_path) == ["out.json", "out.parquet", "rows.parquet"]
    assert read_outcomes(tmp_path) == [("predict", Outcome.RAN, 1000)]


def test_answers_that_are_up_to_date_are_left_as_they_are(
    line: Project, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.parquet"
    assert Predicted(capsys, line, rows, out).outcome == "ran"
    inode = out.stat().st_ino
    assert Predicted(capsys, line, rows, out).outcome == "unchanged"
    moved = shutil.copy(rows, tmp_path / "same rows.parquet")
    assert Predicted(capsys, line, Path(moved), out).outcome == "unchanged"
    assert out.stat().st_ino == inode
    assert Predicted(capsys, line, rows, out, "--force").outcome == "ran"
    assert read_outcomes(tmp_path)[1] == ("predict", Outcome.UNCHANGED, 1000)


def test_another_version_other_rows_and_other_options_answer_again(
    line: Project, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.parquet"
    first = Predicted(capsys, line, rows, out).document
    second = Predicted(capsys, line, rows, out, "--version", "2").document
    assert (second["outcome"], second["model_version"]) == ("ran", 2)
    assert second["fingerprint"] != first["fingerprint"]
    assert Predicted(capsys, line, rows, out).document["fingerprint"] == first["fingerprint"]
    assert Predicted(capsys, line, rows, out, "--keep", "shop").outcome == "ran"
    write_rows(rows, {"x": [1.0, 2.0]})
    assert Predicted(capsys, line, rows, out).document["rows"] == 2
    out.write_bytes(b"edited")
    assert Predicted(capsys, line, rows, out).outcome == "ran"


def test_a_version_that_is_not_there_is_a_sentence(
    line: Project, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Predicted(capsys, line, rows, tmp_path / "out.parquet", "--version", "7")
    assert (found.code, found.outcome) == (1, "registry_empty")
    assert found.message.startswith("line has no version 7")


def test_how_the_rows_are_cut_into_groups_and_files_changes_no_byte(
    line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.random.default_rng(2).uniform(0, 20, 70_000)
    table = pa.table({"x": x})
    whole = write_rows(tmp_path / "whole.parquet", table)
    cut = write_rows(tmp_path / "cut.parquet", table, 999)
    (tmp_path / "parts").mkdir()
    for number, first in enumerate((0, 10, 66_000)):
        part = table.slice(first, [10, 65_990, 4000][number])
        write_rows(tmp_path / "parts" / f"part-{number}.parquet", part)
    found = [
        Predicted(capsys, line, source, tmp_path / f"{source.stem}-out.parquet").document
        for source in (whole, cut, tmp_path / "parts")
    ]
    assert [one["rows"] for one in found] == [70_000] * 3
    assert len({one["fingerprint"] for one in found}) == 1


def test_rows_that_break_the_contract_refuse_the_file_with_their_numbers_and_reasons(
    line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = [1.0, None, 3.0, 21.0] + [5.0] * 96 + [-1.0] * 20
    source = write_rows(tmp_path / "rows.parquet", {"x": x}, 10)
    found = Predicted(capsys, line, source, tmp_path / "out.parquet")
    assert (found.code, found.outcome) == (1, "schema")
    assert "22 of 120 rows cannot be answered by version 1 of line: row 2: x is required" in found.message
    assert "row 4: x is 21, expected a number from 0 to 20 (m); row 101: x is -1" in found.message
    assert "and 12 more. Correct them, or answer the others with --invalid skip" in found.message
    assert list_names(tmp_path) == ["rows.parquet"]
    assert read_outcomes(tmp_path) == [("predict", Outcome.FAILED, 0)]


def test_rows_that_are_skipped_keep_their_place_and_are_listed_beside(
    line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_rows(tmp_path / "rows.parquet", {"number": [1, 2, 3, 4], "x": [1.0, 99.0, None, 4.0]}, 2)
    out = tmp_path / "out.parquet"
    found = Predicted(capsys, line, source, out, "--invalid", "skip")
    assert (found.outcome, found.document["rows"], found.document["rejected"]) == ("ran", 4, 2)
    answers = pq.read_table(out)
    assert answers.column("number").to_pylist() == [1, 2, 3, 4]
    assert [one is None for one in answers.column("prediction").to_pylist()] == [False, True, True, False]
    rejected = pq.read_table(tmp_path / "out.rejected.parquet").to_pylist()
    assert [(row["row"], row["reason"]) for row in rejected] == [
        (2, "x is 99, expected a number from 0 to 20 (m)"),
        (3, "x is required, expected a number from 0 to 20 (m)"),
    ]
    assert json.loads(rejected[0]["cells"]) == {"x": "99.0", "number": "2"}
    write_rows(source, {"x": [1.0]})
    assert Predicted(capsys, line, source, out, "--invalid", "skip").document["rejected"] == 0
    assert list_names(tmp_path) == ["out.json", "out.parquet", "rows.parquet"]


def test_refused_rows_of_a_folder_are_named_by_their_file(
    line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    write_rows(parts / "a.parquet", {"x": [1.0, 2.0]})
    write_rows(parts / "b.parquet", {"x": [3.0, 99.0]})
    assert Predicted(capsys, line, parts, tmp_path / "out.parquet", "--invalid", "skip").code == 0
    (rejected,) = pq.read_table(tmp_path / "out.rejected.parquet").to_pylist()
    assert [rejected[name] for name in ("row", "file", "file_row")] == [4, "b.parquet", 2]


def test_a_csv_file_is_read_as_a_request_is(line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "rows.csv"
    source.write_text('number, x \n1,5\n2," 5.0 "\n\n3,five\n4\n5,6,7\n', encoding="utf-8")
    out = tmp_path / "out.parquet"
    found = Predicted(capsys, line, source, out, "--invalid", "skip")
    assert (found.document["rows"], found.document["rejected"]) == (5, 3)
    first, second, *_ = pq.read_table(out).to_pylist()
    assert (first["number"], first["prediction"]) == ("1", second["prediction"])
    rejected = pq.read_table(tmp_path / "out.rejected.parquet").to_pylist()
    assert [row["reason"] for row in rejected] == [
        'x is "five", expected a number from 0 to 20 (m)',
        "the row has 1 cell, expected 2 cells",
        "the row has 3 cells, expected 2 cells",
    ]
    cells = [json.loads(row["cells"]) for row in rejected]
    assert [(row["number"], row["x"]) for row in cells] == [("3", "five"), ("4", ""), ("5", "6")]


CSV = {
    "no UTF-8": (b"x\n5\n\xff\n", "is not UTF-8"),
    "an open quote": (b'x\n5\n"7', 'a quote is opened and never closed, near "7"'),
    "other separators": (b"x;y\n5;6\n", "Separate the columns by commas"),
}


@pytest.mark.parametrize("case", CSV)
def test_a_csv_file_that_cannot_be_read_is_a_sentence(
    case: str, line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, message = CSV[case]
    source = tmp_path / "rows.csv"
    source.write_bytes(content)
    found = Predicted(capsys, line, source, tmp_path / "out.parquet", "--invalid", "skip")
    assert (found.outcome, message in found.message) == ("schema", True)
    assert list_names(tmp_path) == ["rows.csv"]


REFUSED: dict[str, tuple[dict[str, Any], list[str], str, str]] = {
    "a column is missing": ({"X": [1.0]}, [], "schema", "lacks the columns x (is it X?); found X"),
    "a kept column is missing": ({"x": [1.0]}, ["--keep", "shop"], "schema", "--keep shop names 0 columns"),
    "a column of another type": ({"x": [[1.0]]}, [], "schema", "1 of 1 rows cannot be answered"),
    "no records with it": ({"x": [1.0]}, ["--csv"], "usage", "--csv is about records on standard input"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_answered_is_refused_and_nothing_is_written(
    case: str, line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns, more, kind, message = REFUSED[case]
    source = write_rows(tmp_path / "rows.parquet", columns)
    found = Predicted(capsys, line, source, tmp_path / "out.parquet", *more)
    assert (found.code != 0, found.outcome) == (True, kind)
    assert message in found.message
    assert list_names(tmp_path) == ["rows.parquet"]


def test_more_columns_than_the_model_takes_are_passed_over_and_no_rows_give_no_answers(
    line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = pa.schema([("x", pa.float64()), ("prediction", pa.string())])
    source = write_rows(tmp_path / "rows.parquet", schema.empty_table())
    found = Predicted(capsys, line, source, tmp_path / "out.parquet", "--keep", "prediction")
    assert (found.outcome, found.document["rows"]) == ("ran", 0)
    answers = pq.read_table(tmp_path / "out.parquet")
    assert (answers.column_names, answers.num_rows) == (["prediction", "prediction_by_model"], 0)


def test_files_that_are_not_there_or_no_tables_are_sentences(
    line: Project, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no.parquet").write_text("no table")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "folder").mkdir()
    out = tmp_path / "out.parquet"
    said = [
        Predicted(capsys, line, tmp_path / name, out).message
        for name in ("gone.parquet", "no.parquet", "empty.csv", "folder")
    ]
    expected = ["does not exist", "cannot be read as Parquet", "is empty", "holds no file *.parquet"]
    assert [text in message for text, message in zip(expected, said, strict=True)] == [True] * 4
    assert "does not exist" in Predicted(capsys, line, rows, tmp_path / "no" / "out.parquet").message
    assert "ends in .parquet" in Predicted(capsys, line, rows, tmp_path / "out.csv").message


def test_neither_the_rows_nor_files_of_others_are_replaced(
    line: Project, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows.read_bytes()
    (tmp_path / "link.parquet").symlink_to(rows)
    for out in (rows, tmp_path / "link.parquet"):
        assert "which is read" in Predicted(capsys, line, rows, out, "--force").message
    refused = shutil.copy(rows, tmp_path / "out.rejected.parquet")
    assert "which is read" in Predicted(capsys, line, Path(refused), tmp_path / "out.parquet", "--force").message
    assert "whose files are read" in Predicted(capsys, line, tmp_path, tmp_path / "out.parquet", "--force").message
    processed = line.data_dir / "processed" / "line.parquet"
    unfinished = processed.with_name(f"{processed.name}.tmp")
    unfinished.touch()
    assert "was written by preprocess" in Predicted(capsys, line, rows, processed, "--force").message
    parts = tmp_path / "mine.parts" / ("0" * KEY_CHARS) / "part-00000.parquet"
    parts.parent.mkdir(parents=True)
    shutil.copy(rows, parts)
    (tmp_path / "mine.json").write_text("{}")
    assert "no receipt of a prediction is beside it" in Predicted(capsys, line, rows, tmp_path / "mine.parquet").message
    assert unfinished.exists()
    assert ((tmp_path / "mine.json").read_text(), rows.read_bytes()) == ("{}", before)
    assert Predicted(capsys, line, rows, tmp_path / "mine.parquet", "--force").outcome == "ran"
    assert parts.read_bytes() == before


def test_a_folder_that_is_read_only_holds_answers_that_are_up_to_date_and_takes_no_others(
    line: Project, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = write_rows(tmp_path / "few.parquet", {"x": [1.0]})
    with mount_disk(1 << 20) as disk:
        out = disk.folder / "out.parquet"
        assert Predicted(capsys, line, few, out).outcome == "ran"
        subprocess.run(["mount", "-o", "remount,ro", disk.folder], check=True)
        assert Predicted(capsys, line, few, out).outcome == "unchanged"
        for path in (out, disk.folder / "other.parquet"):
            found = Predicted(capsys, line, rows, path)
            assert (found.outcome, "name another file with --out" in found.message) == ("storage", True)
        assert list_names(disk.folder) == ["out.json", "out.parquet"]
