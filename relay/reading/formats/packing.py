"""Archives and workbooks that Relay does not open, and how to get at their data."""

import shlex
import zipfile
from pathlib import Path, PurePath

from relay.handoff.errors import SourceError
from relay.reading.packed import TAR, PackedFile, name_archive
from relay.reading.rawfile import RawFile

UNPACKERS = {
    "a Zstandard file": "zstd -dc {path} > {plain}",
    TAR: "tar -xf {path} -C {folder}",
    "a 7z archive": "7z x {path} -o{folder}",
    "a RAR archive": "7z x {path} -o{folder}",
}
"""Kind of a file that holds others, and that Relay does not open -> the command that unpacks it."""

OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PACKED_ENDINGS = (".zst", ".tar", ".tgz", ".7z", ".rar")
WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xls", ".ods")
WORKBOOK_PARTS = ("xl/workbook.xml", "content.xml")

SAVE_SHEET = "save its sheet as CSV in the program that made it (Excel: Save As, CSV UTF-8)"


def require_unpacked(file: RawFile, head: bytes) -> None:
    """Make sure that a file is no archive and no workbook, by its first bytes.

    Raises:
        SourceError: it is one; the message says how to get at the data.
    """
    kind = name_archive(head)
    if head.startswith(OLD_EXCEL) or (kind is not None and is_workbook(file)):
        plain = file.path.with_name(f"{file.path.stem}.sheet.csv")
        raise SourceError(f"{file.name}: the file is a workbook; {SAVE_SHEET} as {plain}{_name_it(plain)}")
    if kind in UNPACKERS:
        command, found = _unpack_command(UNPACKERS[kind], file.path)
        raise SourceError(f"{file.name}: the file is {kind}, which Relay does not open; run {command}{_name_it(found)}")


def _unpack_command(template: str, path: Path) -> tuple[str, Path]:
    """The command that unpacks a file, and where its content is then."""
    folder = path.with_name(f"{path.name}.unpacked")
    plain = path.with_suffix("") if path.suffix.lower() in PACKED_ENDINGS else path.with_name(f"{path.stem}.plain.csv")
    quoted = {name: shlex.quote(str(one)) for name, one in {"path": path, "folder": folder, "plain": plain}.items()}
    command = template.format(**quoted)
    return (command, plain) if "{plain}" in template else (f"mkdir {quoted['folder']} && {command}", folder / "*")


def describe_packed_name(name: str) -> str | None:
    """What to do with a file whose name ends as archives or workbooks do; None for any other."""
    ending = PurePath(name).suffix.lower()
    if ending in PACKED_ENDINGS:
        return (
            f'the ending "{ending}" is that of an archive that Relay does not open (it opens gzip, bzip2, xz and ZIP); '
            f"unpack it{_name_it('<the unpacked file>')}"
        )
    if ending in WORKBOOK_ENDINGS:
        return f'the ending "{ending}" is that of a workbook; {SAVE_SHEET}{_name_it("<the CSV file>")}'
    return None


def _name_it(path: object) -> str:
    other = 'or read it by a function of your own, with format = "python" and function = "…"'
    return f', then say source = "file" and path = "{path}" in [ingest]; {other}'


def is_workbook(file: RawFile) -> bool:
    """Whether a ZIP archive is a workbook, by the parts of one; a packed one by its name."""
    if isinstance(file, PackedFile):
        return file.content_name.lower().endswith(WORKBOOK_ENDINGS)
    try:
        with zipfile.ZipFile(file.path) as archive:
            return any(name in WORKBOOK_PARTS for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
