"""The tables of the prediction log in SQLite."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from relay.handoff.files import sync_folder
from serve.log.table_version import require_known_version

MIGRATIONS = (
    (
        "create table predictions (id text not null primary key, at_unix real not null, model text not null,"
        " version text not null, run_id text not null, input text not null, output text not null,"
        " latency_us integer not null, client text not null, idempotency_key text, body_sha256 text)",
        "create index predictions_by_time on predictions (at_unix, id)",
        "create unique index predictions_by_key on predictions (idempotency_key) where idempotency_key is not null",
        "create table labels (seq integer primary key,"
        " prediction_id text not null references predictions (id) on delete cascade,"
        " number integer not null, value text not null, at_unix real not null, source text not null)",
        "create index labels_by_prediction on labels (prediction_id, seq)",
        "create table probe (id integer primary key check (id = 1), at_unix real not null)",
    ),
    (
        "create table keyed_records (prediction_id text not null references predictions (id) on delete cascade,"
        " number integer not null, model text not null, key text not null, primary key (prediction_id, number))",
        "create index keyed_records_by_key on keyed_records (key, model, prediction_id)",
        "create index labels_by_record on labels (prediction_id, number, seq)",
        "drop index labels_by_prediction",
        "create table refused (seq integer primary key, at_unix real not null, model text not null,"
        " version text not null, kind text not null, requests integer not null, records integer not null,"
        " by_column text not null)",
        "create index refused_by_time on refused (at_unix)",
    ),
)
"""What brings a file from each version of its tables to the next one; the first makes them."""


def list_migrations() -> tuple[tuple[str, ...], ...]:
    """The statements that bring a file to each version."""
    return MIGRATIONS


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to this version; two processes at once do it once.

    Raises:
        LogVersionError: a newer program made them.
    """
    with begin(connection):
        connection.execute("create table if not exists schema_version (version integer primary key, at_unix real)")
        (version,) = connection.execute("select coalesce(max(version), 0) from schema_version").fetchone()
        require_known_version(version, len(MIGRATIONS), str(path), "another folder")
        for number, statements in enumerate(MIGRATIONS[version:], version + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute("insert into schema_version values (?, ?)", (number, time.time()))


@contextmanager
def begin(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that writes: committed at its end, rolled back by an exception."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("rollback")
        raise


def create(path: Path) -> None:
    """Make a log: complete under another name, then renamed, so that an empty file is never the beginning of one.

    Raises:
        OSError, sqlite3.Error: it cannot be written.
    """
    begun = path.with_name(f".{path.name}.new")
    try:
        connection = sqlite3.connect(begun, timeout=0, isolation_level=None)
        try:
            connection.execute("pragma synchronous = full")
            migrate(connection, path)
            connection.execute("pragma journal_mode = wal")
        finally:
            connection.close()
        begun.rename(path)
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                begun.with_name(begun.name + ending).unlink()
    sync_folder(path.parent)
