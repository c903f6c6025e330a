"""What others see of a publication that is under way, killed or done twice at once."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest
from patience import HANG_SECONDS

from benchmarks.process import measure

pytestmark = pytest.mark.postgres

Desk = Any  # tests/conftest.py
Ask = Callable[[str], list[tuple[Any, ...]]]

ROWS = 150_000

RECIPE = """
title = "A test"
[ingest]
source = "synthetic"
rows = {rows}
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
[columns]
version = {{ type = "int", role = "input", min = {version}, max = {version} }}
x = {{ type = "float", role = "input" }}
name = {{ type = "text", role = "input", allowed = ["{text}"] }}
"""


def write_recipe(desk: Desk, version: int, rows: int = ROWS, *, more: str = "") -> str:
    recipe: str = desk.recipe(RECIPE.format(version=version, rows=rows, text="n" * 100) + more)
    return recipe


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANG_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def wait_until_copying(url: str, process: "subprocess.Popen[str]") -> None:
    """Returns in the middle of a COPY, or when the process has ended."""

    async def look() -> None:
        connection = await asyncpg.connect(url)
        while process.poll() is None:
            if await connection.fetchval("select true from pg_stat_progress_copy where tuples_processed > 0"):
                break
        await connection.close()

    asyncio.run(asyncio.wait_for(look(), HANG_SECONDS))


def is_copying(ask: Ask) -> bool:
    return bool(ask("select 1 from pg_stat_progress_copy"))


@pytest.mark.crash
@pytest.mark.parametrize(
    "more", ["", 'y = { type = "float", role = "input" }\n'], ids=["same columns", "other columns"]
)
def test_a_publisher_killed_while_it_copies_leaves_the_old_rows_and_the_next_run_publishes(
    publishing: Desk, postgres_url: str, ask: Ask, more: str
) -> None:
    publishing.run("ingest", write_recipe(publishing, 1, 1000))
    recipe = write_recipe(publishing, 2, more=more)
    process = publishing.start("ingest", recipe)
    wait_until_copying(postgres_url, process)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    wait_for(lambda: not is_copying(ask))
    assert ask("select version, count(*) from raw.desk_data group by 1") == [(1, 1000)]
    assert ask("select rows from relay.datasets") == [(1000,)]
    before = publishing.bytes("raw/desk")
    assert publishing.run("ingest", recipe) == 0
    assert publishing.bytes("raw/desk") == before
    assert ask("select version, count(*) from raw.desk_data group by 1") == [(2, ROWS)]
    assert ask("select relname from pg_class where relnamespace = 'raw'::regnamespace and relkind = 'r'") == [
        ("desk_data",)
    ]


@pytest.mark.slow
def test_a_server_that_dies_while_it_copies_fails_the_stage_and_the_next_run_publishes(
    publishing: Desk, postgres_server: Any, postgres_url: str, ask: Ask
) -> None:
    publishing.run("ingest", write_recipe(publishing, 1, 1000))
    recipe = write_recipe(publishing, 2)
    process = publishing.start("ingest", recipe)
    wait_until_copying(postgres_url, process)
    postgres_server.stop(signal.SIGQUIT)
    try:
        _, said = process.communicate(timeout=HANG_SECONDS)
    finally:
        postgres_server.start()
    assert (process.returncode, "but not published as raw.desk_data" in said) == (1, True)
    assert ask("select version, count(*) from raw.desk_data group by 1") == [(1, 1000)]
    assert publishing.run("ingest", recipe) == 0
    assert ask("select version, count(*) from raw.desk_data group by 1") == [(2, ROWS)]


def test_ctrl_c_while_it_copies_leaves_the_old_rows(publishing: Desk, postgres_url: str, ask: Ask) -> None:
    publishing.run("ingest", write_recipe(publishing, 1, 1000))
    process = publishing.start("ingest", write_recipe(publishing, 2))
    wait_until_copying(postgres_url, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=HANG_SECONDS)
    assert (process.returncode, "interrupted" in said) == (130, True)
    assert ask("select version, count(*) from raw.desk_data group by 1") == [(1, 1000)]


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_a_reader_finds_all_rows_of_one_dataset_at_any_moment(
    publishing: Desk, postgres_url: str, isolation: str
) -> None:
    publishing.run("ingest", write_recipe(publishing, 1, 20_000))
    seen, is_over = set(), threading.Event()

    async def read() -> None:
        connection = await asyncpg.connect(postgres_url)
        question = "select min(version), max(version), count(*) from raw.desk_data"
        for is_last in iter(is_over.is_set, None):
            async with connection.transaction(isolation=isolation.replace(" ", "_")):
                # A snapshot from before, a table from after: where rows and table part, this finds none.
                await connection.fetchval("select count(*) from relay.datasets")
                await asyncio.sleep(0.005)
                seen.add(tuple(await connection.fetchrow(question)))
            if is_last:
                break
        await connection.close()

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(asyncio.run, read())
        try:
            codes = [
                publishing.run("ingest", write_recipe(publishing, *what))
                for what in ((2, 30_000), (3, 20_000), (4, 30_000))
            ]
        finally:
            is_over.set()
        reader.result(HANG_SECONDS)
    assert codes == [0, 0, 0]
    assert seen - {(1, 1, 20_000), (2, 2, 30_000), (3, 3, 20_000), (4, 4, 30_000)} == set()
    assert {(1, 1, 20_000), (4, 4, 30_000)} - seen == set()


def test_a_session_that_never_ends_its_transaction_stops_no_publication(
    publishing: Desk, postgres_url: str, ask: Ask
) -> None:
    publishing.run("ingest", write_recipe(publishing, 1, 10))

    async def publish_beside_reader() -> tuple[int, int]:
        connection = await asyncpg.connect(postgres_url)
        async with connection.transaction(isolation="repeatable_read"):
            await connection.fetchval("select count(*) from raw.desk_data")
            code = publishing.run("ingest", write_recipe(publishing, 2, 20))
            count = await connection.fetchval("select count(*) from raw.desk_data")
        await connection.close()
        return code, count

    assert asyncio.run(publish_beside_reader()) == (0, 10)
    assert ask("select version, count(*) from raw.desk_data group by 1") == [(2, 20)]


def test_a_second_publisher_waits_and_says_so(publishing: Desk, postgres_url: str, ask: Ask) -> None:
    from relay.tables.connection import Database
    from relay.tables.replace import make_lock

    publishing.run("ingest", write_recipe(publishing, 1, 10))
    is_held = threading.Event()

    def hold() -> None:
        with Database(postgres_url) as database, database.transaction():
            database.execute(f"select pg_advisory_xact_lock({make_lock('raw.desk_data')})")
            is_held.set()
            wait_for(lambda: bool(ask("select 1 from pg_locks where locktype = 'advisory' and not granted")))

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert is_held.wait(HANG_SECONDS)
        assert publishing.run("ingest", write_recipe(publishing, 2, 20)) == 0
        holder.result(HANG_SECONDS)
    assert "ingest desk waits: raw.desk_data is being published by another process" in publishing.said("ingest")
    assert ask("select count(*) from raw.desk_data") == [(20,)]


def test_a_server_that_hears_nothing_of_us_ends_our_transaction_after_a_minute(postgres_url: str) -> None:
    from relay.tables.connection import Database

    names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
    with Database(postgres_url) as database:
        question = ", ".join(f"current_setting('{name}')::int as {name}" for name in names)
        (found,) = database.fetch(f"select {question}").to_pylist()
    assert tuple(found.values()) == (30, 10, 3)


def test_many_first_publishers_at_once_make_schema_and_list_once(postgres_url: str, ask: Ask) -> None:
    from relay.tables.connection import Database
    from relay.tables.replace import prepare_list

    def prepare(_: int) -> None:
        with Database(postgres_url) as database:
            prepare_list(database, "raw")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(prepare, range(8))) == [None] * 8
    assert ask("select count(*) from relay.datasets") == [(0,)]


@pytest.mark.slow
def test_a_dataset_larger_than_memory_is_published_in_bounded_memory(desk: Desk, postgres_url: str, ask: Ask) -> None:
    rows, text = 120_000, "n" * 2500
    with (desk.data / "rows.csv").open("w") as file:
        file.write("version,x,name\n")
        file.writelines(f"1,0.5,{text}\n" for _ in range(rows))
    recipe = RECIPE.format(version=1, rows=0, text=text).replace(
        '"synthetic"\nrows = 0', '"file"\npath = "data/rows.csv"'
    )
    recipe = desk.recipe(recipe)
    assert desk.run("ingest", recipe) == 0
    command = [sys.executable, "-m", "ingest", recipe, *desk.folders]
    figures = measure(command, os.environ | {"DATABASE_URL": postgres_url})
    assert ask("select count(*), sum(length(name)) from raw.desk_data") == [(rows, rows * len(text))]
    # 300 MB of texts; the libraries alone take 120 MiB.
    assert figures["peak_mib"] < 300
