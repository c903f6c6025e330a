"""Find the database, make it where it is SQLite and missing, then become the server.

The server would make its tables in the file itself, in dozens of steps of which SQLite undoes none: killed between two
of them, it leaves a file with which it never starts again. So the file is made under another name and renamed when it
is whole. PostgreSQL undoes such steps, and is left to the server.

With the argument `upgrade` it brings the tables to this version of MLflow instead.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

SQLITE = "sqlite:///"
DEFAULT = f"{SQLITE}/var/lib/mlflow/database/mlflow.db"
"""A file needs no server of its own; PostgreSQL is for several writers at once."""
POSTGRES = "postgresql://mlflow@localhost:5432/mlflow"
ARTIFACTS = "mlflow-artifacts:/"
"""Where the first experiment keeps its files: with the server, as every later one does."""


def main(arguments: list[str]) -> None:
    """Become the server, with a database that is whole; or upgrade the database."""
    try:
        address = read_address(os.environ)
    except (ValueError, OSError) as error:
        sys.exit(f"MLflow does not start: {error}")
    if arguments == ["upgrade"]:
        upgrade(address)
        return
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
