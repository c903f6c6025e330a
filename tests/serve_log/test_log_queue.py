"""Group commit, and ids that sort by time: what no database is needed for."""

import asyncio
import time
import uuid

import pytest
from log_places import make_row

from serve.log.queue import GroupCommit, Refusals
from serve.log.record import LogKeyTakenError, LogUnavailableError, Row, new_id


def test_ids_are_uuids_of_version_7_that_sort_by_the_time_they_were_made() -> None:
    before = time.time_ns()
    ids = []
    for _ in range(50):
        ids.append(new_id())
        time.sleep(0.0001)
    assert ids == sorted(ids)
    assert {(len(each), uuid.UUID(each).version, uuid.UUID(each).variant) for each in ids} == {(32, 7, uuid.RFC_4122)}
    milliseconds = [int(each[:12], 16) for each in ids]
    assert before // 1_000_000 <= milliseconds[0] <= milliseconds[-1] <= time.time_ns() // 1_000_000


def test_no_two_ids_of_one_moment_are_the_same() -> None:
    assert len({new_id() for _ in range(20_000)}) == 20_000


def test_an_error_that_nobody_foresaw_reaches_every_caller_and_the_next_rows_are_committed() -> None:
    committed: list[Row] = []
    is_broken = True

    async def commit(rows: list[Row]) -> Refusals:
        if is_broken:
            raise ZeroDivisionError("a mistake")
        committed.extend(rows)
        return {}

    async def run() -> tuple[list[str], int]:
        nonlocal is_broken
        queue = GroupCommit(commit, 10)
        told = await asyncio.gather(*(queue.append(make_row()) for _ in range(3)), return_exceptions=True)
        assert {type(why) for why in told} == {LogUnavailableError}
        is_broken = False
        await queue.append(make_row(7))
        return [str(why) for why in told], queue.stats.failures

    assert asyncio.run(run()) == (["the commit failed: ZeroDivisionError('a mistake')"] * 3, 3)
    assert [row.client for row in committed] == ["request 7"]


def test_each_caller_gets_an_exception_of_its_own() -> None:
    # One instance that many tasks raise would collect the tracebacks of all of them.
    async def commit(rows: list[Row]) -> Refusals:
        raise LogUnavailableError("away")

    async def run() -> list[BaseException | None]:
        queue = GroupCommit(commit, 10)
        return await asyncio.gather(*(queue.append(make_row()) for _ in range(3)), return_exceptions=True)

    told = asyncio.run(run())
    assert ([str(why) for why in told], len(set(map(id, told)))) == (["away"] * 3, 3)


def test_a_second_request_with_a_key_has_its_turn_when_the_first_failed() -> None:
    batches: list[list[str]] = []

    async def commit(rows: list[Row]) -> Refusals:
        batches.append([row.client for row in rows])
        if len(batches) == 1:
            raise LogUnavailableError("away")
        return {}

    async def run() -> list[type]:
        queue = GroupCommit(commit, 10)
        rows = [make_row(number, idempotency_key="order 7") for number in range(2)]
        return [type(why) for why in await asyncio.gather(*map(queue.append, rows), return_exceptions=True)]

    assert asyncio.run(run()) == [LogUnavailableError, type(None)]
    assert batches == [["request 0"], ["request 1"]]


def test_a_batch_holds_so_many_bytes_and_at_least_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve.log.queue.BATCH_BYTES", 100)
    sizes: list[int] = []

    async def commit(rows: list[Row]) -> Refusals:
        sizes.append(len(rows))
        return {}

    async def run() -> None:
        queue = GroupCommit(commit, 10)
        texts = [b"-" * size for size in (500, 30, 30, 30, 30)]
        await asyncio.gather(*(queue.append(make_row(input=text, output=b"")) for text in texts))

    asyncio.run(run())
    assert sizes == [1, 4]


def test_a_key_that_is_taken_is_told_with_the_row_that_holds_it() -> None:
    holder = make_row(idempotency_key="order 7")

    async def commit(rows: list[Row]) -> Refusals:
        return {row.id: LogKeyTakenError(holder) for row in rows}

    async def run() -> None:
        await GroupCommit(commit, 10).append(make_row(idempotency_key="order 7"))

    with pytest.raises(LogKeyTakenError, match=f"'order 7' belongs to prediction {holder.id}") as caught:
        asyncio.run(run())
    assert caught.value.stored == holder
