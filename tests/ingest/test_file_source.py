"""Files that the user put there: found, named, read where they lie."""

import csv
import hashlib
from pathlib import Path
from typing import Any

import pytest

from relay.handoff.errors import RecipeError, SourceError
from relay.handoff.receipt import Origin
from relay.reading.formats import guess_format
from relay.reading.rawfile import RawFile, drop_mark

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Files"
[ingest]
source = "file"
path = PATH
[preprocess]
kind = "table"
[columns]
age = { type = "int", role = "input" }
[model]
kind = "estimator"
"""


def run(desk: Desk, path: str, *options: str) -> int:
    """Run ingest on a recipe with this `path`, written as TOML."""
    return int(desk.run("ingest", desk.recipe(RECIPE.replace("PATH", path)), *options))


def put(folder: Path, **ages: int) -> None:
    """Write files of one row each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, age in ages.items():
        (folder / f"{name}.csv").write_text(f"age\n{age}\n")


def ages(desk: Desk) -> list[int]:
    """What was read, in order."""
    return [row["age"] for row in desk.rows("raw/desk")]


def test_a_path_below_data_lies_in_the_data_folder(desk: Desk) -> None:
    put(desk.data / "in", a=1)
    assert (run(desk, '"data/in/a.csv"'), ages(desk)) == (0, [1])
    assert list(desk.receipt("raw/desk").key.inputs) == ["data/in/a.csv"]


def test_another_relative_path_lies_beside_the_recipe(desk: Desk) -> None:
    put(desk.folder / "mine", a=2)
    assert (run(desk, '"mine/a.csv"'), ages(desk)) == (0, [2])
    assert list(desk.receipt("raw/desk").key.inputs) == ["mine/a.csv"]


def test_an_absolute_path_is_taken_as_it_is(desk: Desk, tmp_path: Path) -> None:
    put(tmp_path / "far", a=3)
    assert (run(desk, f'"{tmp_path}/far/a.csv"'), ages(desk)) == (0, [3])


def test_the_files_of_a_pattern_come_by_name_whatever_their_age(desk: Desk) -> None:
    put(desk.data, c=3, a=1, b=2)
    (desk.data / "note.txt").write_text("not asked for")
    assert (run(desk, '"data/*.csv"'), ages(desk)) == (0, [1, 2, 3])


def test_two_stars_reach_folders_below(desk: Desk) -> None:
    put(desk.data / "in", b=2)
    put(desk.data / "in/deep", a=1)
    assert (run(desk, '"data/in/**/*.csv"'), sorted(ages(desk))) == (0, [1, 2])


def test_several_paths_are_read_in_the_order_of_the_recipe(desk: Desk) -> None:
    put(desk.data, a=1, b=2)
    assert (run(desk, '["data/b.csv", "data/a.csv"]'), ages(desk)) == (0, [2, 1])


def test_row_numbers_count_on_over_files(desk: Desk) -> None:
    put(desk.data, a=1, b=2)
    (desk.data / "c.csv").write_text("age\n3\nold\n")
    assert run(desk, '"data/*.csv"', "--set", "ingest.max_rejected_share=0.5") == 0
    assert [row["row"] for row in desk.rows("rejected/ingest/desk")] == [4]


def test_a_new_file_of_the_pattern_wakes_the_stage(desk: Desk) -> None:
    put(desk.data, a=1)
    run(desk, '"data/*.csv"')
    put(desk.data, b=2)
    run(desk, '"data/*.csv"')
    assert (desk.said("ingest")[-2], ages(desk)) == ("ingest desk: runs, input data/b.csv", [1, 2])


@pytest.mark.parametrize("path", ["data/none.csv", "data/*.csv", "data/raw"])
def test_a_missing_file_is_named_with_what_to_do(desk: Desk, path: str) -> None:
    (desk.data / "raw").mkdir()
    assert run(desk, f'"{path}"') == 1
    expected = desk.data / path.removeprefix("data/")
    assert desk.said("ingest")[-1].endswith(f'no file {expected}: put it there, or correct [ingest] path = "{path}"')


