"""A source that is replaced at any moment gives rows, receipt and key of one and the same content, or no rows."""

import gzip
import hashlib
import io
import os
import sqlite3
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Desk = Any  # tests/conftest.py

RECIPE = """
title = "Replaced"
[ingest]
source = "file"
path = "data/NAME"
KEYS
[columns]
age = { type = "int", role = "input" }
"""

MODULE = '''"""Reads a file of the recipe."""

from pathlib import Path

import pandas as pd


def swap_and_read(path: Path) -> pd.DataFrame:
    """The ages of a file that another one takes the place of first, and that is put back afterwards."""
    other, kept = path.with_name("other"), path.with_name("kept")
    path.rename(kept)
    other.rename(path)
    found = pd.read_csv(path)
    path.rename(other)
    kept.rename(path)
    return found


def make_ages(table: Path) -> pd.DataFrame:
    """The ages of a file that an argument names."""
    found = pd.read_csv(table)
    other = table.with_name("other")
    if other.exists():
        other.rename(table)
    return found
'''


def as_csv(ages: list[int]) -> bytes:
    """A CSV file of ages."""
    return "".join(f"{line}\n" for line in ("age", *ages)).encode()


def as_zip(ages: list[int]) -> bytes:
    """The same in a ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("ages.csv"), as_csv(ages))
    return file.getvalue()


def as_parquet(ages: list[int]) -> bytes:
    """A Parquet file of ages."""
    file = io.BytesIO()
    pq.write_table(pa.table({"age": ages}), file, compression="none")
    return file.getvalue()


def as_sheet(ages: list[int]) -> bytes:
    """A workbook of ages."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    for cell in ("age", *ages):
        book.active.append([cell])
    book.save(file)
    return file.getvalue()


def as_lines(ages: list[int]) -> bytes:
    """JSON lines of ages."""
    return "".join(f'{{"age": {age}}}\n' for age in ages).encode()


def as_json(ages: list[int]) -> bytes:
    """A JSON file of ages, with a constant that has it read twice."""
    records = ", ".join(f'{{"age": {age}, "x": NaN}}' for age in ages)
    return f"[{records}]".encode()


def as_text(ages: list[int]) -> bytes:
    """A text whose head holds one age."""
    return f"age {ages[0]}\nwords\n".encode()


FORMATS: dict[str, tuple[Callable[[list[int]], bytes], str]] = {
    "a.csv": (as_csv, ""),
    "a.csv.gz": (lambda ages: gzip.compress(as_csv(ages), mtime=0), ""),
    "a.zip": (as_zip, ""),
    "a.jsonl": (as_lines, ""),
    "a.json": (as_json, 'extra_columns = "drop"'),
    "a.parquet": (as_parquet, ""),
    "a.xlsx": (as_sheet, ""),
    "a.txt": (as_text, "document_head = ['age (?P<age>[0-9]+)']"),
    "a.fwf": (as_csv, 'format = "fixed"\nwidths = [3]\nheader = true'),
}

OLD, NEW = [11, 22], [33, 44]


def rename_over(path: Path, content: bytes) -> None:
    """As programs do that write a new file and put it in the place of the old one."""
    other = path.with_name("other")
    other.write_bytes(content)
    other.replace(path)


def write_into(path: Path, content: bytes) -> None:
    """As programs do that overwrite a file."""
    path.write_bytes(content)


def write_into_and_set_back(path: Path, content: bytes) -> None:
    """The same by a program that keeps the file's date, as copies do."""
    found = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


CHANGES = (rename_over, write_into, write_into_and_set_back)


@dataclass
class Watch:
    """Does something right before a file is opened for the n-th time."""

    path: str = ""
    number: int = 0
    act: Callable[[], object] = bool
    count: int = 0
    busy: bool = field(default=False)

    def hear(self, event: str, details: tuple[Any, ...]) -> None:
        """Take an audit event."""
        if not self.path or self.busy or event != "open" or str(details[0]) != self.path:
            return
        self.count += 1
        if self.count == self.number:
            self.busy = True
            self.act()
            self.busy = False


