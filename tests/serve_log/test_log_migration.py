"""Logs of earlier releases: brought to the tables of this one with all that they hold."""

import asyncio
import sqlite3
import time

import asyncpg
import pytest
from log_places import Place, make_row, tell

from serve.log.postgres_tables import MIGRATIONS as OF_POSTGRES
from serve.log.record import Label, PredictionLog
from serve.log.sqlite_tables import MIGRATIONS as OF_SQLITE

OLD = [(f"{number:032x}", 1000.0 + number, f'[{{"x":{number}}}]') for number in range(50)]
INSERT = (
    "insert into {0}predictions (id, at_unix, model, version, run_id, input, output, latency_us, client)"
    " values ('{1}', {2}, 'credit', '3', 'a', '{3}', '[0.5]', 7, 'c')"
)
LABEL = "insert into {0}labels (prediction_id, number, value, at_unix, source) values ('{1}', 0, '{2}', 2000, 'clerk')"


def count_versions(place: Place) -> int:
    return len(OF_POSTGRES if place.url else OF_SQLITE)


def lay_version_1(place: Place) -> None:
    """A log as the first version of its tables held it."""
    prefix = "prediction_log." if place.url else ""
    rows = [INSERT.format(prefix, *row) for row in OLD]
    rows += [LABEL.format(prefix, OLD[0][0], value) for value in ("true", "false")]
    version = f"insert into {prefix}schema_version values (1, {time.time()})"
    if not place.url:
        connection = sqlite3.connect(place.folder / "predictions.sqlite")
        made = "create table schema_version (version integer primary key, at_unix real)"
        for statement in (made, *OF_SQLITE[0], *rows, version):
            connection.execute(statement)
        connection.commit()
        connection.close()
        return

    async def lay() -> None:
        connection = await asyncpg.connect(place.url)
        await connection.execute("create schema prediction_log")
        made = f"create table {prefix}schema_version (version int primary key, at_unix float8)"
        for statement in (made, OF_POSTGRES[0], *rows, version):
            await connection.execute(statement)
        await connection.close()

    asyncio.run(lay())


@pytest.mark.parametrize("processes", [1, 3])
def test_a_log_of_version_1_keeps_all_and_takes_what_is_new(place: Place, processes: int) -> None:
    lay_version_1(place)
    keyed = make_row(input=b'[{"x":1},{"x":2}]', record_keys=["A-17", None])

    async def story(log: PredictionLog) -> None:
        others = [place.log() for _ in range(processes - 1)]
        await asyncio.gather(*(other.start() for other in others))
        found = await log.get(OLD[7][0])
        assert found is not None
        assert (found.input.decode(), await log.find_record_keys(found.id)) == (OLD[7][2], {})
        assert len((await log.page(None, None, 100, None)).rows) == len(OLD)
        record = f"{OLD[0][0]}/0"
        old = [Label(record, value, 2000.0, "clerk") for value in (True, False)]
        assert await log.labels(OLD[0][0]) == old
        await log.label(record, True, 3000.0, "clerk")
        assert (await log.labels(OLD[0][0]), await log.count_labels(record)) == (
            [*old, Label(record, True, 3000.0, "clerk")],
            3,
        )
        await log.append(keyed)
        assert (await log.get(keyed.id), await log.find_record_keys(keyed.id)) == (keyed, {0: "A-17"})
        for other in others:
            await other.close()

    tell(place.log(), story)
    versions = [(number + 1,) for number in range(count_versions(place))]
    assert place.query("select version from schema_version order by version") == versions
    assert place.query("select prediction_id, number, model, key from keyed_records") == [
        (keyed.id, 0, "credit", "A-17")
    ]
    assert place.query("select count(*) from refused") == [(0,)]
    assert tell(place.log(), lambda log: log.prune(1e12)) == len(OLD) + 1
    assert place.query("select count(*) from keyed_records") == [(0,)]


def test_a_migration_that_is_cut_off_leaves_the_old_log(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_version_1(place)
    if place.url:
        monkeypatch.setattr("serve.log.postgres_tables.MIGRATIONS", (OF_POSTGRES[0], f"{OF_POSTGRES[1]} select 1/0"))
    else:
        monkeypatch.setattr(
            "serve.log.sqlite_tables.MIGRATIONS", (OF_SQLITE[0], (*OF_SQLITE[1], "select abs(-9223372036854775808)"))
        )

    async def fail(log: PredictionLog) -> None:
        assert await log.is_healthy() is not None

    tell(place.log(), fail)
    monkeypatch.undo()
    assert place.query("select max(version) from schema_version") == [(1,)]
    found = tell(place.log(), lambda log: log.page(None, None, 100, None))
    assert [row.id for row in found.rows] == [one[0] for one in OLD]
    assert place.query("select max(version) from schema_version") == [(count_versions(place),)]


def test_records_with_keys_are_committed_with_their_prediction_or_not_at_all(place: Place) -> None:
    first = make_row(1, idempotency_key="order", record_keys=["a"])
    taken = make_row(2, idempotency_key="order", record_keys=["b"])
    spoilt = make_row(3, client="NUL \0", record_keys=["c"])
    plain, last = make_row(4), make_row(5, record_keys=["a", None, "ä €"])

    async def story(log: PredictionLog) -> list[str]:
        rows = (first, spoilt, plain, last)
        await log.append(first)
        outcomes = await asyncio.gather(*map(log.append, (first, taken, spoilt, plain, last)), return_exceptions=True)
        assert await log.get(last.id) == last
        assert rows
        return [type(one).__name__ for one in outcomes]

    assert tell(place.log(), story) == ["NoneType", "LogKeyTakenError", "LogRowError", "NoneType", "NoneType"]
    assert sorted(place.query("select prediction_id, number, key from keyed_records")) == sorted(
        [(first.id, 0, "a"), (last.id, 0, "a"), (last.id, 2, "ä €")]
    )