def test_the_receipt_says_where_the_bytes_came_from(desk: Desk) -> None:
    put(desk.data, a=1)
    run(desk, '"data/a.csv"')
    path = desk.data / "a.csv"
    digest = hashlib.sha256(b"age\n1\n").hexdigest()
    assert desk.receipt("raw/desk").sources == [Origin(where=str(path), sha256=digest, bytes=6)]


def test_the_ending_tells_the_format() -> None:
    names = ["a.CSV", "a.tsv", "a.json", "b.jsonl", "b.ndjson", "c.d.txt", "x.parquet", "http://x/y.csv?download=1"]
    assert [guess_format(name) for name in names] == [
        "csv", "csv", "json", "jsonl", "jsonl", "text", "parquet", "csv",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["data", "a.dat", "http://x/y?f=z.csv"])
def test_an_ending_that_tells_nothing_asks_for_the_format(name: str) -> None:
    with pytest.raises(RecipeError, match='tells no format; say format = "csv", "json"'):
        guess_format(name)


def test_a_file_that_changed_since_it_was_identified_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"age\n2\n")
    before = hashlib.sha256(b"age\n1\n").hexdigest()
    file = RawFile("a.csv", "a", tmp_path / "a.csv", Origin(where="a.csv", sha256=before, bytes=6))
    with pytest.raises(SourceError, match=r"a\.csv: the file changed while it was read .*; run again"):
        list(file.read_blocks())


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", "age\n1\n"), ("a.json", '[{"age": 1}]'), ("a.jsonl", '{"age": 1}\n')],
)
def test_a_file_that_changes_while_it_is_read_changes_no_dataset(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    path = desk.data / name
    path.write_text(content)
    sniff = RawFile.sniff

    def sniff_then_edit(file: RawFile, **how: bool) -> bytes:
        """Somebody saves the file between the moment it was identified and the reading."""
        head = sniff(file, **how)
        path.write_text(content.replace("1", "2"))
        return head

    assert run(desk, f'"data/{name}"') == 0
    before = desk.bytes("raw/desk")
    monkeypatch.setattr(RawFile, "sniff", sniff_then_edit)
    path.write_text(content.replace("1", "3"))
    assert run(desk, f'"data/{name}"') == 1
    assert "the file changed while it was read" in desk.said("ingest")[-1]
    assert desk.bytes("raw/desk") == before


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [([b"\xef\xbb\xbfa", b"b"], b"ab"), ([b"ab"], b"ab"), ([], b""), ([b"a", b"\xef\xbb\xbfb"], b"a\xef\xbb\xbfb")],
)
def test_only_a_mark_at_the_beginning_is_dropped(blocks: list[bytes], expected: bytes) -> None:
    assert b"".join(drop_mark(iter(blocks))) == expected


@pytest.mark.real
def test_the_real_borrowers_pass_ingest_and_preprocess(desk: Desk, real_data: Path) -> None:
    (desk.data / "cs-training.csv").symlink_to(real_data / "cs-training.csv")
    assert [desk.run("ingest", "credit"), desk.run("preprocess", "credit")] == [0, 0]
    raw, processed = desk.receipt("raw/credit"), desk.receipt("processed/credit")
    assert (raw.rows, raw.rejected.rows) == (19_999, 0)
    assert (processed.rows, processed.rejected.rows) == (19_999, 0)
    rows = desk.rows("processed/credit")
    share = sum(row["split"] == "test" for row in rows) / len(rows)
    nulls = [sum(row[name] is None for row in rows) for name in ("MonthlyIncome", "NumberOfDependents")]
    assert (0.19 < share < 0.21, nulls) == (True, [4_021, 548])
    with (real_data / "cs-training.csv").open(newline="") as file:
        cells = list(csv.reader(file))[1:]
    expected = [[None if cell in ("", "NA") else float(cell) for cell in row] for row in cells]
    assert [list(row.values()) for row in desk.rows("raw/credit")] == expected
