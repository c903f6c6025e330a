"""Random tables in random dialects: read right, or asked about."""

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from adopt.data.find_layout import find_layout, read_rows
from adopt.data.other_encodings import guess_other

WORDS = (
    *("red", "green apple", "O'Brien", "Smith, John", "a;b", "x|y", 'say "hi"', "Müller", "N/A", "10:30", "#5", "100%"),
    *("$5.00", "-", "two\nlines", "tab\there"),
)
NAMES = ("id", "name", "Amount (EUR)", "Q1. What, really?", "city", "total_sum", "Größe")


def draw_column(draw: random.Random, *, comma: bool) -> Callable[[], str]:
    """A function that draws cells of one kind."""
    codes = draw.sample(["a", "b", "high", "low"], 2)
    kinds: list[Callable[[], str]] = [
        lambda: str(draw.randint(-5, 9999)),
        lambda: f"{draw.uniform(-5, 999):.2f}".replace(".", "," if comma else "."),
        lambda: f"{draw.randint(1, 28):02d}.{draw.randint(1, 12):02d}.2024",
        lambda: draw.choice(WORDS),
        lambda: draw.choice(codes),
        lambda: f"ID-{draw.randint(1, 99999):05d}",
        lambda: draw.choice(["", "7"]),
    ]
    return draw.choice(kinds)


@pytest.mark.property
@pytest.mark.parametrize("seed", range(60))
def test_a_table_of_any_dialect_is_read_right(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    comma, width, has_names = draw.random() < 0.4, draw.randint(2, 8), draw.random() < 0.75
    columns = [draw_column(draw, comma=comma) for _ in range(width)]
    names = [f"{draw.choice(NAMES)} {number}" for number in range(width)]
    rows = [[column() for column in columns] for _ in range(draw.choice([20, 200]))]
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    text = io.StringIO()
    for number in range(draw.choice([0, 0, 2]) if has_names else 0):
        text.write(f"Report {number}\n")
    writer = csv.writer(
        text,
        delimiter=draw.choice([";", "\t", "|", *([] if comma else [","])]),
        quotechar=draw.choice(['"', "'"]),
        quoting=draw.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        lineterminator=draw.choice(["\n", "\r\n"]),
    )
    writer.writerows([names, *rows] if has_names else rows)
    path = tmp_path / "x.csv"
    path.write_bytes(text.getvalue().encode(draw.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"])))
    layout = find_layout(str(path))
    found = [list(row.values()) for table in read_rows(layout, tmp_path) for row in table.to_pylist()]
    notes = [*layout.notes, *(note for notes in layout.key_notes.values() for note in notes)]
    is_right = found == [[cell or None for cell in row] for row in rows] and layout.has_names == has_names
    assert is_right or any(note.is_question for note in notes)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "имя,возраст\nАнна,23\nПётр,44\n"),
        ("cp1251", "имя;город;сумма\nИван;Москва;1,5\nАнна;Тула;2,5\n"),
        ("koi8-r", "имя;возраст\nАнна;23\nПётр Ильич;44\n"),
        ("cp1250", "imię;wiek\nŁukasz;23\nŻaneta;44\n"),
        ("cp850", "Name;Straße\nMüller;Große Straße\nJürgen;Bäckerweg\n"),
        ("shift_jis", "名前,年齢\n山田たろう,23\n鈴木さん,44\n"),
        ("cp1252", "nom,prénom\nFrançois,Hélène\n"),
    ],
)
def test_the_encoding_by_which_bytes_are_words_is_found(encoding: str, text: str) -> None:
    assert guess_other(text.encode(encoding)) == encoding
