"""One table takes the rows of a new dataset, in one transaction: a kill at any moment leaves the rows of before.

    the same columns     delete from the table, copy into it. Readers wait for nobody and nobody waits for them; a
                         reader whose snapshot is older goes on with the rows of before; views and rights stay
    other columns        copy into a new table, which then takes the place, the name and the rights of the old one

A table that stands there and was not published from here belongs to somebody: it is refused, never replaced.

To truncate, or to swap a new table in every time, is faster (2.4 s where this takes 4, a million rows of nine
columns), but waits for every reader of the old table and makes new ones wait behind it, and a reader whose snapshot is
older finds the table empty: a dump that begins at that moment would lose it.
Source: PostgreSQL 17, 13.6 Caveats, on commands that are not MVCC-safe.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

import pyarrow as pa
import pyarrow.compute as pc
from loguru import logger

from relay.handoff.database import quote_name
from relay.handoff.dataset import Dataset, open_dataset
from relay.handoff.errors import SchemaError
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.progress import show_progress
from relay.tables.connection import Database, DatabaseError, quote_text
from relay.tables.table import LONGEST_NAME, Table, is_published

SQL_TYPES = {
    pa.int64(): "bigint",
    pa.float64(): "double precision",
    pa.bool_(): "boolean",
    pa.string(): "text",
    pa.timestamp("us", tz="UTC"): "timestamp with time zone",
}
"""Every type that a declared column can have."""

LOCK_SECONDS = 30
"""That other columns wait for those who read the old ones."""

LOCK_NOT_HAD, IN_USE = "55P03", "2BP01"

LIST = """
create table if not exists relay.datasets (
    stage text, recipe text, "table" text not null, fingerprint text not null, rows bigint not null,
    receipt jsonb not null, published_at timestamp with time zone not null, primary key (stage, recipe))"""

ENTER = """
insert into relay.datasets values ($1, $2, $3, $4, $5::bigint, $6::text::jsonb, now())
on conflict (stage, recipe) do update set "table" = excluded."table", fingerprint = excluded.fingerprint,
    rows = excluded.rows, receipt = excluded.receipt, published_at = excluded.published_at"""

COLUMNS = """
select 1 where {definition} = (
    select string_agg('"' || replace(attname, '"', '""') || '" ' || format_type(atttypid, atttypmod), ', '
                      order by attnum)
    from pg_attribute where attrelid = to_regclass({table}) and attnum > 0 and not attisdropped)"""

COPY_RIGHTS = """
declare
    old_table constant regclass := to_regclass({old});
    new_table constant regclass := to_regclass({new});
    given record;
begin
    -- A new table comes with the schema's default rights, of which some may have been taken from the old one.
    for given in select distinct case grantee when 0 then 'public' else grantee::regrole::text end as who
                 from pg_class, aclexplode(relacl) where oid = new_table and grantee <> relowner loop
        execute format('revoke all on %s from %s', new_table, given.who);
    end loop;
    for given in select privilege_type || coalesce(' (' || quote_ident(of_column) || ')', '') as what, is_grantable,
                     case grantee when 0 then 'public' else grantee::regrole::text end as who
                 from (select null as of_column, relacl as rights from pg_class where oid = old_table
                       union all
                       select attname, gone.attacl from pg_attribute as gone join pg_attribute as kept using (attname)
                       where gone.attrelid = old_table and kept.attrelid = new_table) as noted,
                     aclexplode(rights)
                 where grantee <> (select relowner from pg_class where oid = old_table) loop
        execute format('grant %s on %s to %s', given.what, new_table, given.who)
            || case when given.is_grantable then ' with grant option' else '' end;
    end loop;
    -- Its policies name columns and go with the old table; until they are made again nobody but the owner sees rows.
    if (select relrowsecurity from pg_class where oid = old_table) then
        execute format('alter table %s enable row level security', new_table);
    end if;
