"""Cells of each type as people write them, right ones and wrong ones, drawn with a seed."""

import random
from collections.abc import Callable
from typing import Any

KINDS = ("int", "float", "bool", "category", "text", "time")

WORDS = (
    "",
    " ",
    "NA",
    "nan",
    "null",
    "None",
    "?",
    "-",
    "n/a",
    "-999",
    "abc",
    "own",
    " own",
    "own ",
    "1_0",
    "٣",
    "é",
    "0x1F",
)
TRUTH = (
    "true",
    "T",
    "Yes",
    "y",
    "On",
    "1",
    "1.0",
    "FALSE",
    "f",
    "No",
    "n",
    "OFF",
    "0",
    "0.0",
    "ja",
    "Nein",
    "2",
    "oui",
    "01",
)
MARKS = (
    "1.000",
    "1,5",
    "1.250,75",
    "1'000",
    "1 000",
    "12,50-",
    "12.50-",
    "5-",
    "1e3",
    "1E5",
    ".5",
    "5.",
    "+7",
    "-7",
    "007",
)
LIMITS = ("9007199254740993", "9007199254740993.0", "9223372036854775808", "1e400", "inf", "1e-320", "2.0", "2.50")
DATES = (
    "2024-05-31", "2024-05-31T12:30:00Z", "2024-05-31 12:30 UTC", "20240531", "45292", "2024", "1717156800",
    "1717156800.25", "05.03.2024", "25.12.2023 08:15", "March 5, 2024", "5 Mar 2024 10:00 PM", "31/02/2024", "5-Mar-24",
    "2024/3/5", "soon", "2024-05-31T", "2024-W01", "24-03-05", "13/13/2024", "2024-05-31T14:30:00+02:00",
)  # fmt: skip


def draw_cell(drawing: random.Random, kind: str) -> str:
    """A cell of a column of the type, or a wrong one."""
    own: dict[str, Callable[[random.Random], str]] = {
        "int": _draw_number, "float": _draw_number, "bool": lambda it: it.choice(TRUTH), "time": _draw_date,
        "category": lambda it: it.choice((*WORDS, *TRUTH, *MARKS)), "text": lambda it: it.choice((*WORDS, *MARKS)),
    }  # fmt: skip
    chance = drawing.random()
    if chance < 0.6:
        cell = own[kind](drawing)
    elif chance < 0.8:
        cell = drawing.choice((*WORDS, *TRUTH, *MARKS, *LIMITS, *DATES))
    else:
        cell = "".join(drawing.choice("0159.,+-/: eExTZ'") for _ in range(drawing.randint(1, 8)))
    return cell if drawing.random() < 0.9 else f" {cell}\u00a0"


def draw_value(drawing: random.Random, kind: str) -> Any:
    """What JSON may hold in a column of the type: most often a number, a truth value or a text of a cell."""
    if drawing.random() < 0.4:
        return draw_cell(drawing, kind)
    numbers = (0, 1, 2, -1, 1.0, 0.0, 2.0, 2.5, -999, -999.0, 1000, 1.125, 2**53, 2**53 + 1, 1e16, 1e22, 20240531)
    return drawing.choice((None, True, False, *numbers, drawing.randint(-5000, 5000), drawing.uniform(-9, 9)))


def _draw_number(drawing: random.Random) -> str:
    number = drawing.choice((drawing.randint(-5000, 5000), round(drawing.uniform(-5000, 5000), 2)))
    written = drawing.choice(
        (f"{number}", f"{number:,}", f"{number:,}".translate(str.maketrans(",.", ".,")), f"{number}-")
    )
    return drawing.choice((written, written, drawing.choice(MARKS), drawing.choice(LIMITS)))


def _draw_date(drawing: random.Random) -> str:
    year, month, day = drawing.randint(1969, 2031), drawing.randint(1, 12), drawing.randint(1, 28)
    mark = drawing.choice("/.-")
    date = drawing.choice((
        f"{year}-{month:02}-{day:02}", f"{year}{mark}{month}{mark}{day}", f"{day:02}{mark}{month:02}{mark}{year}",
        f"{month}{mark}{day}{mark}{year}", f"{day:02}{mark}{month:02}{mark}{year % 100:02}", drawing.choice(DATES),
    ))  # fmt: skip
    clock = drawing.choice(("", "", f" {month:02}:{day:02}", f"T{month:02}:{day:02}:09.5Z", " 10:30 PM", " 09:00+0100"))
    return date if date in DATES else date + clock