WATCH = Watch()
sys.addaudithook(WATCH.hear)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """The watch, which sleeps before and after the test."""
    yield WATCH
    WATCH.path, WATCH.number, WATCH.count = "", 0, 0


def digest(content: bytes) -> str:
    """The SHA-256 as receipts have it."""
    return hashlib.sha256(content).hexdigest()


def require_one_content(desk: Desk, known: dict[str, list[int]]) -> None:
    """Rows, sources and key must be of one of the contents, known by their SHA-256."""
    receipt = desk.receipt("raw/desk")
    [source] = receipt.sources
    assert next(iter(receipt.key.inputs.values())) == source.sha256
    assert [row["age"] for row in desk.rows("raw/desk")] == known[source.sha256]


def put(desk: Desk, name: str) -> tuple[str, Path, bytes, dict[str, list[int]]]:
    """A recipe with its file; gives both, another content, and the ages of the two by their SHA-256."""
    make, keys = FORMATS[name]
    path, old, new = desk.data / name, make(OLD), make(NEW)  # made once: a workbook holds the time of its making
    path.write_bytes(old)
    rows = slice(1) if name == "a.txt" else slice(None)
    known = {digest(old): OLD[rows], digest(new): NEW[rows]}
    recipe = desk.recipe(RECIPE.replace("NAME", name).replace("KEYS", keys))
    return recipe, path, new, known


@pytest.mark.parametrize("name", FORMATS)
def test_a_source_replaced_before_any_of_its_openings_gives_one_content(desk: Desk, watch: Watch, name: str) -> None:
    recipe, path, new, known = put(desk, name)
    old = path.read_bytes()
    watch.path = str(path)
    assert desk.run("ingest", recipe) == 0
    openings, codes = watch.count, []
    assert openings >= 2
    for number in range(1, openings + 1):
        watch.path = ""
        for left in (*desk.data.glob("raw/desk.*"), *desk.data.glob(".state/*.json")):
            left.unlink()
        path.unlink()
        path.write_bytes(old)
        watch.path, watch.count, watch.number = str(path), 0, number
        change = CHANGES[(number + len(name)) % len(CHANGES)]
        watch.act = partial(change, path, new)
        codes.append(desk.run("ingest", recipe))
        if codes[-1] == 0:
            require_one_content(desk, known)
    assert set(codes) <= {0, 1}


@pytest.mark.parametrize(("name", "change"), list(zip(FORMATS, cycle(CHANGES), strict=False)))
def test_a_source_replaced_after_it_was_identified_gives_the_new_rows_under_their_own_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Path, bytes], None]
) -> None:
    from ingest.__main__ import Ingest

    recipe, path, new, known = put(desk, name)
    calls: list[bytes] = []

    def replace_once(*_: object) -> None:
        """The stage asks between its look at the sources and its work."""
        if not calls:
            calls.append(new)
            change(path, new)

    monkeypatch.setattr(Ingest, "restore", replace_once)
    assert desk.run("ingest", recipe) == 0
    require_one_content(desk, known)
    assert [row["age"] for row in desk.rows("raw/desk")] == known[digest(new)]
    assert f"ingest desk: data/{name} was replaced in the meantime; checks again" in desk.said("ingest")
    assert desk.run("ingest", recipe) == 0
    assert desk.outcomes("ingest") == ["ran", "unchanged"]


def test_a_file_that_joins_a_pattern_after_it_was_looked_at_is_read_with_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.__main__ import Ingest

    recipe, path, new, _ = put(desk, "a.csv")
    recipe = desk.recipe(RECIPE.replace("NAME", "*.csv").replace("KEYS", ""))
    monkeypatch.setattr(Ingest, "restore", lambda *_: path.with_name("b.csv").write_bytes(new) and None)
    assert desk.run("ingest", recipe) == 0
    receipt = desk.receipt("raw/desk")
    assert [source.sha256 for source in receipt.sources] == list(receipt.key.inputs.values())
    assert [row["age"] for row in desk.rows("raw/desk")] == [*OLD, *NEW]


