"""Keep a copy of what is in the volumes and in PostgreSQL, and put one back: `make backup`, `make restore FROM=…`.

A copy is of one moment: the containers that write are frozen while it is made, and go on afterwards. It is put back
all or not at all: everything is unpacked beside what is there, and takes its place when all of it is in.

Runs with Python 3.9 and nothing else.
"""

import argparse
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from services.backup import databases, volumes
from services.backup.archive import check_archive
from services.backup.contents import BackupError, Part, describe_part, read_list, write_list
from services.backup.figures import find_logs, note_end
from services.backup.project import (
    DATABASE_VOLUME,
    Project,
    ask,
    find_volumes,
    hold_writers,
    make_volume,
    name_size,
    read_project,
    remove_leftovers,
    running_database,
    say,
    without_leftovers,
)
from services.backup.roles import unquote

BACKUPS = Path("backups")
PLAIN = re.compile("[A-Za-z][A-Za-z0-9_-]*")
"""Names of databases that do for files; PostgreSQL takes any."""


def main(arguments: "list[str]") -> int:
    """0 when it is done, else 1 with the reason."""
    parser = argparse.ArgumentParser(prog="python3 -m services.backup", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    copy = commands.add_parser("backup", help="make a copy in a new folder")
    copy.add_argument("--to", type=Path, default=BACKUPS, metavar="FOLDER", help="where (default: %(default)s/)")
    put_back = commands.add_parser("restore", help="put a copy back")
    put_back.add_argument("folder", type=Path)
    put_back.add_argument("--yes", action="store_true", help="do not ask")
    trusted = "run the dumps of databases as the superuser: they can do anything to the database server"
    put_back.add_argument("--trusted", action="store_true", help=trusted)
    options = parser.parse_args(arguments)
    # What is frozen must go on, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    try:
        if options.command == "backup":
            back_up_and_tell(options.to)
        else:
            restore(options.folder, is_agreed=options.yes, is_trusted=options.trusted)
    except BackupError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the output of a command
        return 1
    return 0


def back_up_and_tell(backups: Path) -> None:
    """Make a copy, and leave for Prometheus how that ended, however it did."""
    is_success = False
    try:
        back_up(backups)
        is_success = True
    finally:
        note_end(find_logs(os.environ), is_success=is_success)


def back_up(backups: Path) -> Path:
    """The folder of a new copy of every volume and every database."""
    started, project = time.monotonic(), read_project()
    there = find_volumes(project)
    if not there:
        raise BackupError(f"The project {project.name} has no volumes yet: make up makes them")
    made_at = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime())
    folder, part = backups / made_at, backups / f"{made_at}.part"
    part.mkdir(mode=0o700, parents=True)
    try:
        with without_leftovers(project), running_database() if DATABASE_VOLUME in there else nullcontext():
            parts = copy_all(project, sorted(there), part)
        write_list(part, made_at, parts)
    except BaseException:
        shutil.rmtree(part)
        raise
    part.rename(folder)
    warn_of(folder / part.file for part in parts if part.kind == "volume")
    total = name_size(sum(part.size for part in parts))
    say(f"{folder} holds {len(parts)} files, {total}, after {time.monotonic() - started:.0f} s")
    return folder


def copy_all(project: Project, names: "list[str]", folder: Path) -> "list[Part]":
    """The parts, once they are in the folder."""
    files = [name for name in names if name != DATABASE_VOLUME]
    parts = []
    began = time.monotonic()
    with hold_writers([project.volumes[name] for name in files]):
        for name in files:
            path = folder / f"{name}.tar"
            report(name, path, partial(volumes.pack, project, name, path))
            parts.append((path, "volume", name, ""))
        if DATABASE_VOLUME in names:
            for name, owner in databases.find_databases().items():
                path = folder / (f"{name}.dump" if PLAIN.fullmatch(name) else f"{len(parts)}.dump")
                report(f"database {name}", path, partial(databases.dump_database, name, path))
                parts.append((path, "database", name, owner))
            databases.dump_roles(folder / "roles.sql")
            parts.append((folder / "roles.sql", "roles", "postgres", ""))
        still = time.monotonic() - began
    say(f"Services stood still for {still:.1f} s")
    return [describe_part(*part) for part in parts]


