"""Which columns the CSV parser may turn into numbers, and where the text must be looked at after all."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from relay.handoff.column import Column
from relay.reading.columns import ReadColumns
from relay.reading.marks import Marks, find_marks

FAST_TYPES = {"int": pa.int64(), "float": pa.float64()}
"""Types that the CSV parser converts as the cast of a text would; all others come as text."""

FEW = 1000
"""A number below this has one group of digits before its dot, so that `1.000` may be a thousand."""

GROUP_OF_ZEROS = b".000"


def choose_type(column: Column) -> pa.DataType:
    """The type that the CSV parser gives a column; text where the recipe says how its cells are written."""
    has_units = column.prefix is not None or column.suffix is not None
    is_plain = column.missing is None and not has_units and find_marks(column) in (None, Marks(".", ""))
    return FAST_TYPES.get(column.type, pa.string()) if is_plain else pa.string()


def find_doubtful(table: pa.Table, columns: Mapping[str, Column], block: bytes) -> list[str]:
    """The columns whose text must be looked at: whole numbers that may be hexadecimal, and grouped floats.

    Those are the float columns whose cells in this block may all be written as `1.000`, by their values. Of a column
    that has a longer or shorter fraction this is noted, and it is not looked at again.

    Args:
        table: the block's rows in the parser's types, under the schema's names.
        columns: the schema.
        block: the text that the rows were parsed from.
    """
    doubtful = []
    whole = [field.name for field in table.schema if field.type == pa.int64()]
    if whole and has_hexadecimal(block):
        doubtful = whole
    if not isinstance(columns, ReadColumns):
        return doubtful
    watched = [
        name
        for name in table.column_names
        if name in columns
        and table.schema.field(name).type == pa.float64()
        and find_marks(columns[name]) is None
        and not columns.has_fraction(name)
    ]
    for name in watched:
        values = table.column(name).drop_null().to_numpy()
        small = values[np.abs(values) < FEW]
        fractions = values[np.isfinite(values) & (values != np.floor(values))]
        if np.any((np.abs(fractions) >= FEW) | (np.round(fractions * 1000) / 1000 != fractions)):
            columns.note_fraction(name)
        elif len(fractions) or (len(small) and GROUP_OF_ZEROS in block):
            doubtful.append(name)
    return doubtful


def has_hexadecimal(block: bytes) -> bool:
    """Whether a cell may be a number such as `0x10`, which the parser would read."""
    # Most files of numbers have neither letter, and a search for two characters is slow where zeros are many.
    return any(letter in block and _follows_zero(block, letter) for letter in (b"x", b"X"))


def _follows_zero(block: bytes, letter: bytes) -> bool:
    """Whether a zero stands before the letter: pairs of bytes are compared at even places, then at odd ones."""
    wanted = int.from_bytes(b"0" + letter, "little")
    return any(
        bool((np.frombuffer(block, "<u2", (len(block) - start) // 2, start) == wanted).any()) for start in (0, 1)
    )
