"""Keys of `[ingest]` that a person decided and that the given data does not have: they would change nothing."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from relay.handoff.errors import UsageError
from relay.handoff.wording import list_words
from relay.reading.formats import FORMATS_OF_KEYS
from relay.reading.formats.packing import find_workbook
from relay.reading.packed import ZIP
from relay.reading.rawfile import RawFile

OF_SQL = ("table", "query", "parameters")
OPTIONS = ("sheet", "member", "records", "table", "query")
"""Keys that have an option of their own."""
WORDS = {
    "csv": "CSV",
    "excel": "Excel",
    "json": "JSON",
    "jsonl": "JSON lines",
    "parquet": "Parquet",
    "fixed": "fixed width",
    "text": "documents",
    "html": "web pages",
    "xml": "XML",
    "sql": "databases",
}
"""Formats as people call them."""
FORMATS: Mapping[str, Sequence[str]] = {
    **FORMATS_OF_KEYS,
    **dict.fromkeys(OF_SQL, ("sql",)),
    **dict.fromkeys(("member", "max_unpacked_bytes", "skip_if"), tuple(kind for kind in WORDS if kind != "sql")),
}


def require_fitting(keys: Iterable[str], kind: str, name: str = "") -> None:
    """Make sure that the format has each key that a person decided.

    Args:
        keys: of `[ingest]`.
        kind: the format that was found, or `sql`.
        name: of the file, for the message.

    Raises:
        UsageError: it has not; the message says what fits.
    """
    for key in keys:
        formats = FORMATS.get(key, (kind,))
        if kind in formats or kind not in WORDS:
            continue
        found = f"{name} is read as {WORDS[kind]}" if name else "a database is given"
        fitting = list_words([WORDS[one] for one in formats]) if kind != "sql" or len(formats) == 1 else "files"
        raise UsageError(
            f"{write_option(key)} is only for {fitting}, and {found}",
            next_step=f"Leave it out; {WORDS[kind]} can have {list_options(kind)}.",
        )


def require_archive(files: Sequence[RawFile], decided: Mapping[str, Any], name: str) -> None:
    """Make sure that a member is chosen in archives only.

    Raises:
        UsageError: a file is no ZIP archive.
    """
    if "member" not in decided:
        return
    other = next((file for file in files if not ZIP.match(file.sniff()) or find_workbook(file)), None)
    if other is not None:
        shown = name if len(files) == 1 else other.name
        raise UsageError(
            f"{write_option('member')} is only for ZIP archives, and {shown} is none",
            next_step="Leave it out.",
        )


def list_options(kind: str) -> str:
    """The options by which a person can say how data of this format is written."""
    keys = [key for key, formats in FORMATS.items() if kind in formats and key not in ("max_unpacked_bytes", "member")]
    options = [f"--{key}" for key in keys if key in OPTIONS]
    sets = (
        [f"--set ingest.KEY=… with {list_words(others)}"] if (others := [k for k in keys if k not in OPTIONS]) else []
    )
    return "; ".join([*options, *sets])


def write_option(key: str) -> str:
    """How a person says a key on the command line."""
    return f"--{key}" if key in OPTIONS else f"--set ingest.{key}"


def name_given(path: str) -> str:
    """The name of a file for a message."""
    return Path(path).name or path
