"""The monitor's store in a schema of PostgreSQL, beside the prediction log, by the driver of the stages.

Serving asks the same questions (`monitoring.statements`) through its own driver.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from relay.monitoring import statements as sql
from relay.monitoring.questions import Execute, Made, Store
from relay.monitoring.store import MonitorStoreError
from relay.tables.connection import Database


class PostgresStore(Store):
    """A `Store` in a database of PostgreSQL.

    Args:
        url: of the database.
        is_reader: whether only questions are asked; where there are no tables the store is empty.
    """

    def __init__(self, url: str, *, is_reader: bool = False) -> None:
        self._url, self._is_reader = url, is_reader
        self._database: Database | None = None
        self._has_tables = True

    def __enter__(self) -> Self:
        database = Database(self._url)
        self._database = database.__enter__()
        try:
            self._has_tables = self._read_version() > 0
            if not self._is_reader:
                self._migrate()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._database is not None:
            self._database.__exit__()
        self._database = None

    def _open(self) -> Database:
        if self._database is None:
            raise MonitorStoreError("the monitor's store is not open")
        return self._database

    def _list(self, statement: str, values: tuple[Any, ...], make: Callable[[Sequence[Any]], Made]) -> list[Made]:
        if not self._has_tables:
            return []
        rows = self._open().fetch(sql.for_postgres(statement), *values).to_pylist()
        return [make(list(row.values())) for row in rows]

    @contextmanager
    def _writing(self) -> Iterator[Execute]:
        database = self._open()
        with database.transaction():
            yield lambda statement, values: database.execute(sql.for_postgres(statement), *values)

    def _read_version(self) -> int:
        """The version of the tables; 0 before they are made."""
        # Asked first: a role without the right to create can use tables that are there.
        database = self._open()
        made = database.fetch("select to_regclass($1)::text", f"{sql.SCHEMA}.schema_version").to_pylist()
        if next(iter(made[0].values())) is None:
            return 0
        found = database.fetch(f"select coalesce(max(version), 0) from {sql.SCHEMA}.schema_version").to_pylist()  # noqa: S608
        return int(next(iter(found[0].values())))

    def _migrate(self) -> None:
        """Bring the tables to this version; two processes at once do it once."""
        if self._read_version() == len(sql.MIGRATIONS):
            return
        database = self._open()
        with database.transaction():
            database.fetch(f"select pg_advisory_xact_lock({sql.LOCK})::text")
            version = self._read_version()
            if version > len(sql.MIGRATIONS):
                raise MonitorStoreError(
                    f"{database.name}: the monitor's tables were written by a newer program",
                    next_step="Update Relay, or name another database",
                )
            if version == 0:
                if database.fetch("select 1 from pg_namespace where nspname = $1", sql.SCHEMA).num_rows == 0:
                    database.execute(f"create schema {sql.SCHEMA}")
                database.execute(f"create table {sql.SCHEMA}.schema_version (version int primary key)")
            for number, made in enumerate(sql.MIGRATIONS[version:], version + 1):
                for statement in made:
                    database.execute(sql.for_postgres(statement))
                database.execute(f"insert into {sql.SCHEMA}.schema_version values ({number})")  # noqa: S608
        self._has_tables = True
