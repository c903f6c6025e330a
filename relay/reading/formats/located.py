"""Rejected rows of a set of files, with the file that each is from."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.writer import Block


def locate(block: Block, file: str, before: int) -> Block:
    """The block, with the columns `file` and `file_row` for its rejected rows and those that are no records.

    Args:
        block: rows of one file.
        file: its name.
        before: rows of the files before it.
    """
    if not block.rejected.num_rows and not block.left_out.num_rows:
        return block
    return replace(
        block, rejected=_locate(block.rejected, file, before), left_out=_locate(block.left_out, file, before)
    )


def _locate(rows: pa.Table, file: str, before: int) -> pa.Table:
    names = pa.array([file] * rows.num_rows, pa.string())
    return rows.append_column("file", names).append_column("file_row", pc.subtract(rows["row"], before))
