"""`python -m model predict --file FOLDER`: files that do not go together, and files that cannot be read."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from asked_files import Predicted, copy_registered, write_rows
from projects import Project


@pytest.fixture
def line(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A straight line with an id, in production."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    return copy_registered(tmp_path_factory, tmp_path / "copy")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For files of rows."""
    made = tmp_path / "rows"
    made.mkdir()
    return made


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (pa.array([1, 2], pa.int32()), pa.array([2**40, 3]), pa.int64()),
        (pa.nulls(2), pa.array(["a", "b"]), pa.string()),
        (pa.array(["a", "b"]).dictionary_encode(), pa.array(["c", "d"], pa.large_string()), pa.string()),
        (pa.array([1, 2]), pa.array([1.5, None]), pa.float64()),
    ],
)
def test_what_is_carried_along_has_a_type_that_holds_the_values_of_all_files(
    line: Project,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    first: pa.Array,
    second: pa.Array,
    expected: pa.DataType,
) -> None:
    for name, values in {"a": first, "b": second}.items():
        write_rows(folder / f"{name}.parquet", pa.table({"number": values, "x": [1.0, 2.0]}))
    found = Predicted(capsys, line, folder, tmp_path / "out.parquet")
    assert found.outcome == "ran", found.document
    kept = pq.read_table(tmp_path / "out.parquet").column("number")
    assert kept.type == expected
    assert kept.to_pylist() == [*first.to_pylist(), *second.to_pylist()]


@pytest.mark.parametrize("second", [pa.array(["007", "8"]), pa.array([True, False])])
def test_ids_of_types_that_do_not_go_together_are_refused_with_their_files(
    line: Project, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], second: pa.Array
) -> None:
    write_rows(folder / "a.parquet", pa.table({"number": [1, 2], "x": [1.0, 2.0]}))
    write_rows(folder / "b.parquet", pa.table({"number": second, "x": [1.0, 2.0]}))
    found = Predicted(capsys, line, folder, tmp_path / "out.parquet")
    assert found.outcome == "schema"
    assert f"int64 in a.parquet and {second.type} in b.parquet" in found.message


def test_a_whole_number_that_a_fraction_in_another_file_would_round_is_refused(
    line: Project, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(folder / "a.parquet", pa.table({"number": [1.0, None], "x": [1.0, 2.0]}))
    write_rows(folder / "b.parquet", pa.table({"number": [2**53 + 1, 1], "x": [1.0, 2.0]}))
    found = Predicted(capsys, line, folder, tmp_path / "out.parquet")
    assert found.outcome == "schema"
    assert "number" in found.message
    assert str(2**53 + 1) in found.message
    assert not (tmp_path / "out.parquet").exists()


def test_a_column_that_a_later_file_has_twice_is_refused(
    line: Project, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(folder / "a.parquet", pa.table({"number": [1], "x": [1.0]}))
    write_rows(folder / "b.parquet", pa.table([[1], [1.0], [2.0]], names=["number", "x", "x"]))
    found = Predicted(capsys, line, folder, tmp_path / "out.parquet")
    assert found.outcome == "schema"
    assert "b.parquet has x more than once" in found.message


@pytest.mark.parametrize("kind", ["folder", "broken link", "pipe"])
def test_what_is_no_file_is_refused_by_its_name(
    line: Project, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    write_rows(folder / "b.parquet", pa.table({"number": [1], "x": [1.0]}))
    odd = folder / "a.parquet"
    {"folder": odd.mkdir, "broken link": lambda: odd.symlink_to("gone"), "pipe": lambda: os.mkfifo(odd)}[kind]()
    found = Predicted(capsys, line, folder, tmp_path / "out.parquet")
    assert found.outcome == "usage"
    assert str(odd) in found.message


def test_a_file_whose_rows_are_damaged_is_named_and_the_answers_stay(
    line: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "rows.parquet", {"number": [1], "x": [1.0]})
    out = tmp_path / "out.parquet"
    assert Predicted(capsys, line, rows, out).outcome == "ran"
    before, damaged = out.read_bytes(), bytearray(rows.read_bytes())
    damaged[4:60] = bytes(byte ^ 0x55 for byte in damaged[4:60])
    rows.write_bytes(damaged)
    found = Predicted(capsys, line, rows, out)
    assert found.outcome == "schema"
    assert f"{rows} cannot be read" in found.message
    assert out.read_bytes() == before
