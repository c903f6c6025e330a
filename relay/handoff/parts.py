"""A dataset in parts: `X.parts/<folder>/part-00000.parquet`, each with its `.json`, a SHA256SUMS, and the receipt.

Order of a write, each step safe to be killed after:

    part-00000.parquet, part-00000.json, …    each under a unique temporary name, on disk, then renamed; by any process
    SHA256SUMS                                when all parts are there
    X.json.next -> X.json                     the commit
    older folders, or the X.parquet of before removed

A folder that the receipt names is never written into. Needs no Parquet library: an unchanged stage reads this only.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.handoff.errors import DatasetDamagedError
from relay.handoff.files import Fingerprints, hash_file, open_new
from relay.handoff.receipt import Part, Receipt, name_part

PART_ROWS = 1_048_576
"""Rows of a part that suit most data: sixteen row groups of numbers."""

PART_TEXT_BYTES = 128 << 20
"""Bytes of text after which a part ends too, however few rows it has."""

SUMS = "SHA256SUMS"
KEY_CHARS = 16

FOLDER = re.compile(rf"[0-9a-f]{{{KEY_CHARS}}}[bc]?")
"""Ours; nothing else is ever removed."""

NAMED = re.compile(rf"part-\d+\.(parquet|json)|{SUMS}")
"""The files of a dataset in its folder."""

SAME_KEY = ("", "b", "c")
"""Endings of a folder's name: a result that is made again with its old key needs a folder that has no readers."""

MOST_NAMED = 5


@dataclass(frozen=True)
class PartPaths:
    """The files of one part."""

    folder: Path
    index: int

    @property
    def parquet(self) -> Path:
        """The rows."""
        return self.folder / f"{name_part(self.index)}.parquet"

    @property
    def record(self) -> Path:
        """What its writer says of it."""
        return self.folder / f"{name_part(self.index)}.json"

    @property
    def rejected(self) -> Path:
        """Its rows that did not match the schema, until they stand in the file of all parts."""
        return self.folder / f"{name_part(self.index)}.rejected.parquet"


def find_temporary(path: Path) -> Path:
    """A name beside a file that no other process uses, on this machine or another."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")


def put(path: Path, content: bytes) -> None:
    """Put a small file in place whole, whichever processes write it at the same time.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = find_temporary(path)
    try:
        with open_new(temporary) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_sums(files: list[Part]) -> bytes:
    """The content of SHA256SUMS, as `sha256sum -c` reads it; the dataset's fingerprint is its SHA-256."""
    return "".join(f"{part.sha256}  {name_part(index)}.parquet\n" for index, part in enumerate(files)).encode()


def identify_parts(files: list[Part]) -> str:
    """The fingerprint of a dataset in parts."""
    return hashlib.sha256(write_sums(files)).hexdigest()


def choose_folder(key: str, taken: set[str]) -> str:
    """The name of the folder that a write fills.

    Args:
        key: the digest of the result's key.
        taken: folders that may have readers.
    """
    return next(name for ending in SAME_KEY if (name := f"{key[:KEY_CHARS]}{ending}") not in taken)


def choose_coming(receipt: Receipt | None, key: str) -> str:
    """The name of the folder that parts are made in one by one; whole ones that lie there are taken over.

    A dataset that is made again with its own key is made from the start, so not in the folder before it either.

    Args:
        receipt: of the dataset that lies there.
        key: the digest of the coming result's key.
    """
    parts = receipt.parts if receipt is not None else None
    if parts is None:
        return choose_folder(key, set())
    is_again = parts.folder[:KEY_CHARS] == key[:KEY_CHARS]
    return choose_folder(key, {parts.folder, parts.before} if is_again else {parts.folder})


