"""What runs in the process of own code: paths for the function, and the rows that it gives."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from relay.handoff.own.arguments import unpack
from relay.handoff.own.child import Child
from relay.handoff.own.frames import as_pandas, from_frame, keep_index

BATCH_ROWS = 65_536

FILES = ".files"
"""Folder in the working folder with a link to each file that is kept under another name than it came with."""


def run(child: Child) -> dict[str, Any]:
    """Call the function and send what it gives, in the types that it came with.

    `child.arguments` holds `values`; `files`, a name and a path each; `takes`, which of them the function gets: "none",
    "one" or "all"; `columns`, those that the recipe declares; `names`, under which these may come; and `is_open`,
    whether others may come as well.

    Returns:
        `rows` that it gave, and `dropped`, the levels of indexes that are in no column.
    """
    order = child.arguments
    paths = [_link(number, *file) for number, file in enumerate(order["files"])]
    data: dict[str, list[Any]] = {"none": [], "one": paths[:1], "all": [paths]}
    given = child.call(child.load(), *data[order["takes"]], **unpack(order["values"]))
    parts = child.iterate(given) if isinstance(given, Iterator) else iter([given])
    rows, dropped, schema = 0, set[str](), pa.schema([])
    for part in parts:
        table, left_out = _to_table(part, child.shown, order)
        dropped.update(left_out)
        table = _fill_in(table, schema)
        for batch in table.to_batches(max_chunksize=BATCH_ROWS):
            child.send(batch)
        rows, schema = rows + table.num_rows, table.schema
    return {"rows": rows, "dropped": sorted(dropped)}


def _link(number: int, name: str, path: str) -> Path:
    """The file under the name that it came with."""
    if Path(path).name == name:
        return Path(path)
    link = Path.cwd() / FILES / str(number) / name
    link.parent.mkdir(parents=True)
    link.symlink_to(path)
    return link


def _to_table(given: Any, shown: str, order: Mapping[str, Any]) -> tuple[pa.Table, list[str]]:
    """What the function gave as a table, and the levels of its index that are not in it."""
    dropped: list[str] = []
    frame = as_pandas(given)
    if frame is not None:
        given, dropped = keep_index(frame, lambda name: order["is_open"] or name in order["names"])
    return from_frame(given, shown, order["columns"]).replace_schema_metadata(None), dropped


def _fill_in(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with its columns that hold no value at all in the types that they had before."""
    for index, item in enumerate(table.schema):
        if pa.types.is_null(item.type) and schema.get_field_index(item.name) >= 0:
            known = schema.field(item.name).type
            table = table.set_column(index, item.name, table.column(index).cast(known))
    return table
