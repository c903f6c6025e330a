"""The rows of a CSV text that fits in memory, as ingest reads them; needs no numerical library.

A quote opens a cell only where the cell begins, and text behind a closed cell belongs to it. A row ends with LF, CRLF
or CR.
"""

import csv
import io

from relay.handoff.errors import SchemaError
from relay.reading.ambiguous import show

LONGEST_CELL = 1 << 30
"""In characters; what is read is smaller."""

END = "\x1fend\x1f"
"""A row behind the last one: it is part of the last cell where a quote is open."""


def split_rows(content: bytes) -> list[list[str]]:
    """The rows as their cells, the names first; empty rows do not count, but for those of a single column.

    Raises:
        SchemaError: it is not UTF-8, or a quote is never closed.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(
            f"the file is not UTF-8 (byte {error.start:,})", next_step="Save it as CSV in UTF-8"
        ) from None
    csv.field_size_limit(LONGEST_CELL)
    end = END if text.endswith(("\n", "\r")) else f"\n{END}"
    *rows, last = csv.reader(io.StringIO(text + end, newline=""))
    if last != [END]:
        cell = last[-1].removesuffix(END).rstrip()
        raise SchemaError(f"a quote is opened and never closed, near {show(cell)}", next_step="Close it in the file")
    filled = [row for row in rows if row]
    if filled and len(filled[0]) == 1:  # an empty row is an empty cell
        first = next(at for at, row in enumerate(rows) if row)
        return [row or [""] for row in rows[first:]]
    return filled
