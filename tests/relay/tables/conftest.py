"""A real database for the tables of the stages, and a desk whose stages publish there."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from postgres_server import guarded_url, postgres_server, postgres_url  # noqa: F401

Ask = Callable[[str], list[tuple[Any, ...]]]
Desk = Any  # tests/conftest.py


@pytest.fixture
def ask(postgres_url: str) -> Ask:  # noqa: F811
    """`ask("select 1")`: the rows of a statement, by another client than ours."""

    async def fetch(statement: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(postgres_url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return lambda statement: asyncio.run(fetch(statement))


@pytest.fixture
def publishing(desk: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Desk:  # noqa: F811
    """The desk, with the database configured."""
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    return desk
