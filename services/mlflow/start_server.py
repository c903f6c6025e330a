"""Make the database where there is none, then become the server.

The server would make its tables in the file itself, in dozens of steps of which SQLite undoes none: killed between two
of them, it leaves a file with which it never starts again. So the file is made under another name and renamed when it
is whole. PostgreSQL undoes such steps, and is left to the server.
"""

import os
from pathlib import Path

SQLITE = "sqlite:///"
ARTIFACTS = "mlflow-artifacts:/"
"""Where the first experiment keeps its files: with the server, as every later one does."""


def main() -> None:
    """Become the server, with a database that is whole."""
    address = os.environ["MLFLOW_BACKEND_STORE_URI"]
    if address.startswith(SQLITE):
        path = Path(address.removeprefix(SQLITE))
        if not path.exists():
            create_database(path)
    os.execvp("mlflow", ["mlflow", "server"])  # noqa: S606, S607 - the image's own program


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
    main()
