"""Files that are whole or not there: atomic writes, fingerprints, and the quick check that spares hashing."""

import errno
import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep, time_ns
from typing import Any, BinaryIO

BLOCK_BYTES = 1 << 20
"""Read size while hashing: large enough that hashlib releases the interpreter lock for long."""


TICK_NS = 20_000_000
"""Longer than the kernel's tick, by which most file systems date writes."""


def hash_file(path: Path) -> str:
    """The SHA-256 of a file as 64 hexadecimal digits; `sha256sum` prints the same.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_text(text: str) -> str:
    """The SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def hash_json(value: Any) -> str:
    """The SHA-256 of a JSON value, written with sorted keys and without blanks."""
    return hash_text(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def sync_file(path: Path) -> None:
    """Ask the disk to keep the bytes of a file, so that a rename after it never shows an empty file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Ask the disk to keep the renames in a folder."""
    sync_file(folder)


def write_atomically(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Put a small file in place whole: a reader sees the old one or the new one.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # One name, so that a kill leaves at most one such file and the next write takes it over.
    temporary = path.with_name(f".{path.name}.tmp")
    with _hold_file(temporary) as file:
        try:
            file.write(content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    if sync:
        sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove what killed calls of `write_atomically` left in a folder; a write that is under way stays.

    Raises:
        OSError: the folder cannot be written.
    """
    for path in folder.glob(".*.tmp"):
        if path.is_symlink():
            path.unlink(missing_ok=True)
            continue
        with suppress(FileNotFoundError, BlockingIOError), path.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_file_at(path, file):
                path.unlink()


def open_new(path: Path) -> BinaryIO:
    """A new file to write; whatever lies under its name, such as a link, is removed and not followed.

    Raises:
        OSError: the folder cannot be written.
    """
    path.unlink(missing_ok=True)
    return os.fdopen(open_plain(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb")


def open_plain(path: str | Path, flags: int) -> int:
    """The descriptor of a file of ours, for `open(opener=…)`. Who can write in its folder cannot lead us elsewhere.

    Raises:
        OSError: a symbolic link stands there, or the file cannot be opened.
    """
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)


def _open_own(path: Path) -> BinaryIO:
    """A file of ours to append to; a link, or what is no file or has a second name, is removed first."""
    while True:
        try:
            descriptor = open_plain(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK)
        except OSError as error:
            if error.errno not in (errno.ELOOP, errno.ENXIO):
                raise
        else:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_nlink <= 1:
                return os.fdopen(descriptor, "ab")
            os.close(descriptor)
        path.unlink(missing_ok=True)


@contextmanager
def _hold_file(path: Path) -> Iterator[BinaryIO]:
    """An empty file that nobody else writes meanwhile; a second writer waits, and finds the name free again."""
    while True:
        with _open_own(path) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Whoever held the lock before has renamed the file: what is locked now may be in place already.
            if _is_file_at(path, file):
                file.truncate(0)
                yield file
                return


def _is_file_at(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Fingerprints:
    """The SHA-256 of files, kept beside the data so that an unchanged file is not read again.

    A file counts as unchanged when its size, its times of content and inode change, and its inode are those seen
    when it was hashed. The change time is the kernel's own: setting a file's date back does not deceive it.
    """

    folder: Path
    """`data/.state/`."""
    data_dir: Path
    verify: bool = False
    """Always read the file, whatever the kept figures say."""

    def of(self, path: Path) -> str:
        """The fingerprint of a file, read only when it differs from what was seen last.

        Raises:
            OSError: the file is not there or cannot be read.
        """
        before = identify(path)
        kept = self._kept(path)
        if kept is not None and not self.verify and kept.get("identity") == before:
            return str(kept["sha256"])
        digest, is_settled = _hash_settled(path, before)
        if is_settled:
            self._keep(path, digest, before)
        return digest

    def of_parts(self, folder: Path, names: Sequence[str]) -> list[str]:
        """The fingerprints of files in a folder of parts, of which only those are read that differ from before.

        All of them have one record, that of the folder above: it is replaced when the dataset has other parts.

        Raises:
            OSError: one is not there or cannot be read.
        """
        kept = self._kept(folder.parent) or {}
        known = kept.get("parts", {}) if kept.get("folder") == folder.name and not self.verify else {}
        found: dict[str, list[Any]] = {}
        digests = []
        for name in names:
            before = identify(folder / name)
            if name in known and known[name][0] == before:
                found[name] = known[name]
                digests.append(str(known[name][1]))
                continue
            digest, is_settled = _hash_settled(folder / name, before)
            digests.append(digest)
            if is_settled:
                found[name] = [before, digest]
        if found != known:
            self._keep_parts(folder, found)
        return digests

    def remember_parts(self, folder: Path, digests: Mapping[str, str]) -> None:
        """Keep the fingerprints of the parts in a folder, name -> SHA-256, that were hashed while they were written."""
        with suppress(OSError):
            self._keep_parts(folder, {name: [identify(folder / name), digest] for name, digest in digests.items()})

    def _keep_parts(self, folder: Path, parts: dict[str, list[Any]]) -> None:
        self._write(folder.parent, {"folder": folder.name, "parts": parts})

    def remember(self, path: Path, digest: str, identity: list[int] | None = None) -> None:
        """Keep the fingerprint of a file that was hashed while it was written or read.

        Args:
            path: where it lies.
            digest: its SHA-256.
            identity: what `identify` said before it was opened, where others may write: nothing is kept when that
                has changed, for the digest may be that of a file that lies there no more.
        """
        found = identify(path)
        if identity is None or found == identity:
            self._keep(path, digest, found)

    def recover(self) -> None:
        """Remove what killed runs left of records; it may be of a file that nobody asks for again."""
        with suppress(OSError):
            remove_leftovers(self.folder)

    def _keep(self, path: Path, digest: str, identity: list[int]) -> None:
        self._write(path, {"identity": identity, "sha256": digest})

    def _write(self, path: Path, found: dict[str, Any]) -> None:
        record = {"path": self._name(path), **found}
        # Losing this file costs one reading of the data: it need not wait for the disk, and no run fails for it.
        with suppress(OSError):
            write_atomically(self._record(path), json.dumps(record).encode(), sync=False)

    def _kept(self, path: Path) -> dict[str, Any] | None:
        try:
            record = json.loads(self._record(path).read_bytes())
        except (OSError, ValueError):
            return None  # never hashed, or cut by a full disk: then the file itself is read
        return record if isinstance(record, dict) and record.get("path") == self._name(path) else None

    def _record(self, path: Path) -> Path:
        return self.folder / f"{hash_text(self._name(path))[:24]}.json"

    def _name(self, path: Path) -> str:
        inside = path.is_relative_to(self.data_dir)
        return path.relative_to(self.data_dir).as_posix() if inside else str(path)


def _hash_settled(path: Path, before: list[int]) -> tuple[str, bool]:
    """The SHA-256 of a file, and whether it was the same file all the time: if not, it may be of neither state."""
    if abs(time_ns() - max(before[1:3])) < TICK_NS:
        sleep(TICK_NS / 1e9)  # a write that comes after the hashing must not bear the same time
    digest = hash_file(path)
    return digest, identify(path) == before


def identify(path: Path) -> list[int]:
    """What tells a file from any other that lies or lay at its path: size, both times, inode.

    Raises:
        OSError: there is none.
    """
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
