"""Look at data once: how it is written, and what its columns hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any

from adopt.data.find_layout import find_layout, read_rows
from adopt.data.layout import Layout, Shape
from adopt.data.profile import TableProfile
from adopt.data.profiling import profile_rows
from adopt.data.remarks import add_rules
from adopt.data.remembered import Looked, find_key, recall, remember
from adopt.data.rows import Unread
from adopt.data.totals import Totals, find_totals
from adopt.data_path import Folders, place_path
from adopt.notes import Note
from adopt.recipe.corrections import Corrections
from relay.handoff.errors import SourceError, UsageError
from relay.handoff.progress import show_progress
from relay.handoff.wording import count
from relay.reading.formats.delimited import OpenQuoteError

SHARE = "max_rejected_share"
REJECTED_SHARE = 0.01
"""What ingest allows by itself; tests compare it with `ingest.parameters`."""


@dataclass(frozen=True)
class Examined:
    """The data, looked at once."""

    layout: Layout
    profile: TableProfile
    where: str
    """What was given, for people."""
    totals: Totals = field(default_factory=Totals)
    """Rows that sum up others: those that a rule leaves out are not in the profile."""


def examine(
    given: str,
    scratch: Path,
    corrections: Corrections | None = None,
    *,
    memory: Path | None = None,
    most_columns: int | None = None,
) -> Examined:
    """Find out how the data is written and what its columns hold: one pass over all rows.

    Args:
        given: a file, a folder, a URL or a database.
        scratch: an empty folder, needed only meanwhile.
        corrections: those of `[ingest]` say how the data is written.
        memory: a folder that holds what was found of files; unchanged ones are not read again.
        most_columns: the limit of columns; None: there is no limit.

    Raises:
        RelayError: it cannot be read; the message says what to do.
    """
    decided = (corrections or Corrections()).of("ingest")
    keys = _nest(decided)
    layout = find_layout(given, keys=keys, scratch=scratch)
    if most_columns is not None and len(layout.names) > most_columns:
        raise UsageError(
            f"{given}: it has {len(layout.names):,} columns; the limit is {most_columns:,} (--most-columns)",
            next_step="Leave columns out of the file, or give it to `python -m adopt` without that option.",
        )
    key = find_key(layout) if memory is not None and layout.files else ""
    looked = recall(memory, key) if memory is not None and key else None
    if looked is None:
        looked = _look_by_quotes(layout, scratch, keys)
        if memory is not None and key:
            remember(memory, key, looked)
    if looked.unread.swallowed or looked.unread.is_plain:
        layout = _say_swallowed(layout, looked.unread)
    if looked.totals.rules:
        layout = leave_totals_out(layout, looked.totals)
    if looked.unread.rows:
        layout = _allow_unread(layout, looked.unread)
    return Examined(layout, looked.profile, given, replace(looked.totals, notes=layout.key_notes.get("skip_if", ())))


def _nest(decided: Mapping[str, Any]) -> dict[str, Any]:
    """Keys with dots, such as `positions.age`, as a table."""
    keys: dict[str, Any] = {key: value for key, value in decided.items() if "." not in key}
    for key, value in decided.items():
        name, _, rest = key.partition(".")
        if rest and isinstance(inner := keys.get(name, {}), Mapping):
            keys[name] = {**inner, rest: value}
    return keys


def _look(layout: Layout, scratch: Path, *, finds_totals: bool) -> Looked:
    """Read all rows; a second time where some of them sum up others."""
    unread = Unread()
    with show_progress("rows", None, " rows") as move_on:
        profile = profile_rows(read_rows(layout, scratch, unread), on_progress=_count_on(move_on))
    if not profile.rows and not unread.rows:
        raise SourceError(f"{layout.title}: the table has no row", next_step="Give data with rows.")
    totals = find_totals(profile) if layout.shape is Shape.TABLE and finds_totals else Totals()
    if totals.rules:
        with show_progress("rows without totals", profile.rows, " rows") as move_on:
            rows = read_rows(leave_totals_out(layout, totals), scratch)
            profile = profile_rows(rows, on_progress=_count_on(move_on))
    return Looked(profile, totals, unread)


def _look_by_quotes(layout: Layout, scratch: Path, keys: Mapping[str, Any]) -> Looked:
    """What is found of the rows, without quotes where by them rows would be lost.

    Raises:
        OpenQuoteError: a quote is never closed, and without quotes other rows cannot be read.
    """
    finds_totals, is_decided = "skip_if" not in keys, "quote" in keys
    try:
        first = _look(layout, scratch, finds_totals=finds_totals)
    except OpenQuoteError:
        plain = None if is_decided else _look(_without_quotes(layout), scratch, finds_totals=finds_totals)
        if plain is None or plain.unread.rows > REJECTED_SHARE * plain.unread.of:
            raise
        return replace(plain, unread=replace(plain.unread, is_plain=True))
    if is_decided or not first.unread.is_swallowed_text:
        return first
    plain = _look(_without_quotes(layout), scratch, finds_totals=finds_totals)
    if plain.unread.rows > first.unread.rows or plain.profile.rows <= first.profile.rows:
        return first
    return replace(plain, unread=replace(plain.unread, is_plain=True))


def _without_quotes(layout: Layout) -> Layout:
    return replace(layout, ingest={**layout.ingest, "quote": ""})


def _say_swallowed(layout: Layout, unread: Unread) -> Layout:
    """The layout that says that rows may be lost inside quoted cells, or that no sign quotes."""
    if not unread.is_plain:
        note = Note(unread.swallowed, is_question=True, choices=('""',), key="ingest.quote")
        return replace(layout, notes=(*layout.notes, note))
    text = "no sign quotes: if one did, cells would run over lines that are rows of their own"
    note = Note(text, is_question=True, choices=("'\"'",), key="ingest.quote")
    return replace(_without_quotes(layout), key_notes={**layout.key_notes, "quote": (note,)})


def _allow_unread(layout: Layout, unread: Unread) -> Layout:
    """The layout that says which rows are lost, and lets ingest go on without them."""
    text = f"{unread.rows:,} of {count(unread.of, 'row')} cannot be read and are left out, such as {unread.first}"
    note, share = Note(text, is_question=True, key=f"ingest.{SHARE}"), unread.rows / unread.of
    notes = tuple(one for one in layout.notes if one.key != note.key)  # of the first rows, where this is of all
    if share <= REJECTED_SHARE:
        return replace(layout, notes=(*notes, note))
    allowed = {**layout.ingest, SHARE: ceil(share * 100) / 100}
    return replace(layout, ingest=allowed, notes=notes, key_notes={**layout.key_notes, SHARE: (note,)})


def _count_on(move_on: Callable[[int], object]) -> Callable[[int], None]:
    """Moves a bar on to the number of rows that were read so far."""
    read = 0

    def show(rows: int) -> None:
        nonlocal read
        move_on(rows - read)
        read = rows

    return show


def leave_totals_out(layout: Layout, totals: Totals) -> Layout:
    """The layout with rules that leave rows of totals out."""
    key_notes = {**layout.key_notes, "skip_if": (*layout.key_notes.get("skip_if", ()), *totals.notes)}
    rules = add_rules(layout.ingest.get("skip_if"), [dict(rule) for rule in totals.rules])
    return replace(layout, ingest={**layout.ingest, "skip_if": rules}, key_notes=key_notes)


def place_source(examined: Examined, folders: Folders) -> Examined:
    """The same, with the path by which a recipe in that folder names its files."""
    layout = examined.layout
    ingest, said = place_path(layout.ingest, folders)
    key_notes = {**layout.key_notes, **said}
    return replace(examined, layout=replace(layout, ingest=ingest, key_notes=key_notes))
