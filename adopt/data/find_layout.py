"""How what a person gave is written, found by looking."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from adopt.data.database import look_at_database
from adopt.data.fetch import fetch
from adopt.data.fitting import name_given, require_archive, require_fitting
from adopt.data.folder import find_files, write_pattern
from adopt.data.given import Given, Kind, find_given, is_sqlite, make_title, name_source
from adopt.data.layout import Layout, Shape
from adopt.data.looking import open_files, quietly
from adopt.data.many_files import look_at_all
from adopt.data.one_file import DOCUMENTS, say_format
from adopt.data.rows import name_columns
from adopt.data.rows import read_rows as read_rows
from adopt.data.unreadable import refuse_unreadable
from adopt.notes import Note
from relay.handoff.errors import SourceError
from relay.handoff.settings import read_settings
from relay.reading.compressed import strip_compression
from relay.reading.formats import ENDINGS
from relay.sources.urls import mask_url

OF_FILES = ("member", "max_unpacked_bytes")
"""Keys that a person may decide for files of every format."""


def find_layout(given: str, *, keys: Mapping[str, Any] | None = None, scratch: Path | None = None) -> Layout:
    """How what was given is written: the keys of `[ingest]`, and the names of the columns.

    Args:
        given: a file, a folder, a pattern, a URL, a database, or the variable that holds the URL of one.
        keys: of `[ingest]`, such as `sheet`, `member`, `records`, `table`, `query` or `delimiter`: those that a person
            decided, which are not looked for.
        scratch: a folder for what must be downloaded; `read_rows` finds it there again. None: one that is removed.

    Raises:
        UsageError: nothing is there, or several are and one must be chosen.
        SourceError: it cannot be had or read; the message says what to do.
        SchemaError: files of a set have other columns.
    """
    settings, decided = read_settings(os.environ), dict(keys or {})
    found = find_given(given, settings, os.environ)
    with quietly(), ExitStack() as stack:
        if found.kind == Kind.DATABASE:
            require_fitting(decided, "sql")
            return look_at_database(found, decided, settings)
        if found.kind == Kind.URL:
            is_kept = scratch is not None
            folder = scratch or Path(stack.enter_context(TemporaryDirectory()))
            layout = _look_at_url(found, decided, folder)
            return layout if is_kept else replace(layout, files=())
        if found.kind == Kind.FOLDER:
            return _look_at_folder(found, decided, scratch)
        return _look_at_files(found, {"source": "file", "path": found.path}, decided, scratch)


def _look_at_folder(given: Given, decided: Mapping[str, Any], scratch: Path | None) -> Layout:
    folder = Path(given.text).expanduser()
    files = find_files(folder)
    path = write_pattern(folder, files, given.path)
    layout = _look_at_files(replace(given, files=tuple(files)), {"source": "file", "path": path}, decided, scratch)
    parts = sorted({part for file in files for part in file.relative_to(folder).parts[:-1] if "=" in part})
    if not parts:
        return layout
    text = f"folders such as {parts[0]} hold a value in their name, which is read as no column"
    return replace(layout, notes=(*layout.notes, Note(text, True)))


def _look_at_url(given: Given, decided: Mapping[str, Any], scratch: Path) -> Layout:
    file = fetch(given.url, scratch)
    refuse_unreadable(file)
    if is_sqlite(file):
        raise SourceError(
            f"{mask_url(given.url)}: a database of SQLite",
            next_step="Download it, and give the file: `python -m adopt FILE`.",
        )
    layout = _look_at_files(replace(given, files=(file,)), {"source": "http", "url": given.url}, decided, scratch)
    ending = PurePath(strip_compression(urlsplit(given.url).path)).suffix.lower()
    if ending != ".zip":
        layout = replace(layout, ingest={**layout.ingest, **say_format(layout.format, ENDINGS.get(ending))})
    if mask_url(given.url) != given.url.partition("#")[0]:
        text = "the URL holds a user, a password or a key: whoever reads the recipe can use it"
        layout = replace(layout, key_notes={**layout.key_notes, "url": (Note(text, True, (), "ingest.url"),)})
    return layout


def _look_at_files(given: Given, ingest: Mapping[str, Any], decided: Mapping[str, Any], scratch: Path | None) -> Layout:
    name = name_given(mask_url(given.text))
    files = open_files(given.files)
    require_archive(files, decided, name)
    found = look_at_all(files, decided, scratch)
    require_fitting(decided, found.format, name)
    chosen = {key: decided[key] for key in OF_FILES if key in decided}
    layout = Layout(
        Shape.DOCUMENTS if found.format in DOCUMENTS else Shape.TABLE,
        found.names,
        {**ingest, **chosen, **found.keys},
        " ".join(filter(None, (make_title(name_source(given)), found.title))),
        found.notes,
        found.key_notes,
        found.has_names,
        given.files,
        found.format,
    )
    return layout if found.names else name_columns(layout)
