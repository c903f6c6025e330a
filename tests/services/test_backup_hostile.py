"""A backup that others could write to: what it says is refused before anything is touched, or has no power."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_server import find_programs, postgres_server  # noqa: F401

from services.backup import databases
from services.backup.archive import check_archive, stays_below
from services.backup.contents import LIST, BackupError, describe_part, hash_body, write_list
from services.backup.roles import parse_roles, quote, unquote

ROOT = Path(__file__).parents[2]
VERIFIER = "SCRAM-SHA-256$4096:nhOCaj8kLJOJh0E2w8WsAw==$FmO8gFlo=:6cnCY2/hK3+/bb="
ROLES = f"""--
-- PostgreSQL database cluster dump
--

\\restrict MOKWRk5Lm8TJz9c7oDyg93vI0ru5EECKwz5p152Ro9mtcE9Y

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE "My Role";
ALTER ROLE "My Role" WITH NOSUPERUSER INHERIT NOCREATEROLE CREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 3 PASSWORD '{VERIFIER}' VALID UNTIL '2030-01-01 00:00:00+00';
CREATE ROLE mlflow;
ALTER ROLE mlflow WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS PASSWORD '{VERIFIER}';
COMMENT ON ROLE mlflow IS 'it''s
two lines';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS PASSWORD '{VERIFIER}';

--
-- User Config "mlflow"
--

ALTER ROLE mlflow SET search_path TO 'a', 'B c';


--
-- Role memberships
--

GRANT mlflow TO "My Role" WITH INHERIT TRUE GRANTED BY postgres;

