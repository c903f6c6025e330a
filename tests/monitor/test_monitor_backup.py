"""`make backup` holds what the monitor knows, and `make restore` brings it back with the log that it was counted from.

A program `docker` stands in for the engine: it runs tar, Python and PostgreSQL's programs on this machine.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from borrowers import draw, make_requests, make_subject
from logged import Log
from postgres_server import find_programs

from monitor.log.opening import open_log
from monitor.running import Run
from relay.handoff.settings import ROOT
from relay.monitoring.opening import open_store
from relay.monitoring.store import State, Window
from services.backup import databases, volumes
from services.backup.archive import check_archive
from services.backup.contents import describe_part
from services.backup.project import Project

NOW = 20_000.0
VOLUME = "serve-data"

DOCKER = """#!{python}
import os, pathlib, sys, tempfile
given = sys.argv[1:]
if given[0] == "compose":
    words = given[given.index("postgres", 4) + 1:]
    users = ["relay" if before == "-U" and word == "postgres" else word for before, word in zip(["", *words], words)]
    os.execvp(words[0], users)
mounts = [given[place + 1].split(":")[:2] for place, word in enumerate(given) if word == "--volume"]
[program] = [word.removeprefix("--entrypoint=") for word in given if word.startswith("--entrypoint=")]
words = given[given.index("image") + 1:]
volumes = tempfile.mkdtemp()
for host, inside in mounts:
    if inside.startswith("/volumes/"):
        os.symlink(host, volumes + inside.removeprefix("/volumes"))
    else:
        words = [word.replace("/volume", host) for word in words]
words = [word.replace("/volumes", volumes) for word in words]
os.execvp("python3" if program == "python" else program, [program, *words])
"""


@contextmanager
def engine(log: Log, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Docker on the path, with PostgreSQL's programs and where its server is."""
    folder.mkdir()
    (folder / "docker").write_text(DOCKER.format(python=sys.executable))
    (folder / "docker").chmod(0o755)
    path = [str(folder), *([str(find_programs())] if log.url else []), os.environ["PATH"]]
    with patch.context() as context:
        context.setenv("PATH", os.pathsep.join(path))
        context.setenv("PGHOST", "127.0.0.1")
        context.setenv("PGPORT", str(urlsplit(log.url).port or ""))
        yield


def back_up(log: Log, folder: Path) -> None:
    """As `services.backup` copies the volume, or the database."""
    folder.mkdir()
    if log.url:
        databases.dump_database(log.url.rpartition("/")[2], folder / "relay.dump")
        return
    volumes.pack(Project("relay", {VOLUME: str(log.folder)}, "image"), VOLUME, folder / "volume.tar")
    check_archive(folder / "volume.tar")


def restore(log: Log, folder: Path) -> None:
    """As it puts a copy back."""
    if log.url:
        name = log.url.rpartition("/")[2]
        # Tables of the tests belong to the superuser; in compose they do not, and a restore has no such rights.
        parts = [describe_part(folder / "relay.dump", "database", name, "relay")]
        databases.fill_databases(parts, folder, is_trusted=True)
        databases.swap_databases([name])
        return
    project = Project("relay", {VOLUME: str(log.folder)}, "image")
    volumes.clear(project, [VOLUME])
    volumes.unpack(project, VOLUME, folder / "volume.tar")
    volumes.swap(project, [VOLUME])


def count(log: Log) -> int:
    """A run of the monitor; gives the records that it has counted so far."""
    with open_log(log.folder, log.url) as reader, open_store(log.folder, log.url) as store:
        return Run(make_subject(look_rows=50), reader, store, NOW).work().report.rows.counted


def read(log: Log) -> tuple[State | None, list[Window]]:
    """What the monitor knows."""
    with open_store(log.folder, log.url, is_reader=True) as store:
        return store.read_state("credit", "3"), store.list_windows("credit")


def test_a_backup_holds_the_monitor_and_a_restore_brings_it_back(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = make_requests(draw(600, 5))
    log.write(requests[:250])
    assert count(log) == 250
    before = read(log)
    with engine(log, tmp_path / "bin", monkeypatch):
        # A program that has the store open: in SQLite, what it committed last is in the file beside it.
        with open_store(log.folder, log.url) as store:
            store.note_run("credit", NOW)
            back_up(log, tmp_path / "copy")
        log.write(requests[250:400])
        assert count(log) == 400
        restore(log, tmp_path / "copy")
    assert read(log) == before
    with open_store(log.folder, log.url, is_reader=True) as store:
        assert store.find_run("credit") == NOW
    log.write(requests[250:])
    assert count(log) == 600


def test_the_store_lies_in_a_volume_that_is_copied() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    monitor = compose["services"]["monitor"]
    assert f"{VOLUME}:{monitor['environment']['SERVE_DIR']}" in monitor["volumes"]
    assert not (compose["volumes"][VOLUME] or {}).get("external")
