"""Which prediction log there is: PostgreSQL where it is configured, else the file of serving."""

from pathlib import Path

from monitor.log.record import LogReader
from monitor.log.sqlite import LOG_FILE, SqliteReader


def open_log(folder: Path, database_url: str = "") -> LogReader:
    """The log, to be opened by `with`.

    Args:
        folder: of serving.
        database_url: of PostgreSQL; empty for a file in the folder.
    """
    if database_url:
        from monitor.log.postgres import PostgresReader  # its driver takes a while to import

        return PostgresReader(database_url)
    return SqliteReader(folder / LOG_FILE)
