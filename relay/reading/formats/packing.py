"""Archives and workbooks: files that hold the data inside another form, which Relay does not open."""

import shlex
import zipfile
from pathlib import Path, PurePath

from relay.handoff.errors import SourceError
from relay.reading.rawfile import RawFile

UNPACKERS = {b"\x1f\x8b": "gzip -dc", b"BZh": "bzip2 -dc", b"\xfd7zXZ\x00": "xz -dc", b"\x28\xb5\x2f\xfd": "zstd -dc"}
"""First bytes of a compressed file -> the command that unpacks it."""

ZIP = b"PK\x03\x04"
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PACKED_ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xls", ".ods")
WORKBOOK_PARTS = ("xl/workbook.xml", "content.xml")

SAVE_SHEET = "save its sheet as CSV in the program that made it (Excel: Save As, CSV UTF-8)"


def require_unpacked(file: RawFile, head: bytes) -> None:
    """Make sure that a file is no archive and no workbook, by its first bytes.

    Raises:
        SourceError: it is one; the message says how to get at the data.
    """
    command = next((command for magic, command in UNPACKERS.items() if head.startswith(magic)), None)
    if command is not None:
        plain = _plain_path(file.path)
        raise SourceError(
            f"{file.name}: the file is compressed, and Relay reads unpacked files; run {command} "
            f"{shlex.quote(str(file.path))} > {shlex.quote(str(plain))}{_name_it(plain)}"
        )
    if head.startswith(OLD_EXCEL) or (head.startswith(ZIP) and _is_workbook(file.path)):
        plain = file.path.with_name(f"{file.path.stem}.sheet.csv")
        raise SourceError(f"{file.name}: the file is a workbook; {SAVE_SHEET} as {plain}{_name_it(plain)}")
    if head.startswith(ZIP):
        folder = file.path.with_suffix("")
        raise SourceError(
            f"{file.name}: the file is a ZIP archive, and Relay reads unpacked files; run unzip "
            f"{shlex.quote(str(file.path))} -d {shlex.quote(str(folder))}{_name_it(folder / '*')}"
        )


def describe_packed_name(name: str) -> str | None:
    """What to do with a file whose name ends as archives or workbooks do; None for any other."""
    ending = PurePath(name).suffix.lower()
    if ending in PACKED_ENDINGS:
        return f'the ending "{ending}" is that of a compressed file; unpack it{_name_it("<the unpacked file>")}'
    if ending in WORKBOOK_ENDINGS:
        return f'the ending "{ending}" is that of a workbook; {SAVE_SHEET}{_name_it("<the CSV file>")}'
    return None


def _plain_path(path: Path) -> Path:
    return (
        path.with_suffix("") if path.suffix.lower() in PACKED_ENDINGS else path.with_name(f"{path.stem}.unpacked.csv")
    )


def _name_it(path: object) -> str:
    other = 'or read it by a function of your own, with format = "python" and function = "…"'
    return f', then say source = "file" and path = "{path}" in [ingest]; {other}'


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name in WORKBOOK_PARTS for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