end"""

MARK = "A dataset of Relay"
"""In the comment of each table that we make; the list may be lost, and a table of somebody else is not to be."""

IS_OURS = """
select 1 where to_regclass({table}) is null or obj_description(to_regclass({table}), 'pg_class') like {mark}
    or exists (select from relay.datasets where stage = {stage} and recipe = {recipe})"""


@dataclass(frozen=True)
class Publication:
    """A dataset on its way into its table."""

    database: Database
    table: Table
    location: DatasetLocation
    fingerprints: Fingerprints
    run_name: str

    def publish(self) -> None:
        """Make the table hold the dataset that lies there now.

        Raises:
            DatabaseError: the database is away or refuses; the table is as it was.
            SchemaError: PostgreSQL cannot hold one of the values; the table is as it was.
        """
        started = perf_counter()
        prepare_list(self.database, self.table.schema)
        with self.database.transaction():
            self._wait_for_turn()
            # Opened when nobody else publishes: of two publishers the last one has the dataset of now.
            dataset = open_dataset(
                self.location, self.fingerprints, f"python -m {self.table.stage} {self.table.recipe}"
            )
            receipt = dataset.receipt
            if is_published(self.database, self.table, receipt.fingerprint):
                return
            self._refuse_stranger()
            self._replace(dataset)
            entry = (self.table.stage, self.table.recipe, str(self.table), receipt.fingerprint, receipt.rows)
            self.database.execute(ENTER, *entry, receipt.to_json())
        with suppress(DatabaseError):  # the rows are published; the server's own autovacuum does it later
            # The deleted rows leave their room to the next ones, and questions are planned by what is there now.
            self.database.execute(f"vacuum (analyze, skip_locked) {self.table.quoted}")
        logger.info(
            "{}: {:,} rows published as {} in {}, {:.2f} s",
            *(self.run_name, receipt.rows, self.table, self.database.name, perf_counter() - started),
        )

    def _wait_for_turn(self) -> None:
        """Hold the lock of this table, among all machines, until the transaction ends."""
        lock = make_lock(str(self.table))
        if self.database.execute(f"select 1 where pg_try_advisory_xact_lock({lock})") != 1:
            logger.info("{} waits: {} is being published by another process", self.run_name, self.table)
            self.database.execute(f"select pg_advisory_xact_lock({lock})")

    def _replace(self, dataset: Dataset) -> None:
        schema = dataset.schema
        if self._has_columns(schema):
            self.database.execute(f"delete from {self.table.quoted}")  # noqa: S608 - a quoted name
            self._copy(dataset, self.table.name)
        else:
            fresh = f"new {hashlib.sha256(str(self.table).encode()).hexdigest()[:16]}"
            self.database.execute(f"create table {self._quote(fresh)} ({define_columns(schema)})")
            origin = f"{MARK}: {self.location.address}; relay.datasets says which"
            self.database.execute(f"comment on table {self._quote(fresh)} is {quote_text(origin)}")
            self._copy(dataset, fresh)
            self._swap_in(fresh)
        for item in schema:
            notes = {key.decode(): text.decode() for key, text in (item.metadata or {}).items()}
            words = "; ".join(notes[key] for key in ("description", "unit") if key in notes)
            column = f"{self.table.quoted}.{quote_name(item.name)}"
            self.database.execute(f"comment on column {column} is {quote_text(words) if words else 'null'}")

    def _refuse_stranger(self) -> None:
        names = {"table": self.table.quoted, "mark": f"{MARK}%", "stage": self.table.stage, "recipe": self.table.recipe}
        if self.database.execute(IS_OURS.format(**{name: quote_text(text) for name, text in names.items()})) == 0:
            raise DatabaseError(
                f"{self.database.name}: there is a {self.table} that was not published from here, and its rows would "
                "be lost; rename that table, or the recipe's file"
            )

    def _has_columns(self, schema: pa.Schema) -> bool:
        question = COLUMNS.format(definition=quote_text(define_columns(schema)), table=quote_text(self.table.quoted))
        return self.database.execute(question) == 1

    def _copy(self, dataset: Dataset, name: str) -> None:
        """Copy the rows, one row group in memory at a time."""
        failures: list[BaseException] = []
        with show_progress(f"{self.run_name} -> {self.table}", dataset.receipt.rows, "rows") as advance:
            batches = _note_failure(stream_rows(dataset, str(self.table), advance), failures)
            rows = pa.RecordBatchReader.from_batches(dataset.schema, batches)
            try:
                self.database.append(self.table.schema, name, rows)
            except DatabaseError:
                # What stopped the stream, an interrupt too, comes back from the driver as an error of its own.
                if failures:
                    raise failures[0] from None
                raise

    def _swap_in(self, fresh: str) -> None:
        """The new table takes the place of the old one, where there is an old one."""
        old, new = self.table.quoted, self._quote(fresh)
        if self.database.execute(f"select 1 where to_regclass({quote_text(old)}) is not null") == 1:
            self.database.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'")
            copy = COPY_RIGHTS.format(old=quote_text(old), new=quote_text(new))
            self.database.execute(f"do {quote_text(copy)}")
            try:
                self.database.execute(f"drop table {old}")
            except DatabaseError as error:
                raise self._explain(error) from error
        self.database.execute(f"alter table {new} rename to {quote_name(self.table.name)}")

    def _explain(self, error: DatabaseError) -> DatabaseError:
        """What to do where the old table cannot go, in words."""
        next_steps = {
            LOCK_NOT_HAD: f"a session has used {self.table} for more than {LOCK_SECONDS} s: end its transaction",
            IN_USE: f"the columns of {self.table} have changed, and a view uses the old ones: drop the view",
        }
        step = next_steps.get(error.state)
        return DatabaseError(f"{error}; {step}", error.state) if step else error

    def _quote(self, name: str) -> str:
        return f"{quote_name(self.table.schema)}.{quote_name(name)}"


def prepare_list(database: Database, schema: str) -> None:
    """Make the schema of tables and the list of what is published, where they are not there yet; one process at a time.

    Raises:
        DatabaseError: the role may not.
    """
    there = f"to_regnamespace({quote_text(quote_name(schema))}) is not null"
    if database.execute(f"select 1 where {there} and to_regclass('relay.datasets') is not null") == 1:
        return
    with database.transaction():
        database.execute(f"select pg_advisory_xact_lock({make_lock('relay')})")
        for name in (schema, "relay"):
            # Asked first: who may not make schemas may not even make one "if not exists". And asked from the table:
            # to_regnamespace may still tell what it found before another process held the lock.
            question = f"select 1 from pg_namespace where nspname = {quote_text(name)}"  # noqa: S608
            if database.execute(question) == 0:
                database.execute(f"create schema {quote_name(name)}")
        database.execute(LIST)


def define_columns(schema: pa.Schema) -> str:
    """The columns of a table that holds rows of this schema, as they stand in its definition.

    Raises:
        SchemaError: PostgreSQL would cut a column's name.
    """
    too_long = [name for name in schema.names if len(name.encode()) > LONGEST_NAME]
    if too_long:
        raise SchemaError(
            f"PostgreSQL takes names of at most {LONGEST_NAME} bytes, and these columns have longer ones: "
            f"{', '.join(too_long)}; the dataset is whole as a file. Give them shorter names in [columns], with the "
            'long ones under from = "…", or work without the database'
        )
    return ", ".join(f"{quote_name(item.name)} {SQL_TYPES[item.type]}" for item in schema)


def make_lock(name: str) -> int:
    """The number under which processes lock what has this name: 64 bits, as PostgreSQL takes them."""
    return int.from_bytes(hashlib.sha256(f"relay {name}".encode()).digest()[:8], "big", signed=True)


def stream_rows(dataset: Dataset, table: str, advance: Callable[[int], object]) -> Iterator[pa.RecordBatch]:
    """The rows of a dataset in order.

    Raises:
        SchemaError: a text holds U+0000, which PostgreSQL cannot keep.
    """
    for batch in dataset.batches():
        if count_nul(batch):
            raise SchemaError(_explain_nul(dataset, table))
        yield batch
        advance(batch.num_rows)


def count_nul(batch: pa.RecordBatch) -> int:
    """The cells of text that hold the character U+0000."""
    texts = (batch.column(index) for index, item in enumerate(batch.schema) if item.type == pa.string())
    return sum(pc.sum(pc.match_substring(text, "\0")).as_py() or 0 for text in texts)


def _explain_nul(dataset: Dataset, table: str) -> str:
    cells = {name: sum(count_nul(batch) for batch in dataset.batches([name])) for name in dataset.schema.names}
    found = ", ".join(f"{count:,} of column {name}" for name, count in cells.items() if count)
    return (
        f"{table}: the character U+0000 stands in cells: {found}; PostgreSQL cannot keep it in a text. The dataset is "
        "whole as a file; take the character out of the source, or work without the database"
    )


def _note_failure(batches: Iterator[pa.RecordBatch], failures: list[BaseException]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except BaseException as error:
        failures.append(error)
        raise
