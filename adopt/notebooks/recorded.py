"""What the tracer has written of a run, read again."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from adopt.notebooks.kernel.tracer import RECORDS
from adopt.notebooks.records import BookRun, Figure, Frame, Kind, Place, StatementRecord, Value


def read_book_run(out: Path, book: int) -> BookRun:
    """What the tracer of a notebook wrote into a folder.

    Args:
        out: The folder.
        book: The number of the notebook.
    """
    records: dict[Place, StatementRecord] = {}
    seconds = 0.0
    path = out / RECORDS
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        found = json.loads(line)
        if "place" in found:
            record = _read_record(found)
            records[record.place] = record
        elif "late" in found:
            place = Place(book, *found["late"])
            records[place] = _add_late(records[place], found)
        else:
            seconds = found["seconds"]
    return BookRun(records, _read_figures(out, book), {}, _find_kept(out), None, seconds)


def _read_record(found: dict[str, Any]) -> StatementRecord:
    known = {one.name for one in fields(StatementRecord)}
    values: dict[str, Any] = {name: value for name, value in found.items() if name in known}
    values.update({name: tuple(value) for name, value in values.items() if isinstance(value, list)})
    values["place"] = Place(*found["place"])
    values["values"] = {name: _read_value(value) for name, value in found["values"].items()}
    values["shown"] = None if found["shown"] is None else _read_value(found["shown"])
    return StatementRecord(**values)


def _read_value(found: dict[str, Any]) -> Value:
    frame = found["frame"]
    if frame is not None:
        frame = Frame(frame["rows"], tuple(frame["columns"]), tuple(frame["types"]), frame["has_plain_index"])
    reads = tuple(found["function_reads"])
    return Value(**{**found, "kind": Kind(found["kind"]), "frame": frame, "function_reads": reads})


def _add_late(record: StatementRecord, found: dict[str, Any]) -> StatementRecord:
    """A record with what was only seen at the end of its cell."""
    values = {**record.values, **{name: _read_value(value) for name, value in found["values"].items()}}
    bound = tuple(dict.fromkeys((*record.bound, *found["bound"])))
    changed = tuple(dict.fromkeys((*record.changed, *(name for name in found["changed"] if name not in bound))))
    return StatementRecord(**{**vars(record), "values": values, "bound": bound, "changed": changed})


def _read_figures(out: Path, book: int) -> dict[int, Figure]:
    figures = {}
    for path in out.glob(f"figure-{book}-*.json"):
        number, image = int(path.stem.rpartition("-")[2]), path.with_suffix(".png")
        data = tuple(json.loads(path.read_text(encoding="utf-8")))
        figures[number] = Figure(number, data, image if image.exists() else None)
    return dict(sorted(figures.items()))


def _find_kept(out: Path) -> dict[tuple[Place, str], Path]:
    kept = {}
    for path in out.glob("kept-*.pickle"):
        book, cell, position, name = path.stem.split("-", 4)[1:]
        kept[Place(int(book), int(cell), int(position)), name] = path
    return kept
