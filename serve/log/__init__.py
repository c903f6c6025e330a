"""The prediction log: an answered prediction is on the disk before its answer leaves, and stays there."""

from pathlib import Path

from relay.handoff.errors import UsageError
from serve.log.record import PredictionLog

QUEUE_ROWS = 10_000


def open_log(url: str, folder: Path, *, queue_limit: int = QUEUE_ROWS) -> PredictionLog:
    """The log at a URL of PostgreSQL, or, without one, in `predictions.sqlite` of the folder; not yet started.

    Raises:
        UsageError: the URL is not one of PostgreSQL.
    """
    # Each database's module is imported only where it is used: the image without PostgreSQL starts without its client.
    if not url:
        from serve.log.sqlite import SqliteLog

        return SqliteLog(folder / "predictions.sqlite", queue_limit=queue_limit)
    scheme = url.partition("://")[0]
    if scheme not in ("postgresql", "postgres"):
        raise UsageError(
            f"prediction log {scheme}://…: expected postgresql://user:password@host:5432/database, or nothing"
        )
    from serve.log.postgres import PostgresLog

    return PostgresLog(url, queue_limit=queue_limit)
