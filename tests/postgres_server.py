"""A real PostgreSQL server on loopback, in a folder of its own: stopped, started and broken as a test wants.

Use: `from postgres_server import postgres_server, postgres_url  # noqa: F401` in a conftest.py, then the fixtures by
name: `postgres_url` is the URL of a fresh database, `guarded_url` that of the same one for a role whose password is
asked for, `postgres_server` the server itself. Tests carry the marker `postgres`.
"""

import asyncio
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import asyncpg
import psutil
import pytest
from patience import HANG_SECONDS

NUMBERS = itertools.count(1)
GUARDED = "guarded"
"""The role that is not trusted."""


class PostgresServer:
    """One server and its data; it listens on 127.0.0.1 and in its folder, and trusts everybody there but one role."""

    superuser = "relay"
    auth: tuple[str, ...] = ("--auth=trust",)

    def __init__(self, programs: Path, folder: Path, *settings: str) -> None:
        self.folder, self.data, self.port = folder, folder / "data", find_free_port()
        self._programs, self._settings = programs, settings
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self.account = find_account() if os.getuid() == 0 else None
        self._output = (folder / "output").open("wb")
        if self.account is not None:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        who = (*self.auth, f"--username={self.superuser}")
        self._run("initdb", "--no-sync", *who, "--encoding=UTF8", "--locale=C", self.data)
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"host all {GUARDED} all scram-sha-256\n{rules.read_text()}")

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        listen = ["-c", "listen_addresses=127.0.0.1", "-p", str(self.port), "-k", str(self.folder)]
        more = [word for setting in self._settings for word in ("-c", setting)]
        self._process = self._begin("postgres", "-D", self.data, *listen, *more)
        deadline = time.monotonic() + HANG_SECONDS
        while not self.is_ready():
            assert self._process.poll() is None, (self.folder / "output").read_text()
            assert time.monotonic() < deadline, (self.folder / "output").read_text()
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT breaks the connections, SIGQUIT leaves everything as it is, as a crash would."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(HANG_SECONDS)
            self._process = None

    def kill(self) -> None:
        """kill -9 for all its processes; returns when they are gone."""
        family = [psutil.Process(self.pid), *psutil.Process(self.pid).children()]
        for process in family:  # the parent first, so that it replaces no child
            with suppress(psutil.NoSuchProcess):
                process.kill()
        assert self._process is not None
        self._process.wait(HANG_SECONDS)
        psutil.wait_procs(family, HANG_SECONDS)
        self._process = None

    @property
    def is_running(self) -> bool:
        """Whether it was started and not stopped since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """Of the process that accepts connections."""
        assert self._process is not None
        return self._process.pid

    def is_ready(self) -> bool:
        """Whether it takes connections, by its own word in the file of its process id."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return (
            len(lines) >= 8
            and self._process is not None
            and int(lines[0]) == self._process.pid
            and lines[7].strip() == "ready"
        )

    def url(self, database: str, port: int | None = None) -> str:
        """The URL of a database, as a client writes it."""
        return f"postgresql://{self.superuser}@127.0.0.1:{port or self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> list[asyncpg.Record]:
        """Run a statement on a connection of its own; gives its rows."""

        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.url(database))
            try:
                return await connection.fetch(statement)
            finally:
                await connection.close()

        return asyncio.run(ask())

    def make_database(self) -> str:
        """The name of a new, empty database."""
        name = f"test_{next(NUMBERS)}"
        self.execute(f"create database {name}")
        return name

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop(signal.SIGQUIT)
        self._output.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *command: str | Path) -> None:
        assert self._begin(*command).wait(HANG_SECONDS) == 0, (self.folder / "output").read_text()

    def _begin(self, program: str, *arguments: str | Path) -> "subprocess.Popen[bytes]":
        account = self.account
        who = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
        return subprocess.Popen(
            [self._programs / program, *arguments],
            cwd=self.folder,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C ends the tests, and they end the server
            **who,
        )


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs: on the path, or where Debian puts the newest."""
    found = shutil.which("postgres")
    if found is not None and shutil.which("initdb") is not None:
        return Path(found).resolve().parent
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


def find_account() -> pwd.struct_passwd:
    """Somebody who is not root."""
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


Kind = TypeVar("Kind", bound=PostgresServer)


def find_free_port() -> int:
    """A port on loopback that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def run_server(kind: type[Kind], programs: Path, *settings: str) -> Iterator[Kind]:
    """A running server, gone afterwards."""
    # Not below a folder that is for our own account alone: the server has an account of its own.
    server = kind(programs, Path(tempfile.mkdtemp(prefix="relay-postgres-")), *settings)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running server; a test that stops it starts it again."""
    programs = find_programs()
    if programs is None:
        pytest.skip("needs the programs of a PostgreSQL server: apt install postgresql")
    # What a process has written outlives the process without fsync too, and no test cuts the power.
    with run_server(PostgresServer, programs, "fsync=off") as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a new, empty database, which is dropped afterwards."""
    name = postgres_server.make_database()
    yield postgres_server.url(name)
    postgres_server.execute(f"drop database {name} with (force)")


@pytest.fixture
def guarded_url(postgres_server: PostgresServer, postgres_url: str) -> Iterator[str]:
    """The URL of the same database for a role whose password, `p@ss/word`, the server wants to hear."""
    database = postgres_url.rpartition("/")[2]
    postgres_server.execute(f"create role {GUARDED} login superuser password 'p@ss/word'")
    yield postgres_url.replace(f"{postgres_server.superuser}@", f"{GUARDED}:p%40ss%2Fword@")
    postgres_server.execute(f"reassign owned by {GUARDED} to {postgres_server.superuser}", database)
    postgres_server.execute(f"drop role {GUARDED}")