\\unrestrict MOKWRk5Lm8TJz9c7oDyg93vI0ru5EECKwz5p152Ro9mtcE9Y
"""  # noqa: E501 - as pg_dumpall writes it

LINES = (
    r"\! touch /tmp/evil",
    r"\copy t from program 'id'",
    r"\o | sh",
    r"\restrict x; \! id",
    "COPY t FROM PROGRAM 'touch /tmp/evil';",
    "CREATE ROLE evil SUPERUSER;",
    "CREATE ROLE evil; ALTER ROLE mlflow WITH SUPERUSER;",
    "CREATE ROLE evil;ALTER ROLE mlflow SUPERUSER;",
    "CREATE ROLE evil; \\! id",
    "ALTER ROLE mlflow SUPERUSER;",
    "ALTER ROLE mlflow WITH SUPERUSER; DROP DATABASE relay;",
    "ALTER ROLE mlflow WITH LOGIN PASSWORD 'x'; DROP DATABASE relay;--';",
    "ALTER ROLE mlflow WITH LOGIN PASSWORD 'plain';",
    "ALTER ROLE mlflow SET search_path TO a; DROP DATABASE relay;",
    "ALTER ROLE mlflow SET search_path TO 'a\\'; DROP DATABASE relay; --';",
    "ALTER ROLE mlflow SET session_preload_libraries TO evil;",
    'CREATE ROLE "a"; DROP DATABASE relay; --";',
    'CREATE ROLE "a\tb";',
    "CREATE ROLE Größe;",
    "GRANT postgres TO mlflow; DROP DATABASE relay;",
    "COMMENT ON ROLE mlflow IS 'x'; DROP DATABASE relay; --';",
    "DO $$ begin execute 'alter role mlflow superuser'; end $$;",
    "SET session_authorization = mlflow;",
    "-- a comment\rALTER ROLE mlflow SUPERUSER;\x00",
    "GRANT",
    "'",
)
OWNERS = (
    'x"; drop database relay; --',
    "x; drop database relay",
    "postgres template0",
    '"a',
    'a"b',
    "",
    "A",
    "a\n",
    "ä",
)
NAMES = ("postgres", "template1", "", "a\nb", "\x1b[2J", "x.relay-coming", "n" * 60, "\ud800", "a\x00b")
FILES = ("../a.tar", "/etc/passwd", "..", "", "a/b.tar", "a.tar\n", "-x.tar", ".tar", "a.sh")


def make_tar(
    path: Path, *members: "tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]", kind: int = tarfile.GNU_FORMAT
) -> None:
    """A tar file of these members."""
    with tarfile.open(path, "w", format=kind) as archive:
        for member in members:
            info, content = member if isinstance(member, tuple) else (member, b"")
            archive.addfile(info, io.BytesIO(content))


def describe(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", **more: Any) -> tarfile.TarInfo:
    """A member of a tar file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    for key, value in more.items():
        setattr(info, key, value)
    return info


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A backup that is whole and sound."""
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "roles.sql").write_text(ROLES)
    (folder / "relay.dump").write_bytes(b"PGDMP")
    root, file = describe(".", tarfile.DIRTYPE, mode=0o755), describe("./a", size=3)
    make_tar(folder / "mlflow-data.tar", root, (file, b"abc"))
    seal(folder)
    return folder


def seal(folder: Path, **changed: Any) -> None:
    """Write the list of what is there, with a sound digest, as anyone who can write to a backup can."""
    parts = [
        describe_part(folder / "mlflow-data.tar", "volume", "mlflow-data"),
        describe_part(folder / "relay.dump", "database", "relay", "relay"),
        describe_part(folder / "roles.sql", "roles", "postgres"),
    ]
    write_list(folder, "2026-11-20T10-00-00Z", parts)
    body = json.loads((folder / LIST).read_text())
    del body["sha256"]
    for key, value in changed.items():
        body["parts"][1][key] = value
    (folder / LIST).write_text(json.dumps(body | {"sha256": hash_body(body)}))


def restore(folder: Path) -> str:
    """What `make restore` says, which must end before it asks Docker for anything."""
    command = [sys.executable, "-m", "services.backup", "restore", str(folder), "--yes"]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    return done.stderr


def test_a_sound_backup_passes_all_checks(copy: Path) -> None:
    assert restore(copy) == "docker is not installed, or not on the path\n"


def test_roles_are_told_in_statements_of_our_own() -> None:
    roles = parse_roles(ROLES)
    assert list(roles) == ["My Role", "mlflow", "postgres"]
    assert roles["mlflow"].statements() == [
        'create role "mlflow" with NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS '
        f"password '{VERIFIER}'",
        "alter role \"mlflow\" set search_path to 'a', 'B c'",
    ]
    assert roles["My Role"].statements()[0].startswith('create role "My Role" with NOSUPERUSER INHERIT')
    assert roles["My Role"].statements()[0].endswith("valid until '2030-01-01 00:00:00+00'")


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_no_backup_writes_is_refused(line: str) -> None:
    before, after = ROLES.split("CREATE ROLE mlflow;\n")
    with pytest.raises(BackupError, match=r"roles\.sql, line \d+: .* is no statement that a backup writes"):
        parse_roles(f"{before}{line}\n{after}")


def test_the_command_refuses_such_a_line_before_anything_is_stopped(copy: Path) -> None:
    (copy / "roles.sql").write_text(ROLES + "\\! touch /tmp/evil\n")
    seal(copy)
    assert "line 39: '\\\\! touch /tmp/evil' is no statement" in restore(copy)
    (copy / "roles.sql").write_bytes(b"\xff")
    seal(copy)
    assert "roles.sql is no text in UTF-8" in restore(copy)


@pytest.mark.parametrize(
    "line",
    [
        "ALTER ROLE evil WITH SUPERUSER INHERIT;",
        "ALTER ROLE evil WITH CREATEROLE;",
        "ALTER ROLE evil WITH NOSUPERUSER REPLICATION;",
        "ALTER ROLE evil WITH BYPASSRLS LOGIN;",
        "ALTER ROLE evil SET session_preload_libraries TO 'evil';",
        "ALTER ROLE evil SET role TO 'postgres';",
    ],
)
def test_no_role_comes_with_power(line: str) -> None:
    [role] = parse_roles(f"CREATE ROLE evil;\n{line}\n").values()
    with pytest.raises(BackupError, match="which a restore does not give: create the role yourself"):
        role.statements()


@pytest.mark.parametrize("owner", OWNERS)
def test_an_owner_is_a_name_or_nothing_is_put_back(owner: str, copy: Path) -> None:
    seal(copy, owner=owner)
    assert "nothing is put back" in restore(copy)


@pytest.mark.parametrize(("key", "value"), [
    *[("of", name) for name in NAMES],
    *[("file", name) for name in FILES],
    ("file", "mlflow-data.tar"), ("kind", "program"), ("kind", ["volume"]), ("size", 5.0), ("owner", None),
])  # fmt: skip
def test_a_list_with_other_names_is_refused(key: str, value: Any, copy: Path) -> None:
    seal(copy, **{key: value})
    assert "nothing is put back" in restore(copy)


def test_a_list_without_end_is_damaged(copy: Path) -> None:
    (copy / LIST).write_text("[" * 100_000)
    assert "is damaged" in restore(copy)
    with (copy / LIST).open("ab") as file:
        file.truncate(1 << 40)
    assert "is damaged" in restore(copy)


def test_a_link_in_the_place_of_a_file_is_not_followed(copy: Path, tmp_path: Path) -> None:
    (copy / "relay.dump").rename(tmp_path / "elsewhere")
    (copy / "relay.dump").symlink_to(tmp_path / "elsewhere")
    assert "relay.dump is missing" in restore(copy)


MEMBERS: dict[str, tuple[list[tarfile.TarInfo], str]] = {
    "an absolute path": ([describe("/etc/cron.d/evil")], "leads out"),
    "a step up": ([describe("../evil")], "leads out"),
    "a step up inside": ([describe("./a/../../evil")], "leads out"),
    "no ./": ([describe("evil")], "leads out"),
    "an empty part": ([describe(".//evil")], "leads out"),
    "a folder of the restore": ([describe("./.relay-going/evil")], "leads out"),
    "a link to a file of the system": ([describe("./a", tarfile.SYMTYPE, "/etc/shadow")], "outside"),
    "a link up": ([describe("./a", tarfile.SYMTYPE, "..")], "outside"),
    "a link up from a folder": ([describe("./d/a", tarfile.SYMTYPE, "../../b")], "outside"),
    "a link down and up": ([describe("./d/a", tarfile.SYMTYPE, "b/../../..")], "outside"),
    "an empty link": ([describe("./a", tarfile.SYMTYPE, "")], "outside"),
    "a hard link to a file of the system": ([describe("./a", tarfile.LNKTYPE, "/etc/shadow")], "outside"),
    "a hard link up": ([describe("./a", tarfile.LNKTYPE, "./../x")], "outside"),
    "a file behind a link": ([describe("./l", tarfile.SYMTYPE, "d"), describe("./l/evil")], "behind a link"),
    "a file in the place of a link": ([describe("./l", tarfile.SYMTYPE, "d"), describe("./l")], "behind a link"),
    "a device": ([describe("./sda", tarfile.BLKTYPE, devmajor=8)], "kind"),
    "a terminal": ([describe("./tty", tarfile.CHRTYPE, devmajor=5)], "kind"),
    "a pipe": ([describe("./pipe", tarfile.FIFOTYPE)], "kind"),
    "a program of root": ([describe("./sh", mode=0o4755)], "rights of its owner"),
    "a program of a group": ([describe("./sh", mode=0o2755)], "rights of its owner"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_that_no_backup_has_is_refused(name: str, tmp_path: Path) -> None:
    members, words = MEMBERS[name]
    make_tar(tmp_path / "a.tar", describe(".", tarfile.DIRTYPE, mode=0o755), *members)
    with pytest.raises(BackupError, match=f"{words}.*nothing is put back"):
        check_archive(tmp_path / "a.tar")


def test_the_command_refuses_such_a_member(copy: Path) -> None:
    make_tar(copy / "mlflow-data.tar", describe("../evil"))
    seal(copy)
    assert "'../evil' leads out of the volume" in restore(copy)


def test_other_files_than_tar_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    make_tar(path, (describe("./ä" * 60, size=1), b"x"), kind=tarfile.PAX_FORMAT)
    packed = path.read_bytes()
    for content in (b"of a volume", b"", os.urandom(2000), packed):
        path.write_bytes(content)
        with pytest.raises(BackupError, match="nothing is put back"):
            check_archive(path)
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(describe("./a"))
    with pytest.raises(BackupError, match="no tar file as a backup writes it"):
        check_archive(path)


def test_what_grows_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    with (tmp_path / "files" / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    pack(tmp_path)
    with pytest.raises(BackupError, match="unpacks to 1,099,511,627,776 bytes, more than the limit 1,073,741,824"):
        check_archive(tmp_path / "a.tar")


def test_what_a_backup_packs_passes(tmp_path: Path) -> None:
    files = tmp_path / "files"
    (files / "runs" / "1").mkdir(parents=True)
    (files / "runs" / "1" / ("long name " * 20)).write_text("x")
    (files / "empty").touch()
    os.link(files / "empty", files / "runs" / "same")
    (files / "latest").symlink_to("runs/1")
    (files / "runs" / "1" / "up").symlink_to("../..")
    with (files / "sparse").open("wb") as file:
        file.truncate(1 << 20)
    pack(tmp_path)
    check_archive(tmp_path / "a.tar")


def pack(folder: Path) -> None:
    """The tar file of a folder, with the options of `services/backup/volumes.py`."""
    options = ["--create", "--format=gnu", "--numeric-owner", "--sparse", "-f", folder / "a.tar"]
    subprocess.run(["tar", *options, "-C", folder / "files", "."], check=True)


@pytest.mark.parametrize(
    ("name", "target", "is_below"),
    [
        ("./l", "a/b", True),
        ("./d/l", "..", True),
        ("./d/l", "../..", False),
        ("./d/e/l", "../../a", True),
        ("./l", "./a", True),
        ("./l", "a//b", False),
        ("./l", "a/..", False),
    ],
)
def test_a_link_stays_below_the_volume(name: str, target: str, is_below: bool) -> None:
    assert stays_below(name, target) is is_below


@pytest.mark.parametrize(
    "name", ["a", "my shop", 'a"b', "host=evil", "it's", "back\\slash", "postgresql://evil/x", "-x"]
)
def test_a_name_is_quoted_and_read_back(name: str) -> None:
    assert unquote(quote(name)) == name
    assert databases.name_database(name).startswith("dbname='")


@pytest.fixture
def server(postgres_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:  # noqa: F811
    """A server that the backup's own functions ask, with a superuser `postgres` as in the container."""
    programs = find_programs()
    assert programs is not None

    def run(*words: str, password: str = "", read: Path | None = None, write: Path | None = None) -> str:
        at = {"PGHOST": "127.0.0.1", "PGPORT": str(postgres_server.port), "PGPASSWORD": password}
        environment = os.environ | at
        command = [
            "env",
            *(f"{key}={value}" for key, value in environment.items()),
            str(programs / words[0]),
            *words[1:],
        ]
        return databases.ask(*command, read=read, write=write)

    monkeypatch.setattr(databases, "run_program", run)
    for role in ("postgres superuser", "shop_owner", "shop_reader", "victim"):
        postgres_server.execute(f"create role {role} login")
    postgres_server.execute("create database other owner victim")
    yield postgres_server
    databases.clear_databases()
    for name in ("other", "shop", "odd", "host=evil"):
        postgres_server.execute(f"drop database if exists {quote(name)}")
    for role in ("postgres", "shop_owner", "shop_reader", "victim"):
        postgres_server.execute(f"drop role {role}")