def warn_of(paths: "Iterable[Path]") -> None:
    """Say at once when a volume holds what a restore would refuse: now it can be removed there."""
    for path in paths:
        try:
            check_archive(path)
        except BackupError as error:
            say(f"Attention, this copy cannot be put back as it is: {error}")


def restore(folder: Path, *, is_agreed: bool, is_trusted: bool) -> None:
    """Put a copy back in the place of what is there."""
    say(f"Checking {folder}")
    parts = read_list(folder)
    check_files(folder, parts)
    project = read_project()
    strange = sorted({part.of for part in parts if part.kind == "volume"} - project.volumes.keys())
    if strange:
        raise BackupError(f"{folder} holds volumes that docker-compose.yml does not name: {', '.join(strange)}")
    if not is_agreed:
        ask_user(parts, project)
    ask("docker", "compose", "--profile", "*", "down", "--remove-orphans")
    has_databases = any(part.kind == "database" for part in parts)
    with without_leftovers(project), running_database() if has_databases else nullcontext():
        put_back(project, parts, folder, is_trusted=is_trusted)
        if has_databases:
            databases.run_setup()
    say("All is put back, and all containers are stopped; start them as before: make up, make serve, …")


def check_files(folder: Path, parts: "list[Part]") -> None:
    """Make sure that the files hold what a backup writes, before anything is stopped.

    Raises:
        BackupError: one does not.
    """
    kinds = [part.kind for part in parts]
    if "database" in kinds and kinds.count("roles") != 1:
        raise BackupError(f"{folder} holds databases and {kinds.count('roles')} files of roles, expected 1")
    for part in parts:
        if part.kind == "volume":
            check_archive(folder / part.file)
        elif part.kind == "roles":
            databases.read_roles(folder / part.file)
        else:
            unquote(part.owner)


def put_back(project: Project, parts: "list[Part]", folder: Path, *, is_trusted: bool) -> None:
    """Unpack everything beside what is there; then let it take the place, which takes a moment."""
    of_volumes, of_databases = ([part for part in parts if part.kind == kind] for kind in ("volume", "database"))
    names = [part.of for part in of_volumes]
    for name in names:
        make_volume(project, name)
    volumes.clear(project, names)
    try:
        for part in of_volumes:
            path = folder / part.file
            report(part.of, path, partial(volumes.unpack, project, part.of, path))
        if of_databases:
            databases.run_setup()
            databases.add_roles(folder / next(part.file for part in parts if part.kind == "roles"))
            say(f"databases {', '.join(part.of for part in of_databases)}")
            databases.fill_databases(of_databases, folder, is_trusted=is_trusted)
    except BaseException:
        remove_leftovers(project)
        volumes.clear(project, names)
        if of_databases:
            databases.clear_databases()
        say("Nothing is replaced: all is as it was before, and the containers are stopped")
        raise
    # From here to the end of the next call a power cut would leave part of both; to restore again mends it.
    if of_databases:
        databases.swap_databases([part.of for part in of_databases])
    volumes.swap(project, names)


def ask_user(parts: "list[Part]", project: Project) -> None:
    """Go on only when the user types yes.

    Raises:
        BackupError: the user did not.
    """
    named = [f"{part.kind} {part.of}" for part in parts if part.kind != "roles"]
    say(f"This stops all containers of {project.name} and replaces what is in: {', '.join(named)}.")
    kept = sorted(find_volumes(project).keys() - {part.of for part in parts} - {DATABASE_VOLUME})
    if kept:
        say(f"Not in the backup, and left as they are: {', '.join(kept)}.")
    say("Type yes to replace it:")
    if sys.stdin.readline().strip() != "yes":
        raise BackupError("Nothing is replaced.")


def report(what: str, path: Path, work: "Callable[[], None]") -> None:
    """Do it, and say how much it was and how long it took."""
    began = time.monotonic()
    work()
    say(f"{what:<24} {name_size(path.stat().st_size):>12} {time.monotonic() - began:>8.1f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
