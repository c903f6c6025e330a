"""What lies in `data/raw/source/<recipe>/`: kept downloads, the manifest that names them, and files on their way.

Order of a refresh, each step safe to be killed after:

    <url>-<name>.part, .part.json    bytes on their way, and their version; the next run goes on with them
    <sha256>-<name>                  once all are complete and on disk: renamed, beside the old files
    manifest.json                    the commit
    files that it does not name      removed
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from io import FileIO
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Self

from loguru import logger
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from relay.handoff.files import BLOCK_BYTES, Fingerprints, open_plain, write_atomically
from relay.sources.urls import DIGEST_CHARS, NAME_CHARS, digest_url, name_file
from relay.sources.version import Version

MANIFEST = "manifest.json"
PIECES_AHEAD = 2  # of up to 1 MiB: more would cost memory and no longer save time
WRITE_BYTES = 1 << 16  # at 1 MiB a write, ext4 (Linux 6.18) takes half a second more CPU time for each GiB
OURS = re.compile(rf"[0-9a-f]{{{DIGEST_CHARS}}}-")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Wanted:
    """One URL of a recipe."""

    url: str
    name: str
    """The URL, its secrets masked: stands in manifest, receipt and messages."""
    item: str
    folder: Path
    sha256: str | None = None
    """What the file must be, when the recipe says so."""
    may_be_page: bool = False
    """Whether the recipe reads web pages; elsewhere one came instead of data."""
    kept: Version | None = None
    """The version that is kept already: only another one is asked for."""

    @property
    def digest(self) -> str:
        """What tells the URL from others."""
        return digest_url(self.url)

    @property
    def part(self) -> Path:
        """Where the file is put together."""
        return self.folder / f"{self.digest}-{name_file(self.url)}.part"


@dataclass(frozen=True)
class Fetched:
    """What a complete and checked part holds."""

    sha256: str
    bytes: int
    version: Version
    may_be_cut: bool = False
    """As the receipt's `Origin` has it."""


class KeptFile(_Record):
    """A line of the manifest."""

    name: str
    item: str
    url_digest: str
    file: str = Field(pattern=rf"^{OURS.pattern}[A-Za-z0-9._-]{{1,{NAME_CHARS}}}$")
    """A name in the folder of the manifest, and no path."""
    sha256: str
    bytes: int
    etag: str | None
    last_modified: str | None
    fetched_at_utc: str
    checked_at_utc: str
    may_be_cut: bool = False

    @property
    def version(self) -> Version:
        """To ask by for another one."""
        return Version(etag=self.etag, last_modified=self.last_modified)


MANIFEST_TYPE = TypeAdapter(list[KeptFile])


class _Note(_Record):
    """What stands in `.part.json`."""

    version: Version
    sha256: str | None = None
    """Of the whole file, once it is complete."""
    may_be_cut: bool = False


def read_manifest(folder: Path) -> list[KeptFile]:
    """The kept files, in the recipe's order; none when none were kept or the manifest was damaged."""
    try:
        return MANIFEST_TYPE.validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        return []
    except ValidationError:
        logger.warning("{} was changed or cut; fetches everything again", folder / MANIFEST)
        return []


def write_manifest(folder: Path, files: list[KeptFile]) -> None:
    """Name the kept files, all at once, and remove what is not among them: the old files, parts of theirs.

    Raises:
        OSError: the disk refuses.
    """
    content = json.dumps(MANIFEST_TYPE.dump_python(files), indent=2, ensure_ascii=False) + "\n"
    write_atomically(folder / MANIFEST, content.encode())
    named = {file.file for file in files}
    for path in folder.iterdir():
        if OURS.match(path.name) and path.name not in named:  # other files stay
            path.unlink()


