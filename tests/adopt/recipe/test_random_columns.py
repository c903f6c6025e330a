"""Whatever a column holds, ingest reads every cell by the guess: no cell is rejected and no run is stopped."""

import random
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from adopt.data.profiling import profile_rows
from adopt.recipe.types import guess_type
from relay.handoff.column import CellKeys, Column
from relay.reading.columns import open_columns
from relay.reading.conform import conform

POOLS: dict[str, Sequence[str]] = {
    "whole": ("0", "1", "-7", "42", "1000", "+5", "20240131", "9007199254740993", "99999999999999999999"),
    "fractions": ("1.5", "0.25", "-3.125", "2.0", "1e-05", "1.000", "12.345", ".5", "7."),
    "german": ("1.234,50", "12,3", "1.000", "1.234.567", "999", "0,125", "12,50-"),
    "english": ("1,234.50", "12.3", "1,000", "1,234,567", "999"),
    "spaces": ("1 234", "1\u00a0234,5", "1\u202f234", "12,5", "7"),
    "codes": ("007", "1E5", "0x1F", "00", "012345", "1e3"),
    "dates": ("2024-01-31", "31/01/2024", "01/02/2024", "1/2/2024", "01.02.2024", "1/13/2024", "20240131",
              "Jan 5, 2024"),
    "moments": ("2024-01-31 10:30", "2024-01-31T10:30:00Z", "2024-01-31T10:30:00.1234567+02:00", "1/2/24 1:30 PM",
                "5-Mar-24", "05.03.2024 9:05", "1700000000", "1700000000123", "31.12.2023 23:59:59"),
    "truths": ("yes", "No", "TRUE", "f", "1", "0", "ja", "Nein"),
    "nothing": ("", " ", "NA", "null", "\\N", "?", "-999", "ERR", "nan", "none", "-", "N/A", "inf"),
    "words": ("red", " blue ", "12%", "€ 3", "10:30", "a\nb", "ü", "x" * 300),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_every_cell_of_a_random_column_is_read_by_its_guess(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        names = chance.sample(list(POOLS), chance.choice((1, 1, 2, 3)))
        some = [chance.choice(POOLS[name]) for name in names for _ in range(chance.randint(1, 4))]
        cells = [chance.choice(some) for _ in range(chance.randint(1, 30))]
        assert rejected(cells) == [], cells


def rejected(cells: list[str]) -> list[str]:
    """The reasons of rejected rows, read in two blocks as large files are."""
    table = pa.table({chance_name(cells): cells})
    profile = profile_rows(iter([table]))
    guess = guess_type(profile.columns[0], profile.columns)
    column = Column.model_validate({"type": guess.type, "role": "input"} | dict(guess.keys))
    columns = open_columns({table.column_names[0]: column}, CellKeys())
    reasons: list[str] = []
    middle = len(cells) // 2
    for start, end in ((0, middle), (middle, len(cells))):
        block = conform(table.slice(start, end - start), columns, np.arange(start + 1, end + 1))
        reasons += block.rejected.column("reason").to_pylist()
        assert column.null or block.table.column(0).null_count == 0, cells
    return reasons


def chance_name(cells: list[str]) -> str:
    """A name that says that the column is a time, for every second column."""
    return "created_at" if len(cells) % 2 else "x"
