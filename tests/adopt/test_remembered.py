"""With `--remember`, a file that has not changed is not read again; a draft is the same with it and without."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adopt.examine
from adopt.draft_data import Wishes, draft_data
from adopt.examine import Examined, examine
from adopt.recipe.corrections import read_corrections

TABLE = "day;amount;kind\n" + "".join(
    f"{1 + n % 28:02d}.{1 + n % 12:02d}.2024;{n},5;{'ab'[n % 2]}\n" for n in range(90)
)


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Examined, int]]:
    """Looks at the file and says how often its rows were read."""
    (tmp_path / "x.csv").write_text(TABLE)
    read = adopt.examine.read_rows

    def run(*sets: str) -> tuple[Examined, int]:
        reads = []

        def count(*words: Any) -> Any:
            reads.append(words)
            return read(*words)

        monkeypatch.setattr(adopt.examine, "read_rows", count)
        given = str(tmp_path / "x.csv")
        return examine(given, tmp_path, read_corrections(sets), memory=tmp_path / "memory"), len(reads)

    return run


def test_an_unchanged_file_is_read_once_and_drafted_alike(look: Callable[..., tuple[Examined, int]]) -> None:
    (first, reads), (second, reads_again) = look(), look()
    assert (reads, reads_again) == (1, 0)
    assert (second.profile, second.layout, second.totals) == (first.profile, first.layout, first.totals)
    assert draft_data(second, Wishes("x")) == draft_data(first, Wishes("x"))


def test_rows_of_totals_are_left_out_by_what_is_remembered_too(
    tmp_path: Path, look: Callable[..., tuple[Examined, int]]
) -> None:
    (tmp_path / "x.csv").write_text(
        "region;amount\n" + "".join(f"r{n};{n}\n" for n in range(1, 31)) + f"Total;{sum(range(1, 31))}\n"
    )
    (first, reads), (second, reads_again) = look(), look()
    assert (reads, reads_again, first.layout.ingest["skip_if"]) == (2, 0, second.layout.ingest["skip_if"])
    assert first.profile == second.profile


def test_another_file_or_another_way_to_read_it_is_read(
    tmp_path: Path, look: Callable[..., tuple[Examined, int]]
) -> None:
    look()
    assert look("ingest.encoding='cp1252'")[1] == 1
    assert look()[1] == 1
    (tmp_path / "x.csv").write_text(TABLE + "01.02.2024;7,5;a\n")
    examined, reads = look()
    assert (reads, examined.profile.rows) == (1, 91)


@pytest.mark.parametrize("name", ["profile.json", "sample.arrow"])
def test_what_is_damaged_is_found_again(name: str, tmp_path: Path, look: Callable[..., tuple[Examined, int]]) -> None:
    first, _ = look()
    path = tmp_path / "memory" / name
    path.write_bytes(path.read_bytes()[:100])
    assert (look()[1], look()[1]) == (1, 0)
    path.unlink()
    second, reads = look()
    assert (reads, second.profile == first.profile) == (1, True)


def test_a_folder_that_cannot_be_written_changes_nothing(
    tmp_path: Path, look: Callable[..., tuple[Examined, int]]
) -> None:
    (tmp_path / "memory").write_text("a file")
    assert (look()[1], look()[1]) == (1, 1)
    assert (tmp_path / "memory").read_text() == "a file"
