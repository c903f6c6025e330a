"""The set-up of the database, run by psql on a real server: roles, passwords, databases, schemas, rights."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest
from patience import HANG_SECONDS

sys.path.append(str(Path(__file__).resolve().parents[1]))

from postgres_server import PostgresServer, find_programs, run_server

from relay.monitoring.opening import open_store
from relay.monitoring.statements import LOCK as OF_THE_MONITOR
from relay.monitoring.store import Change, State
from serve.log.postgres_tables import SCHEMA, bring_to_version

pytestmark = pytest.mark.postgres

SETUP = Path(__file__).parents[2] / "services" / "postgres" / "setup.sql"
ROLES = {
    "postgres": "postgres_password",
    "mlflow": "mlflow_database_password",
    "relay": "relay_database_password",
    "relay_api": "api_database_password",
    "relay_monitor": "monitor_database_password",
    "airflow": "airflow_database_password",
}
FIRST = {
    "postgres": "postgres",
    "mlflow": "mlflow",
    **dict.fromkeys(("relay", "relay_api", "relay_monitor"), "relay"),
    "airflow": "airflow",
}
LOCK = 7205759404


class Server(PostgresServer):
    """One that asks for passwords over the network, as the one in compose does."""

    superuser = "postgres"
    auth = ("--auth-host=scram-sha-256", "--auth-local=trust")

    def set_up(self, passwords: Path, use_postgres: str | None = "true", *options: str) -> "subprocess.Popen[str]":
        """psql at work on the file, through the socket."""
        environment = {**os.environ} | ({} if use_postgres is None else {"USE_POSTGRES": use_postgres})
        command = ["psql", "--no-psqlrc", "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-d", "postgres"]
        return subprocess.Popen(
            [*command, "-v", f"passwords={passwords}", *options, "-f", SETUP],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, statement: str, role: str = "postgres", password: str = "", database: str = "relay") -> list[tuple]:
        """The rows of a statement; without a password through the socket."""

        async def ask() -> list[tuple]:
            host = "127.0.0.1" if password else str(self.folder)
            connection = await asyncpg.connect(
                host=host, port=self.port, user=role, password=password or None, database=database
            )
            try:
                return [tuple(row) for row in await connection.fetch(statement)]
            finally:
                await connection.close()

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A running one, of which nothing is known but the superuser."""
    programs = find_programs()
    if programs is None or shutil.which("psql") is None:
        pytest.skip("needs the programs of a PostgreSQL server: apt install postgresql")
    with run_server(Server, programs, "fsync=off", "log_statement=all") as server:
        yield server


@pytest.fixture
def passwords(tmp_path: Path) -> dict[str, str]:
    """Role -> its password, in the files; with what SQL, a shell and psql would take for something else."""
    found = {role: f"of {role} 'x' \\ $HOME `id` :relay \"é" for role in ROLES}
    for role, name in ROLES.items():
        (tmp_path / name).write_text(f"{found[role]}\n", encoding="utf-8")
    return found


