"""What a backup consists of: files with their sizes and digests, in a list that is written last and checked first."""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

LIST = "contents.json"
FORMAT = 1
KINDS = ("volume", "database", "roles")
CHUNK_BYTES = 1 << 20
MOST_LIST_BYTES = 10 << 20
FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,120}\.(tar|dump|sql)", re.ASCII)
VOLUME = re.compile(r"[a-z0-9][a-z0-9_-]{0,100}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
LONGEST_NAME = 63 - len(".relay-coming")
"""Bytes of a database's name, of the 63 that PostgreSQL keeps: while it is filled it has a longer one."""
RESERVED = ("postgres", "template0", "template1")


class BackupError(Exception):
    """A backup cannot be made, or must not be put back; the message says why and what to do."""


@dataclass(frozen=True)
class Part:
    """One file of a backup."""

    file: str
    kind: str
    """volume, database or roles."""
    of: str
    """The volume or the database."""
    size: int
    """In bytes."""
    sha256: str
    owner: str = ""
    """The role that owns the database."""


def describe_part(path: Path, kind: str, of: str, owner: str = "") -> Part:
    """The part that a file is, once it is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return Part(path.name, kind, of, path.stat().st_size, hash_file(path), owner)


def hash_file(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def write_list(folder: Path, made_at: str, parts: list[Part]) -> None:
    """Write the list of the parts; with it, a backup is whole."""
    body = {"format": FORMAT, "made_at_utc": made_at, "parts": [asdict(part) for part in parts]}
    path = folder / LIST
    path.write_text(json.dumps(body | {"sha256": hash_body(body)}, indent=2) + "\n", encoding="utf-8")
    for opened in (path, folder):
        descriptor = os.open(opened, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def read_list(folder: Path) -> list[Part]:
    """The parts of a backup that is whole.

    Raises:
        BackupError: it is not: a file is missing, or not the one that was written.
    """
    if not (folder / LIST).is_file():
        raise BackupError(f"{folder} is no backup, or one that was broken off: it has no {LIST}")
    if (folder / LIST).stat().st_size > MOST_LIST_BYTES:
        raise BackupError(f"{folder / LIST} is damaged: it has more than {MOST_LIST_BYTES:,} bytes")
    try:
        body = json.loads((folder / LIST).read_text(encoding="utf-8"))
        digest = body.pop("sha256")
        is_sound = digest == hash_body(body)
        parts = [Part(**part) for part in body["parts"]] if is_sound and body["format"] == FORMAT else []
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        is_sound, parts = False, []
    if not is_sound:
        raise BackupError(f"{folder / LIST} is damaged: it is not what was written")
    if not parts:
        raise BackupError(f"{folder / LIST} was written by another version of this program, and cannot be read")
    check_names(folder / LIST, parts)
    for part in parts:
        check_part(folder, part)
    return parts


def check_names(path: Path, parts: list[Part]) -> None:
    """Make sure that a list names what a backup names: each thing once, in a file of its own.

    Raises:
        BackupError: it does not.
    """
    for part in parts:
        if why := find_fault(part):
            raise BackupError(f"{path}: {why}; nothing is put back")
    for kind, names in (
        ("file", [part.file for part in parts]),
        ("part", [f"{part.kind} {part.of}" for part in parts]),
    ):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BackupError(f"{path} names the {kind} {twice[0]} twice; nothing is put back")


def find_fault(part: Part) -> str:
    """Why a list must not name a part; empty where it may."""
    texts = (part.file, part.kind, part.of, part.sha256, part.owner)
    if not all(isinstance(text, str) for text in texts) or type(part.size) is not int:
        return "a part has values of other types than a backup writes"
    if part.kind not in KINDS or not FILE.fullmatch(part.file):
        return f"it names a {part.kind[:80]!a} in {part.file[:80]!a}, which this program does not know"
    if part.kind == "volume" and not VOLUME.fullmatch(part.of):
        return f"{part.of[:80]!a} is no name of a volume"
    if part.kind != "database":
        return ""
    is_short = part.of and len(part.of.encode(errors="replace")) <= LONGEST_NAME
    is_passing = part.of.endswith((".relay-coming", ".relay-going"))
    if not is_short or is_passing or part.of in RESERVED or CONTROL.search(part.of) or CONTROL.search(part.owner):
        return f"{part.of[:80]!a} of {part.owner[:80]!a} is no database that a restore makes"
    return ""


def check_part(folder: Path, part: Part) -> None:
    """Make sure that the file of a part is the one that was written.

    Raises:
        BackupError: it is not.
    """
    path = folder / part.file
    if path.is_symlink() or not path.is_file():
        raise BackupError(f"{path} is missing: the backup is not whole, and nothing is put back")
    size = path.stat().st_size
    if size != part.size:
        raise BackupError(f"{path} is damaged: {size} bytes, expected {part.size}; nothing is put back")
    if hash_file(path) != part.sha256:
        raise BackupError(f"{path} is damaged: its SHA-256 is not the one in {LIST}; nothing is put back")


def hash_body(body: "dict[str, object]") -> str:
    """The SHA-256 of the list without its own."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
