"""The folders of results, and `latest`, the link that names the one in force.

Order of a write, each step safe to be killed after:

    .3f2a9c1e.tmp/              every file written and on disk, the receipt last
    .3f2a9c1e.tmp -> 3f2a9c1e
    .latest.tmp   -> latest     the commit: one rename of a relative link
    an eleventh folder -> .….tmp, then removed

Needs no numerical library: an unchanged stage looks at locations only.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.handoff.errors import DatasetDamagedError
from relay.handoff.files import Fingerprints, hash_file, hash_json, sync_file, sync_folder
from relay.handoff.receipt import Receipt

KEEP = 10
"""Folders of results kept for a recipe, the one in force among them."""

RECEIPT = "receipt.json"
KEPT_FILES = "files"
"""Folder of a result with the files that own code wrote."""

LINK_LEFTOVER = ".latest.tmp"
NAME = re.compile(r"[0-9a-f]{8}(-\d+)?")
"""What our folders are called; a folder of any other name is the user's and is never removed."""


@dataclass(frozen=True)
class ResultLocation:
    """The results of one recipe."""

    data_dir: Path
    recipe: str

    @property
    def address(self) -> str:
        """Its name below the data folder."""
        return f"output/{self.recipe}"

    @property
    def folder(self) -> Path:
        """Holds a folder a result."""
        return self.data_dir / self.address

    @property
    def latest(self) -> Path:
        """The link to the result in force."""
        return self.folder / "latest"

    def current(self, fingerprints: Fingerprints) -> Receipt | None:
        """The receipt of the result in force, checked against each of its files; None when there is none.

        Raises:
            DatasetDamagedError: a file was changed, cut or taken away.
        """
        if not self.latest.is_symlink():
            return None
        # Through the link: one record a file name, however many folders come and go; the inode tells them apart.
        return check_folder(self.latest, fingerprints.of)

    def recover(self) -> None:
        """Remove what a killed writer left. Call it only as the one writer.

        Raises:
            DatasetDamagedError: `latest` is a folder, as after a copy that follows links.
        """
        if self.latest.is_dir() and not self.latest.is_symlink():
            raise DatasetDamagedError(f"{self.latest} is a folder, expected a link to one: remove it, then run again")
        (self.folder / LINK_LEFTOVER).unlink(missing_ok=True)
        for path in self.folder.glob(".*.tmp"):
            if NAME.fullmatch(path.name[1 : -len(".tmp")]):
                if path.is_symlink():
                    path.unlink()  # not ours, and not followed
                else:
                    shutil.rmtree(path)

    def save(self, files: Mapping[str, bytes], receipt: Receipt) -> None:
        """Write a result as a folder of its own and put it in force.

        Raises:
            OSError: the disk refuses; nothing has changed then.
        """
        name = self._free_name(receipt.key_digest)
        temporary = self.folder / f".{name}.tmp"
        temporary.mkdir(parents=True)
        try:
            for file, content in {**files, RECEIPT: receipt.to_json().encode()}.items():
                (temporary / file).parent.mkdir(parents=True, exist_ok=True)
                (temporary / file).write_bytes(content)
                sync_file(temporary / file)
            sync_folder(temporary)
            temporary.rename(self.folder / name)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        self._point(self.folder / name)
        self._prune()

    def restore(self, key_digest: str) -> Receipt | None:
        """The receipt of the newest whole result of a key, put in force again; None when there is none."""
        for folder in self._folders():
            if folder.name.startswith(key_digest[:8]):
                with suppress(DatasetDamagedError):  # a damaged one is no candidate; an older one may be whole
                    receipt = check_folder(folder, hash_file)
                    if receipt.key_digest == key_digest:
                        self._point(folder)
                        return receipt
        return None

    def _folders(self) -> list[Path]:
        """Our folders, the one last in force first."""
        if not self.folder.exists():
            return []
        found = [path for path in self.folder.iterdir() if NAME.fullmatch(path.name) and path.is_dir()]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)

    def _free_name(self, key_digest: str) -> str:
        name, number = key_digest[:8], 1
        while (self.folder / name).exists():
            number += 1
            name = f"{key_digest[:8]}-{number}"
        return name

    def _point(self, folder: Path) -> None:
        """Let `latest` name a whole folder."""
        link = self.folder / LINK_LEFTOVER
        link.unlink(missing_ok=True)
        link.symlink_to(folder.name)
        os.utime(folder)  # the folders' times tell in which order they were in force
        # The folder's own name must be on disk before a link may name it.
        sync_folder(self.folder)
        link.replace(self.latest)
        sync_folder(self.folder)

    def _prune(self) -> None:
        """Remove the oldest folders; renamed first, so that a kill leaves no half of one under its name."""
        in_force = self.latest.resolve()
        others = [folder for folder in self._folders() if folder.resolve() != in_force]
        for folder in others[KEEP - 1 :]:
            shutil.rmtree(folder.rename(self.folder / f".{folder.name}.tmp"))


def check_folder(folder: Path, digest: Callable[[Path], str]) -> Receipt:
    """The receipt of a folder whose every file is the receipt's; other files beside them do not matter.

    Raises:
        DatasetDamagedError: the receipt or a file was changed, cut or taken away.
    """
    try:
        receipt = Receipt.read(folder / RECEIPT)
    except FileNotFoundError:
        raise DatasetDamagedError(f"{folder / RECEIPT} is gone", next_step=_make_again(folder)) from None
    for name, expected in receipt.files.items():
        try:
            found = digest(folder / name)
        except FileNotFoundError:
            message = f"{folder / name} is gone, its receipt is there"
            raise DatasetDamagedError(message, next_step=_make_again(folder)) from None
        if found != expected:
            raise DatasetDamagedError(
                f"{folder / name} was changed: SHA-256 {found[:12]}…, the receipt says {expected[:12]}…",
                next_step=_make_again(folder),
            )
    return receipt


def _make_again(folder: Path) -> str:
    return f"Make it again: `python -m model {folder.parent.name}`"


def describe_files(files: Mapping[str, bytes]) -> dict[str, Any]:
    """What a receipt says of a folder: name -> SHA-256, the fingerprint of that map, and the bytes in all."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    return {
        "files": digests,
        "fingerprint": hash_json(digests),
        "bytes": sum(len(content) for content in files.values()),
    }
