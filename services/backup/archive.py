"""What the tar file of a volume may hold: files and folders below the volume, and links that stay there.

It is unpacked by root in a container, and its files are then read by services: a link could show them the secrets of
their container, a device or a set-user-ID program could give rights.
"""

import tarfile
from pathlib import Path

from services.backup.contents import BackupError

KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.GNUTYPE_SPARSE: "file",
    tarfile.DIRTYPE: "folder",
    tarfile.LNKTYPE: "file",
    tarfile.SYMTYPE: "link",
}
PASSING = (".relay-coming", ".relay-going")
SET_ID = 0o6000
MOST_GROWTH, SMALL_BYTES = 100, 1 << 30
"""A sparse file takes less room in the archive than its size says: files of all together at most so many times what the
archive has, but for what is small."""


def check_archive(path: Path) -> None:
    """Make sure that a tar file holds what a backup of a volume may hold.

    Raises:
        BackupError: it does not.
    """
    links: set[str] = set()
    size = 0
    try:
        with tarfile.open(path, "r:") as archive:
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # else all of them would be kept
                why = find_fault(member, links) or ("has extended headers" if archive.pax_headers else "")
                if why:
                    raise BackupError(f"{path}: {member.name[:200]!a} {why}; nothing is put back")
                if member.issym():
                    links.add(member.name)
                size += member.size
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise BackupError(f"{path} is no tar file as a backup writes it: {error}; nothing is put back") from None
    most = max(SMALL_BYTES, MOST_GROWTH * path.stat().st_size)
    if size > most:
        raise BackupError(f"{path} unpacks to {size:,} bytes, more than the limit {most:,}; nothing is put back")


def find_fault(member: tarfile.TarInfo, links: "set[str]") -> str:
    """Why a member must not be unpacked, after these links; empty where it may."""
    if member.pax_headers:
        return "has extended headers"
    if member.type not in KINDS:
        return f"is of kind {member.type!a}: expected files, folders and links"
    if not is_below(member.name):
        return "leads out of the volume: expected a path that begins with ./ and has no part .."
    if any(parent in links for parent in find_parents(member.name)):
        return "lies behind a link"
    if member.islnk() and not is_below(member.linkname):
        return f"is a link to {member.linkname[:200]!a}, outside of the volume"
    if member.issym() and not stays_below(member.name, member.linkname):
        return f"is a link to {member.linkname[:200]!a}, outside of the volume"
    if KINDS[member.type] == "file" and member.mode & SET_ID:
        return "is a program that runs with the rights of its owner"
    return ""


def is_below(name: str) -> bool:
    """Whether a path is one that `tar -C volume .` writes, and not one of a restore that is under way."""
    if name == ".":
        return True
    first, *parts = name.split("/")
    return first == "." and bool(parts) and parts[0] not in PASSING and not {"", ".", ".."} & set(parts)


def find_parents(name: str) -> "list[str]":
    """The folders that lead to a path, and the path."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def stays_below(name: str, target: str) -> bool:
    """Whether a symbolic link leads to a place below the volume, whatever other such links are there.

    Steps up come first and are at most as many as there are folders above the link; so no link is gone through before.
    """
    parts = target.split("/")
    ups = 0
    while ups < len(parts) and parts[ups] == "..":
        ups += 1
    rest = parts[ups:]
    if target.startswith("/") or not target or {"", ".."} & set(rest):
        return False
    return ups <= name.count("/") - 1