def dump(folder: Path, name: str) -> Any:
    """The part that a backup of a database is."""
    databases.dump_database(name, folder / "one.dump")
    return describe_part(folder / "one.dump", "database", name, databases.find_databases()[name])


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["shop", "host=evil"])
def test_a_database_of_several_owners_is_put_back_without_a_superuser(server: Any, tmp_path: Path, name: str) -> None:
    server.execute(f"create database {quote(name)}")
    owned = (
        "create schema raw authorization shop_owner; create schema log authorization shop_reader; set role shop_owner; "
        "create table raw.t (x int primary key, y text); insert into raw.t values (1, 'a'), (2, 'b'); "
        "grant usage on schema raw to shop_reader; grant select on raw.t to shop_reader; "
        "alter default privileges in schema raw grant select on tables to shop_reader; "
        "reset role; set role shop_reader; create table log.t (x serial)"
    )
    databases.tell(owned, name)
    part = dump(tmp_path, name)
    databases.fill_databases([part], tmp_path)
    databases.swap_databases([name])
    owners = "select string_agg(schemaname || '.' || tablename || ' ' || tableowner, ', ' order by 1) from pg_tables "
    owners += "where schemaname in ('raw', 'log')"
    assert databases.tell(owners, name) == "log.t shop_reader, raw.t shop_owner\n"
    assert (
        databases.tell("select has_table_privilege('shop_reader', 'raw.t', 'select'), count(*) from raw.t", name)
        == "t|2\n"
    )
    assert databases.tell(f"select count(*) from pg_roles where rolname = '{databases.RESTORER}'") == "0\n"


