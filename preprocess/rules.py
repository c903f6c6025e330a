"""The rows that break a rule of the schema, as rejected rows with the reason."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from relay.handoff.recipe import Column
from relay.handoff.rules import find_broken as find_broken
from relay.handoff.writer import REJECTED_SCHEMA, reject, show_cells


def split_by_rules(table: pa.Table, columns: Mapping[str, Column], first_row: int) -> tuple[pa.Table, pa.Table]:
    """The rows that keep every rule, and the others as rejected rows with the first rule that each breaks.

    Args:
        table: rows in the schema's types, shape (n, columns).
        columns: the schema.
        first_row: number of the table's first row.
    """
    broken = find_broken(table, columns)
    if not broken:
        return table, REJECTED_SCHEMA.empty_table()
    reasons: dict[int, str] = {}
    for reason, mask in broken.items():
        for index in np.flatnonzero(mask):
            reasons.setdefault(int(index), reason)
    kept = np.ones(table.num_rows, bool)
    kept[list(reasons)] = False
    indices = sorted(reasons)
    cells = table.take(pa.array(indices)).to_pylist()
    rows = [(first_row + i, reasons[i], show_cells(row)) for i, row in zip(indices, cells, strict=True)]
    return table.filter(pa.array(kept)), reject(rows)