def take_over(paths: PartPaths) -> dict[str, Any] | None:
    """What the writer said of a part that lies there whole, with its rejected rows; None where it has to be made.

    Raises:
        OSError: the folder cannot be read.
    """
    try:
        record: dict[str, Any] = json.loads(paths.record.read_bytes())
        wanted = [(paths.parquet, record["sha256"])]
        wanted += [(paths.rejected, record["rejected"])] if record.get("rejected") else []
        is_whole = all(hash_file(path) == sha256 for path, sha256 in wanted)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return record if is_whole else None


def forget_parts(folder: Path) -> None:
    """Remove what the writers said of the parts of a folder: without it, none is taken over."""
    for record in folder.glob("part-*.json"):
        record.unlink(missing_ok=True)


def require_parts(base: Path, receipt: Receipt, fingerprints: Fingerprints) -> None:
    """Return where the parts that a receipt names lie there whole.

    Args:
        base: `X.parts`.
        receipt: of a dataset in parts.
        fingerprints: of files that were hashed before.

    Raises:
        DatasetDamagedError: SHA256SUMS or a part was changed, cut or taken away.
    """
    assert receipt.parts is not None  # noqa: S101 - the caller asks for a dataset in parts
    folder, files = base / receipt.parts.folder, receipt.parts.files
    try:
        sums = (folder / SUMS).read_bytes()
    except FileNotFoundError:
        raise DatasetDamagedError(f"{folder / SUMS} is gone, the receipt is there") from None
    if sums != write_sums(files) or hashlib.sha256(sums).hexdigest() != receipt.fingerprint:
        raise DatasetDamagedError(f"{folder / SUMS} was changed: it does not list the parts of the receipt")
    try:
        found = fingerprints.of_parts(folder, [f"{name_part(index)}.parquet" for index in range(len(files))])
    except FileNotFoundError as error:
        raise DatasetDamagedError(f"{error.filename} is gone, the receipt is there") from None
    damaged = [name_part(index) for index, part in enumerate(files) if found[index] != part.sha256]
    if damaged:
        more = f" and {len(damaged) - MOST_NAMED} more" if damaged[MOST_NAMED:] else ""
        raise DatasetDamagedError(
            f"{len(damaged)} of {len(files)} parts in {folder} were changed: {', '.join(damaged[:MOST_NAMED])}{more}; "
            f"`sha256sum -c {SUMS}` in that folder shows the same"
        )


def is_complete(base: Path, receipt: Receipt) -> bool:
    """Whether a write had put all its parts on disk before it wrote this receipt."""
    if receipt.parts is None:
        return False
    with suppress(FileNotFoundError):
        sums = (base / receipt.parts.folder / SUMS).read_bytes()
        return hashlib.sha256(sums).hexdigest() == receipt.fingerprint
    return False


def remove_rest(base: Path, receipt: Receipt | None, coming: str) -> None:
    """Remove what killed writers left, and folders without readers. Call it only as the one writer.

    Args:
        base: `X.parts`.
        receipt: of the dataset that lies there.
        coming: the digest of the key of the run that asks; whole parts of it are kept, since they are taken over.
    """
    if not base.is_dir() or base.is_symlink():
        return
    parts = receipt.parts if receipt is not None else None
    again = {f"{coming[:KEY_CHARS]}{ending}" for ending in SAME_KEY} if coming else set[str]()
    kept = {parts.folder, parts.before} - {""} if parts is not None else set[str]()
    if parts is not None and parts.folder in again:
        again = set()  # it is up to date, or made again from the start
    kept |= again
    for folder in base.iterdir():
        if FOLDER.fullmatch(folder.name) and folder.name not in kept:
            # A worker of a killed run may still write there; the next run removes what it leaves.
            shutil.rmtree(folder, ignore_errors=True)
    if parts is not None:
        for name in {parts.folder, parts.before} - again - {""}:
            _remove_unnamed(base / name)
    with suppress(OSError):  # not empty
        base.rmdir()


def _remove_unnamed(folder: Path) -> None:
    """Remove what is no file of a dataset: temporary files, orders, rejected rows of single parts."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if not NAMED.fullmatch(path.name):
            path.unlink(missing_ok=True)