@pytest.mark.parametrize(
    ("name", "opener"),
    [("a.parquet", "pyarrow.parquet.ParquetFile"), ("a.zip", "zipfile.ZipFile"), ("a.xlsx", "zipfile.ZipFile")],
)
@pytest.mark.parametrize("change", CHANGES)
def test_a_source_replaced_between_its_hashing_and_its_reading_gives_no_rows_of_the_new_content(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, opener: str, change: Callable[[Path, bytes], None]
) -> None:
    recipe, path, new, known = put(desk, name)
    module, _, attribute = opener.rpartition(".")
    opened, calls = getattr(sys.modules[module], attribute), list[bytes]()

    def change_and_open(source: Any, *arguments: Any, **named: Any) -> Any:
        """The file changes once it was hashed, and before it is looked into."""
        if not calls and getattr(source, "name", "") == str(path):
            calls.append(new)
            change(path, new)
        return opened(source, *arguments, **named)

    monkeypatch.setattr(opener, change_and_open)
    code = desk.run("ingest", recipe)
    assert calls
    if change is rename_over:
        assert code == 0
        require_one_content(desk, known)
        assert [row["age"] for row in desk.rows("raw/desk")] == OLD
    else:
        assert code == 1
        assert any("the file changed while it was read" in line for line in desk.said("ingest"))
        assert not (desk.data / "raw/desk.parquet").exists()


def test_own_code_that_reads_a_file_put_back_afterwards_is_found_out(desk: Desk) -> None:
    _, path, new, _ = put(desk, "a.csv")
    path.with_name("other").write_bytes(new)
    keys = 'format = "python"\nfunction = "swap_and_read"'
    recipe = desk.recipe(RECIPE.replace("NAME", "a.csv").replace("KEYS", keys))
    (desk.folder / "desk.py").write_text(MODULE)
    assert desk.run("ingest", recipe) == 1
    assert any("the file changed while it was read; run again" in line for line in desk.said("ingest"))


def test_a_file_of_an_argument_that_is_replaced_while_own_code_runs_is_read_again(desk: Desk) -> None:
    table = desk.data / "a.csv"
    table.write_bytes(as_csv(OLD))
    table.with_name("other").write_bytes(as_csv(NEW))
    (desk.folder / "desk.py").write_text(MODULE)
    recipe = desk.recipe(
        'title = "Made"\n[ingest]\nsource = "python"\nfunction = "make_ages"\n[ingest.arguments]\n'
        'table = "data/a.csv"\n[columns]\nage = { type = "int", role = "input" }\n'
    )
    assert desk.run("ingest", recipe) == 0
    assert [row["age"] for row in desk.rows("raw/desk")] == NEW
    assert digest(as_csv(NEW)) in desk.receipt("raw/desk").key.inputs.values()


@pytest.mark.parametrize("change", CHANGES)
def test_rows_kept_of_a_database_that_change_on_disk_are_not_read_under_the_old_name(
    desk: Desk, watch: Watch, change: Callable[[Path, bytes], None]
) -> None:
    with sqlite3.connect(desk.data / "ages.db") as database:
        database.execute("create table ages (age integer)")
        database.executemany("insert into ages values (?)", [(age,) for age in OLD])
    recipe = desk.recipe(
        'title = "Rows"\n[ingest]\nsource = "sql"\nurl = "sqlite:///data/ages.db"\ntable = "ages"\n'
        '[columns]\nage = { type = "int", role = "input" }\n'
    )
    assert desk.run("ingest", recipe) == 0
    [kept] = (desk.data / "raw/source/desk").glob("*.parquet")
    first = kept.read_bytes()
    new = bytes(255 - byte for byte in first)
    for number in (1, 2):
        watch.path, watch.count, watch.number = str(kept), 0, number
        watch.act = lambda: change(kept, new)
        code = desk.run("ingest", recipe, "--force")
        watch.path = ""
        assert code == 1 or [row["age"] for row in desk.rows("raw/desk")] == OLD
        kept.write_bytes(first)