def finish(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code and what it said."""
    said, wrong = process.communicate(timeout=HANG_SECONDS)
    return process.returncode, said + wrong


def describe(server: Server) -> list[list[tuple]]:
    """All that the set-up decides, without passwords."""
    return [
        server.ask("select rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole from pg_roles order by 1"),
        server.ask("select datname, datdba::regrole::text, datacl::text from pg_database order by 1"),
        server.ask("select nspname, nspowner::regrole::text, nspacl::text from pg_namespace order by 1"),
        server.ask(
            "select defaclrole::regrole::text, defaclobjtype, defaclacl::text from pg_default_acl order by 1, 3"
        ),
        server.ask("select setrole::regrole::text, setconfig from pg_db_role_setting order by 1"),
    ]


def test_the_set_up_on_a_new_server_and_again_gives_the_same(
    server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    ready = "Databases mlflow, relay and airflow are ready, with their roles\n"
    assert finish(server.set_up(tmp_path)) == (0, ready)
    first = describe(server)
    assert finish(server.set_up(tmp_path)) == (0, ready)
    assert describe(server) == first
    assert {name for (name,) in server.ask("select datname from pg_database where not datistemplate")} == {
        "postgres",
        "mlflow",
        "relay",
        "airflow",
    }


def test_two_at_once_both_succeed(server: Server, passwords: dict[str, str], tmp_path: Path) -> None:
    for name in ("mlflow", "airflow", "relay"):
        server.ask(f"drop database if exists {name}", database="postgres")
    at_once = [server.set_up(tmp_path) for _ in range(4)]
    assert [finish(process)[0] for process in at_once] == [0, 0, 0, 0]


@pytest.mark.parametrize("milliseconds", [30, 60, 90, 120, 150, 200])
def test_one_that_is_killed_is_mended_by_the_next(
    milliseconds: int, server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    for name in ("mlflow", "airflow", "relay"):
        server.ask(f"drop database if exists {name} with (force)", database="postgres")
    process = server.set_up(tmp_path)
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert finish(server.set_up(tmp_path))[0] == 0
    assert server.ask("select nspowner::regrole::text from pg_namespace where nspname = 'processed'") == [("relay",)]


def test_every_role_connects_to_its_own_database_alone(
    server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    assert finish(server.set_up(tmp_path))[0] == 0
    allowed = []
    for role in FIRST.keys() - {"postgres"}:
        for database in ("postgres", "template1", "mlflow", "relay", "airflow"):
            try:
                server.ask("select 1", role, passwords[role], database)
            except asyncpg.InsufficientPrivilegeError:
                continue
            allowed.append((role, database))
    assert sorted(allowed) == [
        ("airflow", "airflow"),
        ("mlflow", "mlflow"),
        ("relay", "relay"),
        ("relay_api", "relay"),
        ("relay_monitor", "relay"),
    ]


def test_a_password_that_is_changed_is_the_one_that_counts(
    server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    assert finish(server.set_up(tmp_path))[0] == 0
    for role, name in ROLES.items():
        (tmp_path / name).write_text("another one\n")
        assert server.ask("select 1", role, passwords[role], FIRST[role]) == [(1,)]
    assert finish(server.set_up(tmp_path))[0] == 0
    for role in ROLES:
        assert server.ask("select 1", role, "another one", FIRST[role]) == [(1,)]
        with pytest.raises(asyncpg.InvalidPasswordError):
            server.ask("select 1", role, passwords[role], FIRST[role])


def test_the_superuser_of_another_server_may_keep_the_password(
    server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    read = "select rolpassword from pg_authid where rolname = 'postgres'"
    assert finish(server.set_up(tmp_path))[0] == 0
    before = server.ask(read)
    assert finish(server.set_up(tmp_path, "true", "-v", "keep_superuser=1"))[0] == 0
    assert server.ask(read) == before
    # A new one has another salt, even of the same password.
    assert finish(server.set_up(tmp_path))[0] == 0
    assert server.ask(read) != before


def test_no_password_reaches_the_log_of_the_server(server: Server, passwords: dict[str, str], tmp_path: Path) -> None:
    assert finish(server.set_up(tmp_path))[0] == 0
    log = (server.folder / "output").read_text(encoding="utf-8")
    assert ("of relay" in log, "another one" in log) == (False, False)
    # The log does hold statements.
    assert "select datname from pg_database" in log


def test_the_stages_publish_and_the_api_reads_and_neither_does_more(
    server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    server.ask("drop schema if exists processed cascade", database="relay")
    assert finish(server.set_up(tmp_path))[0] == 0
    stage, api = ("relay", passwords["relay"]), ("relay_api", passwords["relay_api"])
    server.ask('create table processed."linear_data" as select 1 as x', *stage)
    server.ask('create table raw."linear_data" as select 2 as x', *stage)
    server.ask("create temporary table kept as select 1", *stage)
    assert server.ask("select x from linear_data", *stage) == [(1,)]
    assert server.ask("select x from linear_data", *api) == [(1,)]
    # One that is published anew comes with the same rights, and so does one from before the set-up.
    server.ask("drop table processed.linear_data", *stage)
    server.ask("create table processed.linear_data as select 3 as x", *stage)
    assert finish(server.set_up(tmp_path))[0] == 0
    assert server.ask("select x from linear_data", *api) == [(3,)]
    for statement in (
        "insert into processed.linear_data values (1)",
        "drop table raw.linear_data",
        "create table processed.another ()",
        "create table relay.another ()",
        "create table public.another ()",
        "create schema another",
        "create temporary table another ()",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            server.ask(statement, *api)
    for statement in ("create schema another", f"create table {SCHEMA}.another ()", "create role another"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            server.ask(statement, *stage)


def test_the_api_makes_its_tables_with_its_own_rights(
    server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    assert finish(server.set_up(tmp_path))[0] == 0

    async def make_tables() -> None:
        connection = await asyncpg.connect(
            f"postgresql://relay_api:{quote(passwords['relay_api'], safe='')}@127.0.0.1:{server.port}/relay"
        )
        try:
            await bring_to_version(connection, "relay")
        finally:
            await connection.close()

    asyncio.run(make_tables())
    api = ("relay_api", passwords["relay_api"])
    assert server.ask(f"select count(*) from {SCHEMA}.predictions", *api) == [(0,)]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        server.ask(f"select count(*) from {SCHEMA}.predictions", "relay", passwords["relay"])


def test_the_monitor_reads_the_log_and_the_api_adds_to_what_it_found_but_changes_none_of_it(
    server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    assert finish(server.set_up(tmp_path))[0] == 0
    monitor, api = ("relay_monitor", passwords["relay_monitor"]), ("relay_api", passwords["relay_api"])
    server.ask(f"create table {SCHEMA}.asked as select 1 as x", *api)
    url = f"postgresql://relay_monitor:{quote(passwords['relay_monitor'], safe='')}@127.0.0.1:{server.port}/relay"
    with open_store(tmp_path, url) as store:
        store.commit(Change(State("credit", "3", 0, b"{}")))
    assert server.ask(f"select x from {SCHEMA}.asked", *monitor) == [(1,)]
    event = "('credit', '3', 0, 'acted', 'Ada', 'seen', '{}')"
    server.ask(f"insert into monitor.events (model, version, at_unix, kind, who, what, data) values {event}", *api)
    assert server.ask("select revision from monitor.state", *api) == [(1,)]
    for statement, who in (
        ("update monitor.state set revision = 7", api),
        ("update monitor.windows set report = ''", api),
        ("create table monitor.another ()", api),
        (f"insert into {SCHEMA}.asked values (2)", monitor),
        (f"create table {SCHEMA}.another ()", monitor),
        ("create table public.another ()", monitor),
        ("select * from monitor.state", ("relay", passwords["relay"])),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            server.ask(statement, *who)
    assert server.ask("select what from monitor.events", *monitor) == [("seen",)]


@pytest.mark.parametrize("use_postgres", ["", "false", None])
def test_a_database_that_nobody_would_use_is_told(
    use_postgres: str | None, server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    code, said = finish(server.set_up(tmp_path, use_postgres))
    assert (code, "add USE_POSTGRES=true to .env" in said, "make dev-postgres" in said) == (3, True, True)


@pytest.mark.parametrize("content", ["", None])
def test_a_password_that_is_missing_sets_nothing_up(
    content: str | None, server: Server, passwords: dict[str, str], tmp_path: Path
) -> None:
    before = server.ask("select rolname, rolpassword from pg_authid order by 1")
    file = tmp_path / ROLES["airflow"]
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    code, said = finish(server.set_up(tmp_path))
    assert (code, "make .env" in said, passwords["relay"] in said) == (3, True, False)
    assert server.ask("select rolname, rolpassword from pg_authid order by 1") == before


def test_the_locks_of_set_up_prediction_log_and_monitor_differ() -> None:
    from serve.log.postgres_tables import LOCK as OF_THE_LOG

    assert (SETUP.read_text().count(f"({LOCK})"), LOCK in (OF_THE_LOG, OF_THE_MONITOR)) == (2, False)
    assert OF_THE_LOG != OF_THE_MONITOR
