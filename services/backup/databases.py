"""The databases of PostgreSQL, dumped and put back by its own programs in its own container."""

import json
from pathlib import Path

from services.backup.contents import Part
from services.backup.project import ask

COMING, GOING = ".relay-coming", ".relay-going"
"""Ends of names: of a database that is being filled, and of the one that it replaces, until that is dropped."""

POSTGRES = ("docker", "compose", "--profile", "postgres", "exec", "-T", "postgres")
PSQL = (*POSTGRES, "psql", "--no-psqlrc", "-qAtX", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres")
# The variable decides which passwords the compose file hands out, and is therefore compose's own.
SETUP = ("env", "USE_POSTGRES=true", "docker", "compose", "--profile", "postgres", "run", "--rm", "-T", "--no-deps")

PASSING = f"(datname like '%{COMING}' or datname like '%{GOING}')"
FIND = f"""
select coalesce(json_object_agg(datname, datdba::regrole order by datname), '{{}}')
from pg_database where not datistemplate and datname <> 'postgres' and not {PASSING}"""  # noqa: S608 - our own names


def find_databases() -> "dict[str, str]":
    """Database -> its owner, of all but the superuser's own."""
    found: dict[str, str] = json.loads(ask(*PSQL, "-c", FIND))
    return found


def dump_database(name: str, path: Path) -> None:
    """Write a database to a file, as it is at one moment."""
    # A lock that is held for so long is held by a container that stands still; waiting would never end.
    ask(*POSTGRES, "pg_dump", "-U", "postgres", "-Fc", "--lock-wait-timeout=60s", "-d", name, write=path)


def dump_roles(path: Path) -> None:
    """Write the roles with their rights, and their passwords as PostgreSQL keeps them, to a file."""
    ask(*POSTGRES, "pg_dumpall", "-U", "postgres", "--roles-only", write=path)


def add_roles(path: Path) -> None:
    """Make the roles that are not there; those that are stay as they are."""
    there = set(ask(*PSQL, "-c", "select quote_ident(rolname) from pg_roles").splitlines())
    statements = path.read_text(encoding="utf-8").splitlines()
    wanted = {line[len("CREATE ROLE ") : -1] for line in statements if line.startswith("CREATE ROLE ")} - there
    chosen = [
        line
        for line in statements
        if any(line.startswith((f"CREATE ROLE {role};", f"ALTER ROLE {role} ")) for role in wanted)
    ]
    for line in chosen:
        ask(*PSQL, "-c", line)


def run_setup() -> None:
    """Bring roles, passwords and rights to what compose has, in databases whose names were just taken too."""
    ask(*SETUP, "postgres-setup")


def fill_databases(parts: "list[Part]", folder: Path) -> None:
    """Fill each database under a name of its own, all of it or none."""
    clear_databases()
    for part in parts:
        name = part.of + COMING
        ask(*PSQL, "-c", f"create database {quote(name)} owner {part.owner} template template0")
        restore = ("pg_restore", "-U", "postgres", "--exit-on-error", "--single-transaction", "-d", name)
        ask(*POSTGRES, *restore, read=folder / part.file)


def swap_databases(names: "list[str]") -> None:
    """Let the filled databases take the places of the others, all in one transaction; then drop those."""
    there = find_databases()
    statements = ["begin"]
    for name in names:
        if name in there:
            statements.append(f"alter database {quote(name)} rename to {quote(name + GOING)}")
        statements.append(f"alter database {quote(name + COMING)} rename to {quote(name)}")
    ask(*PSQL, "-c", "; ".join([*statements, "commit"]))
    clear_databases()


def clear_databases() -> None:
    """Drop the databases that are on their way in or out."""
    found = f"select datname from pg_database where {PASSING}"  # noqa: S608 - our own names
    for name in ask(*PSQL, "-c", found).splitlines():
        ask(*PSQL, "-c", f"drop database {quote(name)} with (force)")


def quote(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
