"""Which store the monitor has: that of the prediction log's kind."""

from pathlib import Path

from relay.monitoring.questions import Store
from relay.monitoring.sqlite import STORE_FILE, SqliteStore


def open_store(folder: Path, database_url: str = "", *, is_reader: bool = False) -> Store:
    """The store, to be opened by `with`.

    Args:
        folder: of serving, which holds the prediction log in SQLite.
        database_url: of PostgreSQL; empty for a file in the folder.
        is_reader: whether only questions are asked.
    """
    if database_url:
        from relay.monitoring.postgres import PostgresStore  # its driver is not in every image

        return PostgresStore(database_url, is_reader=is_reader)
    return SqliteStore(folder / STORE_FILE, is_reader=is_reader)
