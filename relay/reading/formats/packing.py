"""Archives and workbooks that Relay does not open, and how to get at their data."""

import shlex
import zipfile
from pathlib import Path, PurePath
from typing import Literal

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
EXCEL_ENDINGS = (".xlsx", ".xlsm")
"""Of the workbooks that Relay reads."""
OTHER_ENDINGS = (".xls", ".xlsb", ".ods")
EXCEL_PART, OTHER_PARTS = "xl/workbook.xml", ("content.xml", "xl/workbook.bin")

SAVE_SHEET = "save it as Excel Workbook (.xlsx)"


def require_unpacked(file: RawFile, head: bytes, kind: str | None) -> None:
    """Make sure that a file is no archive, and no workbook that is not read as one, by its first bytes.

    Args:
        file: the file.
        head: its first bytes.
        kind: the format that the recipe says; None: by the ending of the name.

    Raises:
        SourceError: it is one; the message says how to get at the data.
    """
    archive = name_archive(head)
    if head.startswith(OLD_EXCEL):
        raise SourceError(
            f"{file.name}: the file is an old workbook (.xls) or has a password; {SAVE_SHEET} without one"
        )
    workbook = find_workbook(file) if archive is not None else None
    if workbook == "other":
        raise SourceError(f"{file.name}: the file is a workbook of another kind than .xlsx; {SAVE_SHEET}")
    if workbook == "excel" and kind != "excel" and (kind or not file.content_name.lower().endswith(EXCEL_ENDINGS)):
        raise SourceError(f'{file.name}: the file is a workbook of Excel; say format = "excel" in [ingest]')
    if archive in UNPACKERS:
        command, found = _unpack_command(UNPACKERS[archive], file.path)
        raise SourceError(
            f"{file.name}: the file is {archive}, which Relay does not open; run {command}{_name_it(found)}"
        )


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
    if ending in OTHER_ENDINGS:
        return f'the ending "{ending}" is that of a workbook; {SAVE_SHEET}'
    return None


def _name_it(path: object) -> str:
    other = 'or read it by a function of your own, with format = "python" and function = "…"'
    return f', then say source = "file" and path = "{path}" in [ingest]; {other}'


def find_workbook(file: RawFile) -> Literal["excel", "other"] | None:
    """Whether a ZIP archive is a workbook of Excel or another one, by its parts; a packed one by its name."""
    if isinstance(file, PackedFile):
        name = file.content_name.lower()
        return "excel" if name.endswith(EXCEL_ENDINGS) else "other" if name.endswith(OTHER_ENDINGS) else None
    try:
        with zipfile.ZipFile(file.path) as archive:
            parts = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None
    return "excel" if EXCEL_PART in parts else "other" if any(part in parts for part in OTHER_PARTS) else None
