"""The prediction log: an answered prediction is on the disk before its answer leaves, and stays there."""

from pathlib import Path
from typing import Literal

from relay.handoff.errors import UsageError
from serve.log.record import PredictionLog

QUEUE_ROWS = 10_000


def open_log(
    url: str, folder: Path, *, queue_limit: int = QUEUE_ROWS, on_damage: Literal["set-aside", "refuse"] = "set-aside"
) -> PredictionLog:
    """The log at a URL of PostgreSQL, or, without one, in `predictions.sqlite` of the folder; not yet started.

    Args:
        url: of PostgreSQL, or empty.
        folder: of the file.
        queue_limit: rows that may wait for their commit.
        on_damage: whether a damaged file is set aside and a new one begun, or predictions are refused.

    Raises:
        UsageError: the URL is not one of PostgreSQL.
    """
    # Each database's module is imported only where it is used: the image without PostgreSQL starts without its client.
    if not url:
        from serve.log.sqlite import SqliteLog

        return SqliteLog(folder / "predictions.sqlite", queue_limit=queue_limit, may_set_aside=on_damage == "set-aside")
    scheme = url.partition("://")[0]
    if scheme not in ("postgresql", "postgres"):
        raise UsageError(
            f"prediction log {scheme}://…: expected postgresql://user:password@host:5432/database, or nothing"
        )
    from serve.log.postgres import PostgresLog

    return PostgresLog(url, queue_limit=queue_limit)
