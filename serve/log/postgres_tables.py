"""The tables of the prediction log in PostgreSQL, in a schema of their own: the database may be shared."""

import time
from typing import Any

import asyncpg
from loguru import logger

from serve.log.table_version import require_known_version

SCHEMA = "prediction_log"

LOCK = 7_205_759_403
"""Of the advisory lock that one process holds while it makes the tables: any number that nobody else takes."""

PROBE = (
    f"insert into {SCHEMA}.probe values (1, extract(epoch from now()))"  # noqa: S608 - our own names
    " on conflict (id) do update set at_unix = excluded.at_unix"
)
"""Commit something small: where that is possible a prediction can be committed."""

KEEP_COMMITS = """
    select set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'on'
                      else current_setting('synchronous_commit') end, false),
           current_setting('fsync'), current_setting('full_page_writes')
"""
"""Give the session a value of its own, which no reload of the server, role or database changes; stronger ones stay."""

# Ids are compared byte by byte, as in SQLite and in Python.
MIGRATIONS = (
    f"""
    create table {SCHEMA}.predictions (
        id text collate "C" primary key, at_unix float8 not null, model text not null, version text not null,
        run_id text not null, input text not null, output text not null, latency_us bigint not null,
        client text not null, idempotency_key text, body_sha256 text);
    create index predictions_by_time on {SCHEMA}.predictions (at_unix, id);
    create unique index predictions_by_key on {SCHEMA}.predictions (idempotency_key)
        where idempotency_key is not null;
    create table {SCHEMA}.labels (
        seq bigint generated always as identity primary key,
        prediction_id text collate "C" not null references {SCHEMA}.predictions (id) on delete cascade,
        number bigint not null, value text not null, at_unix float8 not null, source text not null);
    create index labels_by_prediction on {SCHEMA}.labels (prediction_id, seq);
    create table {SCHEMA}.probe (id int primary key check (id = 1), at_unix float8 not null);
    """,
    f"""
    create table {SCHEMA}.keyed_records (
        prediction_id text collate "C" not null references {SCHEMA}.predictions (id) on delete cascade,
        number bigint not null, model text not null, key text collate "C" not null,
        primary key (prediction_id, number));
    create index keyed_records_by_key on {SCHEMA}.keyed_records (key, model, prediction_id);
    create index labels_by_record on {SCHEMA}.labels (prediction_id, number, seq);
    drop index {SCHEMA}.labels_by_prediction;
    create table {SCHEMA}.refused (
        seq bigint generated always as identity primary key, at_unix float8 not null, model text not null,
        version text not null, kind text not null, requests bigint not null, records bigint not null,
        by_column text not null);
    create index refused_by_time on {SCHEMA}.refused (at_unix);
    """,
    # The transaction that wrote a row: by it the monitor reads in the order of commits. Rows of before have 0, which
    # costs no rewriting of the table.
    f"""
    alter table {SCHEMA}.predictions add column logged_by xid8 not null default '0';
    alter table {SCHEMA}.predictions alter column logged_by set default pg_current_xact_id();
    create index predictions_by_commit on {SCHEMA}.predictions (logged_by, id);
    alter table {SCHEMA}.refused add column logged_by xid8 not null default '0';
    alter table {SCHEMA}.refused alter column logged_by set default pg_current_xact_id();
    """,
)
"""What brings a database from each version of the tables to the next one; the first makes them."""


async def keep_commits(connection: Any) -> None:
    """Let each commit of a session wait for the disk, whatever is set for the server, its roles or databases later.

    Args:
        connection: of asyncpg, just opened.
    """
    _, fsync, full_page_writes = await connection.fetchrow(KEEP_COMMITS)
    off = [name for name, value in (("fsync", fsync), ("full_page_writes", full_page_writes)) if value == "off"]
    if off:
        logger.warning(
            "PostgreSQL runs with {}: if its machine loses power, answered predictions may be lost. Set it to on",
            " and ".join(f"{name}=off" for name in off),
        )


async def bring_to_version(connection: "asyncpg.Connection[asyncpg.Record]", name: str) -> None:
    """Bring the tables to this version; two processes at once do it once.

    Raises:
        LogVersionError: a newer program made them.
    """
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        version = await read_version(connection)
        require_known_version(version, len(MIGRATIONS), name, "another database")
        if version == 0:
            # Asked first: "if not exists" wants the right to create even where the schema is there.
            if await connection.fetchval("select 1 from pg_namespace where nspname = $1", SCHEMA) is None:
                await connection.execute(f"create schema {SCHEMA}")
            await connection.execute(
                f"create table {SCHEMA}.schema_version (version int primary key, at_unix float8 not null)"
            )
        for number, statements in enumerate(MIGRATIONS[version:], version + 1):
            await connection.execute(statements)
            await connection.execute(
                f"insert into {SCHEMA}.schema_version values ($1, $2)",  # noqa: S608
                number,
                time.time(),
            )


async def read_version(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    """The version of the tables; 0 where there are none."""
    # Asked first: without the right to create, tables that are there can be used.
    if await connection.fetchval("select to_regclass($1)", f"{SCHEMA}.schema_version") is None:
        return 0
    return int(await connection.fetchval(f"select max(version) from {SCHEMA}.schema_version"))  # noqa: S608