ATTACKS = {
    "the superuser's rights": ("alter role victim superuser", "select rolsuper from pg_roles where rolname = 'victim'"),
    "a program": ("copy (select 1) to program 'cat > {file}'", ""),
    "a file of the server": ("copy (select 1) to '{file}'", ""),
    "another role": ("set role postgres", ""),
    "another database": (
        "alter database other rename to mine",
        "select count(*) = 0 from pg_database where datname = 'other'",
    ),
}


@pytest.mark.postgres
@pytest.mark.parametrize("is_trusted", [False, True])
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_dump_that_is_a_program_has_no_power(server: Any, tmp_path: Path, attack: str, is_trusted: bool) -> None:
    statement, found = ATTACKS[attack]
    folder = server.folder / hashlib.sha256(tmp_path.as_posix().encode()).hexdigest()
    folder.mkdir()
    folder.chmod(0o777)
    statement = statement.format(file=folder / "evil")
    server.execute("create database odd owner shop_owner")
    # The rule of a table is looked at for each row that is put back, with the rights of the role that does it.
    program = (
        "create function public.evil(x int) returns boolean language plpgsql as $$ begin "
        f"if current_database() <> 'odd' then execute {databases.quote_text(statement)}; end if; return true; end $$; "
        "create table public.t (x int check (public.evil(x))); insert into public.t values (1)"
    )
    databases.tell(f"set role shop_owner; {program}", "odd")
    part = dump(tmp_path, "odd")
    try:
        databases.fill_databases([part], tmp_path, is_trusted=is_trusted)
        said = ""
    except BackupError as error:
        said = str(error)
    has_power = (
        databases.tell(found) == "t\n"
        if found
        else (folder / "evil").exists() or (attack == "another role" and not said)
    )
    assert (has_power, "TRUSTED=1" in said) == (is_trusted, not is_trusted), said
    databases.clear_databases()
    databases.tell("alter role victim nosuperuser")
    databases.tell("alter database mine rename to other") if attack == "another database" and is_trusted else None


@pytest.mark.postgres
def test_real_roles_are_read_and_made_again(server: Any, tmp_path: Path) -> None:
    server.execute('create role "Shop\'s ""one""" login password \'a\'\'b\\\' connection limit 3')
    server.execute('alter role "Shop\'s ""one""" set search_path = raw, "B c"')
    server.execute("comment on role victim is 'it''s\ntwo lines; \\! id'")
    find = (
        "select rolcanlogin, rolconnlimit, (select rolpassword from pg_authid where oid = role.oid), rolconfig "
        "from pg_roles role where rolname = 'Shop''s \"one\"'"
    )
    before = databases.tell(find)
    databases.run_program("pg_dumpall", "-U", "postgres", "--roles-only", write=tmp_path / "roles.sql")
    server.execute('drop role "Shop\'s ""one"""')
    databases.add_roles(tmp_path / "roles.sql")
    assert databases.tell(find) == before
    server.execute('drop role "Shop\'s ""one"""')