class _Digest:
    """A SHA-256 computed by a thread of its own while the next piece comes: hashlib lets other threads run."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._pieces: Queue[bytes | None] = Queue(PIECES_AHEAD)
        Thread(target=self._work, daemon=True).start()

    def update(self, piece: bytes) -> None:
        """Take in a piece."""
        self._pieces.put(piece)

    def hexdigest(self) -> str:
        """Of all pieces so far."""
        self._pieces.join()
        return self._sha256.hexdigest()

    def close(self) -> None:
        """End the thread."""
        self._pieces.put(None)

    def _work(self) -> None:
        while (piece := self._pieces.get()) is not None:
            self._sha256.update(piece)
            self._pieces.task_done()


class Part:
    """A file on its way: what has come so far, its SHA-256, and the version that it is of.

    Makes itself from what an earlier process left, when that is known to be the beginning of one version.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.bytes = 0
        self.version = Version()
        self.is_complete = False
        self.is_resumed = False
        self.may_be_cut = False
        # Unbuffered: a killed process has lost nothing that it counted.
        if path.is_symlink():
            path.unlink()
        self._file = FileIO(path, "ab+", opener=open_plain)
        self._digest = _Digest()
        self._take_over()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._digest.close()
        self._file.close()

    @property
    def sha256(self) -> str:
        """Of what has come so far."""
        return self._digest.hexdigest()

    def restart(self, version: Version) -> None:
        """Start over with another version."""
        # The note first, so that bytes and version of different files never stand together.
        _note_path(self.path).unlink(missing_ok=True)
        self._file.truncate(0)
        self.bytes, self.is_complete, self.is_resumed = 0, False, False
        self._digest.close()
        self.version, self._digest = version, _Digest()
        self._write_note()

    def append(self, piece: bytes) -> None:
        """Add what came.

        Raises:
            OSError: the disk refuses.
        """
        self._digest.update(piece)
        rest = memoryview(piece)
        while rest:  # an unbuffered write may take less than all
            rest = rest[self._file.write(rest[:WRITE_BYTES]) :]
        self.bytes += len(piece)

    def complete(self) -> None:
        """Put it on disk and note that nothing is missing."""
        os.fsync(self._file.fileno())
        self.is_complete = True
        self._write_note()

    def refuse(self) -> None:
        """Leave the bytes to be looked at, and never go on with them."""
        _note_path(self.path).unlink(missing_ok=True)

    def _write_note(self) -> None:
        note = _Note(version=self.version, sha256=self.sha256 if self.is_complete else None, may_be_cut=self.may_be_cut)
        # Losing it costs a download, so it need not wait for the disk.
        write_atomically(_note_path(self.path), note.model_dump_json().encode(), sync=False)

    def _take_over(self) -> None:
        try:
            note = _Note.model_validate_json(_note_path(self.path).read_bytes())
        except (FileNotFoundError, ValidationError):
            return
        self._file.seek(0)
        while block := self._file.read(BLOCK_BYTES):
            self._digest.update(block)
            self.bytes += len(block)
        # Complete ones are asked for again by their version, too.
        self.is_complete = note.sha256 == self.sha256 and bool(note.version.conditions)
        self.may_be_cut = note.may_be_cut
        if self.is_complete or (note.sha256 is None and note.version.resumable):
            self.version, self.is_resumed = note.version, self.bytes > 0
        else:
            self.restart(Version())


def is_due(file: KeptFile | None, refresh_after: float, now: datetime) -> bool:
    """Whether the source must be asked for a file: it is not kept, or was asked for too long ago.

    Args:
        file: what is kept.
        refresh_after: age in seconds, infinite for never.
        now: when the run began.
    """
    if file is None or refresh_after == float("inf"):
        return file is None
    age = (now - datetime.fromisoformat(file.checked_at_utc)).total_seconds()
    return not 0 <= age < refresh_after  # below 0 a clock was wrong


def is_whole(file: KeptFile, folder: Path, fingerprints: Fingerprints) -> bool:
    """Whether the bytes are those that were kept; the log says it when they are not."""
    path = folder / file.file
    if path.is_file() and fingerprints.of(path) == file.sha256:
        return True
    logger.warning("{} was changed or is gone; asks for {} again", path, file.name)
    return False


def keep_part(wanted: Wanted, fetched: Fetched, now_utc: str) -> KeptFile:
    """The manifest's line of a complete part, which gets the name that it is kept under."""
    file = f"{fetched.sha256[:DIGEST_CHARS]}-{name_file(wanted.url)}"
    wanted.part.replace(wanted.folder / file)
    _note_path(wanted.part).unlink(missing_ok=True)
    return KeptFile(
        name=wanted.name,
        item=wanted.item,
        url_digest=wanted.digest,
        file=file,
        sha256=fetched.sha256,
        bytes=fetched.bytes,
        etag=fetched.version.etag,
        last_modified=fetched.version.last_modified,
        fetched_at_utc=now_utc,
        checked_at_utc=now_utc,
        may_be_cut=fetched.may_be_cut,
    )


def _note_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")
