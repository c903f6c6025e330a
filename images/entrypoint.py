"""What every image runs first: take the rights of the data folder's owner, lay out the caches, become the program.

A bind-mounted folder belongs to whoever made the checkout. The program must be able to write there, and must not be
root. So the container starts as root, looks whose the folder is, and becomes that user for good; a folder of root's
(such as one that Docker made) is given to a user of our own. Started with `--user`, this does nothing.

Only the standard library, and nothing imported from the project: no code of ours or others' runs as root.
"""

import os
import shutil
import sys
from pathlib import Path

RELAY_UID = 10001
"""Owner for folders that belonged to root: high enough to be nobody's on most hosts."""


def main() -> None:
    """Become the program in the arguments, as the right user."""
    folders = [Path(os.environ.get(name) or f"/app/{default}") for name, default in FOLDERS.items()]
    if os.geteuid() == 0:
        uid, gid = choose_owner(folders[0])
        for folder in folders:
            give(folder, uid, gid)
        drop_rights(uid, gid)
    copy_caches(FILLED_CACHES, CACHES)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - the image's own command line


FOLDERS = {"DATA_DIR": "data", "LOG_DIR": "logs"}

FILLED_CACHES = Path("/opt/relay/cache")
"""What the image was built with: compiled kernels and the index of fonts, about 1 MB; some images have none."""
CACHES = Path("/tmp/relay/cache")  # noqa: S108 - the container's own, and nobody else's
"""Where a user of any number may write, in a container whose root is read-only."""


def choose_owner(folder: Path) -> tuple[int, int]:
    """The user and group to become: the folder's, or ours where that is root or nobody made it yet."""
    if not folder.exists():
        return RELAY_UID, RELAY_UID
    stat = folder.stat()
    return stat.st_uid or RELAY_UID, stat.st_gid or stat.st_uid or RELAY_UID


def give(folder: Path, uid: int, gid: int) -> None:
    """Make the folder, and give what belongs to root in it to the user; what is somebody else's stays theirs."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder, *folder.rglob("*")):
            if path.lstat().st_uid == 0:
                os.chown(path, uid, gid, follow_symlinks=False)
    except OSError as error:
        # A read-only mount, or a host that lets nobody change owners: the program may still be able to read, and
        # says for itself what it cannot write.
        print(f"{folder}: its owner stays as it is ({error})", file=sys.stderr)  # noqa: T201 - no log yet


def drop_rights(uid: int, gid: int) -> None:
    """Become the user, without a way back."""
    try:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    except PermissionError:
        sys.exit(
            "the container may not change its user and will not run as root: allow the capabilities SETUID and SETGID, "
            "or start it with --user"
        )


def copy_caches(filled: Path, caches: Path) -> None:
    """Copy what the image was built with, unless this container has it; the program starts without it too, slower."""
    if not filled.is_dir() or caches.exists():
        return
    try:
        # With their times: a kernel counts as compiled from the source of one moment.
        shutil.copytree(filled, caches)
    except OSError as error:
        print(f"{caches}: begins empty ({error})", file=sys.stderr)  # noqa: T201 - no log yet


if __name__ == "__main__":
    main()
