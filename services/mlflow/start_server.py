"""Find the database, make it where it is SQLite and missing, then become the server.

The server would make its tables in the file itself, in dozens of steps of which SQLite undoes none: killed between two
of them, it leaves a file with which it never starts again. So the file is made under another name and renamed when it
is whole. PostgreSQL undoes such steps, and is left to the server.

A start with another store than the one before is refused: SQLite and PostgreSQL each have a registry of their own.

With the argument `check` it only says whether this store may be used; with `upgrade` it brings the tables to
this version of MLflow.
"""

import os
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

SQLITE = "sqlite:///"
DEFAULT = f"{SQLITE}/var/lib/mlflow/database/mlflow.db"
"""A file needs no server of its own; PostgreSQL is for several writers at once."""
POSTGRES = "postgresql://mlflow@localhost:5432/mlflow"
NOTE = Path("/var/lib/mlflow/database/store")
"""Says which store this volume's registry is in: another one has other models of the same names and numbers."""
ARTIFACTS = "mlflow-artifacts:/"
"""Where the first experiment keeps its files: with the server, as every later one does."""


class StoreChangedError(Exception):
    """The settings name another store than the one that was used before; the message says how to go on."""


def main(arguments: list[str]) -> None:
    """Become the server, with a database that is whole; or upgrade the database."""
    try:
        address = read_address(os.environ)
    except (ValueError, OSError) as error:
        sys.exit(f"MLflow does not start: {error}")
    if arguments == ["upgrade"]:
        upgrade(address)
        return
    note, store = Path(os.environ.get("STORE_NOTE") or NOTE), describe_store(address)
    try:
        check_store(store, note, os.environ.get("STORE_CHANGE", ""))
    except StoreChangedError as error:
        sys.exit(f"MLflow does not start: {error}")
    if arguments == ["check"]:
        return
    keep_store(store, note)
    if address.startswith(SQLITE):
        path = Path(address.removeprefix(SQLITE))
        if not path.exists():
            create_database(path)
    # In the environment, and so in no list of processes.
    os.environ["MLFLOW_BACKEND_STORE_URI"] = address
    os.execvp("mlflow", ["mlflow", "server"])  # noqa: S606, S607 - the image's own program


def read_address(environment: Mapping[str, str]) -> str:
    """The database's address with its password: the one that is named, else PostgreSQL's where it is used, else SQLite.

    Raises:
        ValueError: USE_POSTGRES is neither true nor false.
        OSError: a file that is named cannot be read.
    """
    use = (environment.get("USE_POSTGRES") or "false").lower()
    if use not in ("true", "false"):
        raise ValueError(f"USE_POSTGRES is {use!r}, neither true nor false; correct it in .env")
    address = environment.get("MLFLOW_BACKEND_STORE_URI", "")
    file = environment.get("MLFLOW_BACKEND_STORE_URI_FILE")
    if not address and file:
        address = Path(file).read_text(encoding="utf-8").strip()
    if not address and use == "true":
        address = environment.get("POSTGRES_URL") or POSTGRES
    file = environment.get("DATABASE_PASSWORD_FILE")
    if file and address.startswith("postgresql"):
        address = add_password(address, Path(file).read_text(encoding="utf-8").rstrip("\r\n"))
    return address or DEFAULT


def describe_store(address: str) -> str:
    """Where the tables are, without user and password: SQLite, or a server and a database."""
    if address.startswith(SQLITE):
        return "SQLite" if address == DEFAULT else address
    scheme, _, rest = address.partition("://")
    return f"{scheme.partition('+')[0]}://{rest.rpartition('@')[2].partition('?')[0]}"


def check_store(store: str, note: Path, change: str) -> None:
    """See that the registry is in the store of before.

    An SQLite file in which nothing was registered and no run was tracked may be left without a word.

    Args:
        store: as `describe_store` says.
        note: the file that says which one was used before.
        change: `allow` where another one is meant.

    Raises:
        StoreChangedError: it is another one.
    """
    before = note.read_text(encoding="utf-8").strip() if note.exists() else store
    is_free = change == "allow" or (before == "SQLite" and is_empty(note.with_name("mlflow.db")))
    if before != store and not is_free:
        raise StoreChangedError(
            f"the runs and models of this stack are in {before}, and this start would use {store}, where others have "
            f"the same names. To go on with {before}: {tell_setting(before)}. To leave them there and use {store}: "
            "STORE_CHANGE=allow in .env for one start"
        )


def keep_store(store: str, note: Path) -> None:
    """Note the store of now, unless there is no volume to note it in: without a container."""
    if not note.parent.exists() or (note.exists() and note.read_text(encoding="utf-8").strip() == store):
        return
    part = note.with_name(f"{note.name}.new")
    part.write_text(f"{store}\n", encoding="utf-8")
    synchronise(part)
    part.rename(note)
    synchronise(note.parent)


def tell_setting(store: str) -> str:
    """The lines of .env that choose a store."""
    if store == "SQLite":
        return "USE_POSTGRES= (empty), and COMPOSE_PROFILES without postgres, in .env"
    if store.startswith("postgresql://postgres:"):
        return "USE_POSTGRES=true and COMPOSE_PROFILES=postgres in .env"
    return f"MLFLOW_BACKEND_STORE_URI with {store}, or POSTGRES_SERVER and USE_POSTGRES=true, in .env"


def is_empty(database: Path) -> bool:
    """Whether an SQLite file holds no version of a model and no run; one that cannot be read counts as full."""
    if not database.exists():
        return True
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
            counts = "select (select count(*) from model_versions) + (select count(*) from runs)"
            return bool(connection.execute(counts).fetchone()[0] == 0)
    except sqlite3.Error:
        return False


def add_password(address: str, password: str) -> str:
    """The address with the password, unless it has one, names no user or the password is empty."""
    scheme, mark, rest = address.partition("://")
    user, at, host = rest.partition("/")[0].rpartition("@")
    if not at or ":" in user or not password:
        return address
    return f"{scheme}{mark}{user}:{quote(password, safe='')}@{host}{rest[len(user) + 1 + len(host) :]}"


def upgrade(address: str) -> None:
    """Bring the tables to this version of MLflow."""
    from mlflow.db import commands

    # Called rather than started: the address of a started one would stand in the list of processes.
    commands.main(["upgrade", address], prog_name="mlflow db")


def create_database(path: Path) -> None:
    """Make an SQLite file with the tables of this version of MLflow; a kill leaves all of it or none."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # a second, which a later start saves

    part = path.with_name(f"{path.name}.new")
    for leftover in path.parent.glob(f"{part.name}*"):  # of a start that was killed: the file, and SQLite's journal
        leftover.unlink()
    SqlAlchemyStore(f"{SQLITE}{part}", ARTIFACTS).engine.dispose()
    synchronise(part)
    part.rename(path)
    synchronise(path.parent)


def synchronise(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


if __name__ == "__main__":
    main(sys.argv[1:])
