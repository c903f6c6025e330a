"""The databases of PostgreSQL, dumped and put back by its own programs in its own container."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.backup.contents import BackupError, Part
from services.backup.project import ask
from services.backup.roles import Role, parse_roles, quote, quote_text, unquote

COMING, GOING = ".relay-coming", ".relay-going"
"""Ends of names: of a database that is being filled, and of the one that it replaces, until that is dropped."""

RESTORER, RESTORER_SECONDS = "relay_restore", 3600
"""The role that fills a database, and how long its password can be used."""

# The variable decides which passwords the compose file hands out, and is therefore compose's own.
SETUP = ("env", "USE_POSTGRES=true", "docker", "compose", "--profile", "postgres", "run", "--rm", "-T", "--no-deps")

PASSING = f"(datname like '%{COMING}' or datname like '%{GOING}')"
FIND = f"""
select coalesce(json_object_agg(datname, datdba::regrole order by datname), '{{}}')
from pg_database where not datistemplate and datname <> 'postgres' and not {PASSING}"""  # noqa: S608 - our own names

FIND_ROLES = """
select coalesce(json_agg(rolname order by rolname), '[]') from pg_roles one
where rolname !~ '^pg_' and rolname <> {restorer}
and not exists (select from pg_roles other where pg_has_role(one.oid, other.oid, 'member') and (
    other.rolsuper or other.rolcreaterole or other.rolreplication or other.rolbypassrls
    or other.rolname ~ '^pg_' and other.rolname <> 'pg_database_owner'))
and not exists (select from pg_database where datname not in ({filled}, {replaced})
    and pg_has_role(one.oid, datdba, 'member'))"""
"""The roles for which the one that fills a database may act: without power over the server or over other databases."""

UNTRUSTED = (
    "is put back by a role without the rights of a superuser. If it needs them, and you trust this backup because you "
    "made it and no one else could write to it, add TRUSTED=1 to make restore."
)


def run_program(*words: str, password: str = "", read: "Path | None" = None, write: "Path | None" = None) -> str:
    """What one of PostgreSQL's programs says, run in its container; the password is for the network."""
    given = ("-e", f"PGPASSWORD={password}") if password else ()
    compose = ("docker", "compose", "--profile", "postgres", "exec", "-T")
    return ask(*compose, *given, "postgres", *words, read=read, write=write)


def tell(statement: str, database: str = "postgres") -> str:
    """What the server answers to a statement of the superuser."""
    psql = ("psql", "--no-psqlrc", "-qAtX", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", name_database(database))
    return run_program(*psql, "-c", statement)


def name_database(name: str) -> str:
    """A database as an argument of PostgreSQL's programs, which take `host=…` or a URL there too."""
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"dbname='{escaped}'"


def find_databases() -> "dict[str, str]":
    """Database -> its owner, as SQL writes it, of all but the superuser's own."""
    found: dict[str, str] = json.loads(tell(FIND))
    return found


def dump_database(name: str, path: Path) -> None:
    """Write a database to a file, as it is at one moment."""
    # A lock that is held for so long is held by a container that stands still; waiting would never end.
    options = ("-U", "postgres", "-Fc", "--lock-wait-timeout=60s", "-d", name_database(name))
    run_program("pg_dump", *options, write=path)


def dump_roles(path: Path) -> None:
    """Write the roles with their rights, and their passwords as PostgreSQL keeps them, to a file."""
    run_program("pg_dumpall", "-U", "postgres", "--roles-only", "--no-comments", write=path)


def read_roles(path: Path) -> "dict[str, Role]":
    """Name -> role, of all in a file of roles.

    Raises:
        BackupError: it is not what a backup writes.
    """
    try:
        return parse_roles(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BackupError(f"{path} is no text in UTF-8; nothing is put back") from None


def add_roles(path: Path) -> None:
    """Make the roles that are not there; those that are stay as they are.

    Raises:
        BackupError: one would have rights that a backup does not give.
    """
    there: list[str] = json.loads(tell("select json_agg(rolname) from pg_roles"))
    wanted = [role for role in read_roles(path).values() if role.name not in there]
    for statement in [statement for role in wanted for statement in role.statements()]:
        tell(statement)


def run_setup() -> None:
    """Bring roles, passwords and rights to what compose has, in databases whose names were just taken too."""
    ask(*SETUP, "postgres-setup")


def fill_databases(parts: "list[Part]", folder: Path, *, is_trusted: bool = False) -> None:
    """Fill each database under a name of its own, all of it or none.

    A dump is a program. It runs as a role that may act for those that can own something in this database, and for no
    other; as the superuser only where the user trusts the dump.
    """
    clear_databases()
    for part in parts:
        name, owner = part.of + COMING, quote(unquote(part.owner))
        tell(f"create database {quote(name)} owner {owner} template template0")
        restore = ("pg_restore", "--exit-on-error", "--single-transaction", "-d", name_database(name))
        if is_trusted:
            run_program(*restore, "-U", "postgres", read=folder / part.file)
        else:
            fill_as_restorer(part, restore, folder / part.file)


def fill_as_restorer(part: Part, restore: "tuple[str, ...]", path: Path) -> None:
    """Fill a database as a role without power over anything else.

    Raises:
        BackupError: the dump does not go in; the next `clear_databases` removes what it left.
    """
    with restoring_role(part) as password:
        try:
            # Over the network interface: through the socket, the server knows the superuser alone.
            run_program(*restore, "-h", "127.0.0.1", "-U", RESTORER, password=password, read=path)
        except BackupError as error:
            raise BackupError(f"{error}\n{path.name} {UNTRUSTED}") from None


@contextmanager
def restoring_role(part: Part) -> "Iterator[str]":
    """The password of a role that may fill a database, and that is gone once it is filled."""
    password, filled = secrets.token_urlsafe(24), part.of + COMING
    until = time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime(time.time() + RESTORER_SECONDS))
    tell(f"create role {RESTORER} login password {quote_text(password)} valid until '{until}'")
    names = {"restorer": RESTORER, "filled": filled, "replaced": part.of}
    roles: list[str] = json.loads(tell(FIND_ROLES.format(**{key: quote_text(name) for key, name in names.items()})))
    for role in roles:
        tell(f"grant {quote(role)} to {RESTORER}")
    tell(f"grant create, temporary on database {quote(filled)} to {RESTORER}")
    yield password
    # What was not given to a role of the dump belongs to the owner of all.
    tell(f"reassign owned by {RESTORER} to {quote(unquote(part.owner))}", filled)
    tell(f"drop owned by {RESTORER}", filled)
    tell(f"drop role {RESTORER}")


def swap_databases(names: "list[str]") -> None:
    """Let the filled databases take the places of the others, all in one transaction; then drop those."""
    there = find_databases()
    statements = ["begin"]
    for name in names:
        if name in there:
            statements.append(f"alter database {quote(name)} rename to {quote(name + GOING)}")
        statements.append(f"alter database {quote(name + COMING)} rename to {quote(name)}")
    tell("; ".join([*statements, "commit"]))
    clear_databases()


def clear_databases() -> None:
    """Drop the databases that are on their way in or out, and the role that fills them."""
    found: list[str] = json.loads(tell(f"select coalesce(json_agg(datname), '[]') from pg_database where {PASSING}"))  # noqa: S608
    for name in found:
        tell(f"drop database {quote(name)} with (force)")
    tell(f"drop role if exists {RESTORER}")
