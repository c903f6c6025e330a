"""What was found of files, kept in a folder: while they are unchanged, they are not read again.

A person corrects a draft in many small steps, and a large file takes seconds to read.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from pydantic import ConfigDict, TypeAdapter

from adopt.data.layout import Layout
from adopt.data.profile import ColumnProfile, TableProfile
from adopt.data.rows import Unread
from adopt.data.totals import Totals
from relay.handoff.files import hash_file, hash_text, identify, write_atomically
from relay.handoff.settings import ROOT

RECORD = "profile.json"
TABLES = ("sample", "head", "last")
CODE = ("adopt/data", "adopt/examine.py", "relay/reading")
"""What decides a profile: after a change of it, files are read again."""


@dataclass(frozen=True)
class Looked:
    """What one look at the rows finds."""

    profile: TableProfile
    totals: Totals
    unread: Unread = field(default_factory=Unread)


@dataclass(frozen=True)
class _Record:
    """The part of it that is no table."""

    __pydantic_config__ = ConfigDict(ser_json_inf_nan="constants")

    key: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    duplicate_rows: int
    is_duplicate_exact: bool
    totals: Totals
    unread: Unread = field(default_factory=Unread)


RECORDS = TypeAdapter(_Record)


def find_key(layout: Layout) -> str:
    """What tells these files, read in this way by this code, from any others."""
    files = [[str(path), *identify(path)] for path in layout.files]
    code = [[path.relative_to(ROOT).as_posix(), hash_file(path)] for path in _list_code()]
    return hash_text(json.dumps([files, dict(layout.ingest), layout.names, code], default=str))


def remember(folder: Path, key: str, looked: Looked) -> None:
    """Keep what was found, in place of what the folder holds. A folder that cannot be written is left as it is."""
    profile = looked.profile
    record = _Record(
        key,
        profile.rows,
        profile.columns,
        profile.duplicate_rows,
        profile.is_duplicate_exact,
        looked.totals,
        looked.unread,
    )
    try:
        (folder / RECORD).unlink(missing_ok=True)  # the tables of two files never belong to one record
        for name in TABLES:
            write_atomically(folder / f"{name}.arrow", _write_table(getattr(profile, name)), sync=False)
        write_atomically(folder / RECORD, RECORDS.dump_json(record), sync=False)
    except (OSError, ValueError, pa.ArrowException):
        return  # the next draft reads the file again


def recall(folder: Path, key: str) -> Looked | None:
    """What was found of the files with this key; None where it is not kept, or damaged."""
    try:
        record = RECORDS.validate_json((folder / RECORD).read_bytes())
        if record.key != key:
            return None
        tables = {name: pa.ipc.open_file(pa.BufferReader((folder / f"{name}.arrow").read_bytes())).read_all()
                  for name in TABLES}  # fmt: skip
    except (OSError, ValueError, pa.ArrowException):
        return None
    profile = TableProfile(
        rows=record.rows,
        columns=record.columns,
        duplicate_rows=record.duplicate_rows,
        is_duplicate_exact=record.is_duplicate_exact,
        **tables,
    )
    return Looked(profile, record.totals, record.unread)


def _write_table(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def _list_code() -> Iterator[Path]:
    for name in CODE:
        path = ROOT / name
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]
