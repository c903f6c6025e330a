"""One raw part becomes one processed part by a user's function: a task for any machine that sees the data folder."""

import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from preprocess.own import OwnRows
from preprocess.own_call import OwnCall, RawPart
from preprocess.part import ORDER, Order
from relay.compute.folder import data_folder
from relay.compute.own_source import OwnSource, unpack_own
from relay.handoff.part_writer import MadePart, find_made, make_part
from relay.handoff.parts import PartPaths


@dataclass(frozen=True)
class OwnPartTask:
    """One part to make; paths lie below the data folder."""

    call: OwnCall
    source: OwnSource | None
    """The user's files; None where the recipe's folder is this machine's own."""
    part: RawPart
    folder: str
    """Of the processed parts."""
    scratch: str
    """Below which the function's process gets a working folder of its own."""


def make_own_part(task: OwnPartTask) -> MadePart:
    """Let the function make a processed part, unless it lies there whole.

    It runs in a process that this one starts and waits for, and which ends with this one.

    Raises:
        OwnCodeError: the function failed.
        SchemaError: it gave other columns, or no frame.
        InputChangedError: a dataset or file that it reads was replaced.
    """
    data_dir = data_folder()
    paths = PartPaths(data_dir / task.folder, task.part.index)
    if (made := find_made(paths)) is not None:
        return made
    order = Order.read(data_dir / task.folder / ORDER)
    # Two workers may have the task at once, where one of them was given up: each gets a folder of its own.
    scratch = data_dir / task.scratch / f"{task.part.index:05}-{secrets.token_hex(4)}"
    with ExitStack() as stack:
        folder: Path | None = stack.enter_context(unpack_own(task.source)) if task.source is not None else None
        rows = stack.enter_context(OwnRows(task.call, order, data_dir, scratch, task.part, folder))
        return make_part(paths, rows.schema, rows.blocks(), facts=lambda: rows.facts)
