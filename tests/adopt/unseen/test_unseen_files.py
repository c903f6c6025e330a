"""Files as real systems write them, made by someone who had not seen adopt: what a draft gets right stays right."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import pytest

from adopt.draft_data import Wishes, draft_data, examine
from adopt.notes import Note
from adopt.recipe.corrections import read_corrections
from adopt.recipe.draft import Draft, DraftColumn

HERE = Path(__file__).resolve().parent
EXPECTED: list[dict[str, Any]] = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
"""File -> what a careful person would accept for each column, and what a draft still gets wrong."""

WORST = ("right", "asked", "asked with others", "silent")
"""What becomes of a guess; the third: another column asks about the same word for the whole file."""


def draft_file(name: str, folder: Path) -> Draft:
    """The draft of one of the files."""
    with ZipFile(HERE / "files.zip") as files:
        given = files.extract(name, folder)
    nothing = read_corrections([], [])
    with TemporaryDirectory() as scratch:
        return draft_data(examine(given, Path(scratch), nothing), Wishes("a", corrections=nothing))


def judge(expected: dict[str, Any], found: DraftColumn | None, notes: tuple[Note, ...]) -> str:
    """What became of the guess about a column."""
    if found is None:
        return "asked" if any(note.is_question for note in notes) else "silent"
    fits = found.type in expected["types"] and found.role in expected["roles"]
    if fits and expected["null"] in (None, bool(found.keys.get("null"))):
        return "right"
    if any(note.is_question for note in found.notes):
        return "asked"
    words = ("kept as text", "kept as numbers", "kept, as in")
    is_said = any(", as in " in note.text and any(word in note.text for word in words) for note in found.notes)
    return "asked with others" if is_said else "silent"


@pytest.mark.parametrize("expected", EXPECTED, ids=[one["file"] for one in EXPECTED])
def test_what_a_draft_gets_right_stays_right(expected: dict[str, Any], tmp_path: Path) -> None:
    draft = draft_file(expected["file"], tmp_path)
    sources = {column.source.strip(): column for column in draft.columns}
    notes = (*draft.notes, *(note for some in draft.key_notes.values() for note in some))
    found = {one["name"]: judge(one, sources.get(one["name"]), notes) for one in expected["columns"]}
    known = {name: WORST.index(word) for name, word in expected["still"].items()}
    assert {name: word for name, word in found.items() if WORST.index(word) > known.get(name, 0)} == {}
    target = next((column.source.strip() for column in draft.columns if column.role == "target"), None)
    assert target in expected["targets"] or not expected["is_target_right"]
