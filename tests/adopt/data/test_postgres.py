"""A table or query of PostgreSQL: drafted, and read the same by ingest."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from postgres_server import postgres_server, postgres_url  # noqa: F401
from test_read_the_same import write_recipe

from adopt.data.find_layout import find_layout, read_rows
from relay.handoff.errors import RelayError

pytestmark = pytest.mark.postgres

Desk = Any  # tests/conftest.py

ORDERS = """
create table orders (
    id bigint primary key, price numeric(10, 3), pieces numeric, at timestamptz, note text, ok boolean
);
insert into orders values
    (1, 1.125, 12345678901234567, '2024-01-05T10:00:00Z', 'a', true), (2, 1000, 3, null, null, false)
"""


@pytest.fixture
def shop(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: F811
    """The name of the variable that holds the URL of a database of orders."""

    async def fill() -> None:
        connection = await asyncpg.connect(postgres_url)
        try:
            await connection.execute(ORDERS)
        finally:
            await connection.close()

    asyncio.run(fill())
    monkeypatch.setenv("SHOP_URL", postgres_url)
    return "SHOP_URL"


def test_the_only_table_is_taken_in_its_own_types(shop: str, tmp_path: Path) -> None:
    layout = find_layout(shop)
    assert layout.ingest == {"source": "sql", "url": "SHOP_URL", "table": "orders"}
    tables = list(read_rows(layout, tmp_path))
    assert [str(kind) for kind in tables[0].schema.types] == [
        "int64", "double", "int64", "timestamp[us, tz=UTC]", "string", "bool",
    ]  # fmt: skip
    assert tables[0].column("price").to_pylist() == [1.125, 1000.0]


def test_ingest_reads_the_answer_of_the_drafted_query(shop: str, desk: Desk) -> None:
    layout = find_layout(shop, keys={"query": "select id, note from orders order by id;"})
    assert layout.ingest["query"] == "select id, note from orders order by id"
    assert desk.run("ingest", desk.recipe(write_recipe(layout))) == 0
    assert [list(row.values()) for row in desk.rows("raw/desk")] == [["1", "a"], ["2", None]]


def test_a_wrong_table_is_named_with_the_way_out(shop: str) -> None:
    with pytest.raises(RelayError, match=r"correct .* table or query"):
        find_layout(shop, keys={"table": "order"})
