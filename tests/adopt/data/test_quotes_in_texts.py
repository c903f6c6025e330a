"""Quotes that are a part of a text: no row is lost in silence."""

import random
from pathlib import Path
from typing import Any

import pytest

from adopt.draft_data import Wishes, draft_data
from adopt.examine import Examined, examine
from adopt.recipe.corrections import read_corrections

ROWS = 300


def look(folder: Path, text: str, *decided: str, name: str = "messages.txt") -> Examined:
    (folder / name).write_text(text, encoding="utf-8")
    scratch = folder / "scratch"
    scratch.mkdir()
    return examine(str(folder / name), scratch, read_corrections(list(decided), []))


def write_messages(draw: random.Random, share: float, *, rows: int = ROWS, closed: float = 0.0) -> str:
    """A kind and a text in each line; a share of the texts begin with a quote, and some of these end with one."""
    lines = []
    for at in range(rows):
        text = " ".join(draw.choices(["see", "you", "later,", "ok", "then", f"at {at}"], k=draw.randint(5, 9)))
        if draw.random() < share:
            text = f'"{text}"' if draw.random() < closed else f'"{text}'
        lines.append(f"{draw.choice(['ham', 'ham', 'spam'])}\t{text}\n")
    return "".join(lines)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3, 0.9])
def test_stray_quotes_cost_no_row(share: float, tmp_path: Path) -> None:
    found = look(tmp_path, write_messages(random.Random(3), share) + 'ham\t"one more\nham\t"and one\n')
    assert (found.profile.rows, found.layout.ingest["quote"]) == (ROWS + 2, "")
    notes = found.layout.key_notes["quote"]
    assert any(note.is_question for note in notes)


def test_a_stray_quote_far_below_the_first_rows_is_found_too(tmp_path: Path) -> None:
    plain = write_messages(random.Random(4), 0, rows=30_000)
    found = look(tmp_path, plain + 5 * 'ham\t"one more\nham\tno quote\n' + 'ham\t"last\n')
    assert (found.profile.rows, found.layout.ingest["quote"]) == (30_011, "")


def test_one_error_among_proper_quotes_is_asked_about(tmp_path: Path) -> None:
    rows = "".join(f'"kind {at % 3}"\t"text, {at}"\n' for at in range(100))
    error = '"kind 1"\t"never closed\nkind 2\tmore\nkind 1\tand more\nkind 1\tclosed"\n'
    found = look(tmp_path, rows + error + rows)
    assert "quote" not in found.layout.ingest
    (note,) = [note for note in found.layout.notes if note.key == "ingest.quote"]
    assert note.is_question
    assert "look like rows of their own" in note.text


@pytest.mark.parametrize("text", ["Dear {at},\nbest regards", "one {at}\n\ntwo\nthree", 'a ""b"" {at}\nc'])
def test_texts_over_lines_in_proper_quotes_stay_as_they_are(text: str, tmp_path: Path) -> None:
    rows = "".join(f'{at},"{text.format(at=at)}",{at % 4}\n' for at in range(60))
    found = look(tmp_path, f"id,text,kind\n{rows}", name="letters.csv")
    assert (found.profile.rows, "quote" in found.layout.ingest) == (60, False)
    assert not [note for note in found.layout.notes if note.key == "ingest.quote"]


def test_what_a_person_says_about_quotes_is_not_changed(tmp_path: Path) -> None:
    text = 'ham\t"see you\nspam\twin now\nham\t"later\nham\tok\n' * 50
    found = look(tmp_path, text, "ingest.quote='\"'", name="messages.tsv")
    assert found.layout.ingest["quote"] == '"'
    assert found.profile.rows < 200
    assert any(note.key == "ingest.quote" for note in found.layout.notes)


def test_messages_and_their_kinds_are_a_labelled_text(tmp_path: Path) -> None:
    found = look(tmp_path, write_messages(random.Random(3), 0.1))
    draft: Any = draft_data(found, Wishes("a"))
    assert [column.role for column in draft.columns] == ["label", "input"]


def test_numbers_aligned_by_blanks_before_a_tab_are_columns(tmp_path: Path) -> None:
    draw = random.Random(1)
    makers = ["vw", "ford f", "opel kadett"]
    numbers = [
        f"{draw.uniform(9, 40):<7.1f}{draw.choice([4, 6, 8]):<4}{draw.uniform(50, 400):<11.1f}" for _ in range(80)
    ]
    rows = [f'{some}{at % 3}\t"{draw.choice(makers)} {at}"' for at, some in enumerate(numbers)]
    found = look(tmp_path, "\n".join(rows) + "\n", name="cars.data")
    assert (found.layout.format, len(found.layout.names), found.profile.rows) == ("fixed", 5, 80)
    assert found.profile.columns[4].most_frequent[0][0].startswith('"')
