"""What every prediction log does, in a file of SQLite and in a server of PostgreSQL alike."""

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from log_places import Place, make_row, read_numbers, tell

from relay.handoff.errors import UsageError
from serve.log import open_log
from serve.log.record import (
    Label,
    LogFullError,
    LogKeyTakenError,
    LogRecordError,
    LogRowError,
    LogUnavailableError,
    LogVersionError,
    PredictionLog,
    Row,
    Stored,
)
from serve.log.sqlite import SqliteLog

AWKWARD = json.dumps(
    [
        {
            "a": '"quoted" \\ \u0000 \N{GRINNING FACE} ä',
            "b": -0.0,
            "c": 1e300,
            "d": None,
            "e": "5",
            "f": 12345678901234567890,
        }
    ],
    ensure_ascii=False,
).encode()


def test_a_row_is_read_back_as_it_was_written(place: Place) -> None:
    row = make_row(input=AWKWARD, output=b'[{"prediction": 0.1}]', version="007", at_unix=1_795_000_000.123456)

    async def story(log: PredictionLog) -> tuple[Stored | None, Stored | None]:
        await log.append(row)
        return await log.get(row.id), await log.get("unknown")

    assert tell(place.log(), story) == (row, None)
    assert place.query("select input, version from predictions") == [(AWKWARD.decode(), "007")]


def test_a_row_is_there_after_the_log_was_opened_again(place: Place) -> None:
    row = make_row()
    tell(place.log(), lambda log: log.append(row))
    assert tell(place.log(), lambda log: log.get(row.id)) == row


def test_rows_that_come_while_a_commit_runs_share_the_next_one(place: Place) -> None:
    rows = [make_row(number) for number in range(300)]

    async def story(log: PredictionLog) -> tuple[int, int, int]:
        await asyncio.gather(*(log.append(row) for row in rows))
        assert log.stats.total_commit_seconds >= log.stats.last_commit_seconds > 0
        return log.stats.rows, log.stats.queue_length, log.stats.batches

    assert tell(place.log(), story) == (300, 0, 1)
    assert read_numbers(place) == {row.id: row.input.decode() for row in rows}


def test_more_rows_than_one_statement_takes_are_committed_in_several(place: Place) -> None:
    async def story(log: PredictionLog) -> int:
        await asyncio.gather(*(log.append(make_row(number)) for number in range(3_500)))
        return log.stats.batches

    assert tell(place.log(), story) == 4
    assert len(read_numbers(place)) == 3_500


def test_a_full_queue_refuses_a_row_and_takes_the_next_one_later(place: Place) -> None:
    async def story(log: PredictionLog) -> list[type]:
        first = await asyncio.gather(*(log.append(make_row(number)) for number in range(12)), return_exceptions=True)
        await log.append(make_row(12))
        return [type(outcome) for outcome in first]

    assert tell(place.log(queue_limit=10), story) == [type(None)] * 10 + [LogFullError] * 2
    numbers = [json.loads(text)[0]["number"] for text in read_numbers(place).values()]
    assert sorted(numbers) == [*range(10), 12]


@pytest.mark.parametrize("large", [{"input": b'"' + b"-" * 2_000 + b'"'}, {"record_keys": ["-" * 200] * 10}])
def test_rows_of_many_bytes_fill_the_queue_too(
    place: Place, monkeypatch: pytest.MonkeyPatch, large: dict[str, Any]
) -> None:
    monkeypatch.setattr("serve.log.queue.QUEUE_BYTES", 1_000)

    async def story(log: PredictionLog) -> list[type]:
        rows = [make_row(**large), make_row()]
        return [type(each) for each in await asyncio.gather(*map(log.append, rows), return_exceptions=True)]

    assert tell(place.log(), story) == [type(None), LogFullError]


@pytest.mark.parametrize(
    "spoilt",
    [
        {"client": "NUL \0"},
        {"client": "\ud800"},
        {"input": b"\xff"},
        {"record_keys": ["NUL \0"]},
        {"latency_us": 1 << 70},
        {"at_unix": float("nan")},
    ],
    ids=["NUL", "half a pair", "no UTF-8", "a key with NUL", "too large", "no time"],
)
def test_a_row_that_the_database_refuses_costs_its_neighbours_nothing(place: Place, spoilt: dict[str, object]) -> None:
    rows = [make_row(0), make_row(1, **spoilt), make_row(2)]

    async def story(log: PredictionLog) -> list[type]:
        outcomes = await asyncio.gather(*map(log.append, rows), return_exceptions=True)
        assert await log.is_healthy() is None
        return [type(outcome) for outcome in outcomes]

    outcomes = tell(place.log(), story)
    if spoilt.keys() == {"at_unix"} and place.url:
        assert outcomes == [type(None)] * 3  # PostgreSQL knows such a number
    else:
        assert outcomes == [type(None), LogRowError, type(None)]
        assert sorted(read_numbers(place)) == [rows[0].id, rows[2].id]


def test_another_prediction_under_an_id_that_is_taken_is_refused(place: Place) -> None:
    row = make_row()

    async def story(log: PredictionLog) -> Stored | None:
        await log.append(row)
        await log.append(row)
        with pytest.raises(LogRowError, match="holds another prediction"):
            await log.append(replace(row, input=b"[]"))
        return await log.get(row.id)

    assert tell(place.log(), story) == row
    assert len(read_numbers(place)) == 1


def test_one_idempotency_key_gives_one_row(place: Place) -> None:
    digest = hashlib.sha256(b"body").hexdigest()
    rows = [make_row(number, idempotency_key="order 7", body_sha256=digest) for number in range(20)]

    async def story(log: PredictionLog) -> tuple[list[object], Stored | None, Stored | None]:
        outcomes = await asyncio.gather(*map(log.append, rows), return_exceptions=True)
        taken = [getattr(outcome, "stored", None) for outcome in outcomes]
        assert [type(outcome) for outcome in outcomes[1:]] == [LogKeyTakenError] * 19
        assert log.stats.failures == 0
        return taken, await log.find_key("order 7"), await log.find_key("order 8")

    assert tell(place.log(), story) == ([None] + [rows[0]] * 19, rows[0], None)
    assert list(read_numbers(place)) == [rows[0].id]


def test_a_key_is_found_while_its_row_is_still_being_committed(place: Place) -> None:
    row = make_row(idempotency_key="order 7")

    async def story(log: PredictionLog) -> tuple[Stored | None, Stored | None]:
        before = await log.find_key("order 7")
        appending = asyncio.create_task(log.append(row))
        await asyncio.sleep(0)
        assert not appending.done()
        found = await log.find_key("order 7")
        await appending
        return before, found

    assert tell(place.log(), story) == (None, row)


def test_two_logs_in_one_database_give_a_key_to_one_of_them(place: Place) -> None:
    keys = [f"order {number}" for number in range(60)]

    async def story(one: PredictionLog) -> None:
        two = place.log()
        await two.start()
        # In opposite order: whoever locks key by key may not wait in a ring.
        mine = [make_row(number, idempotency_key=key) for number, key in enumerate(keys)]
        theirs = [make_row(number, idempotency_key=key) for number, key in enumerate(reversed(keys))]
        outcomes = await asyncio.gather(
            *(log.append(row) for log, rows in ((one, mine), (two, theirs)) for row in rows), return_exceptions=True
        )
        await two.close()
        written = {row.idempotency_key: row for row, why in zip(mine + theirs, outcomes, strict=True) if why is None}
        assert sorted(written) == sorted(keys)
        refused = [why for why in outcomes if why is not None]
        assert [type(why) for why in refused] == [LogKeyTakenError] * 60
        assert [written[why.stored.idempotency_key] for why in refused] == [why.stored for why in refused]

    tell(place.log(), story)
    assert len(read_numbers(place)) == 60


def test_a_caller_who_gives_up_takes_nothing_from_the_others(place: Place) -> None:
    rows = [make_row(number, idempotency_key="order 7") for number in range(2)]

    async def story(log: PredictionLog) -> Stored:
        first, second = (asyncio.create_task(log.append(row)) for row in rows)
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(LogKeyTakenError) as caught:
            await second
        return caught.value.stored

    assert tell(place.log(), story) == rows[0]
    assert list(read_numbers(place)) == [rows[0].id]


def test_closing_commits_what_waits_and_takes_no_more(place: Place) -> None:
    rows = [make_row(number) for number in range(50)]

    async def story(log: PredictionLog) -> None:
        appending = [asyncio.create_task(log.append(row)) for row in rows]
        await asyncio.sleep(0)
        await log.close()
        assert [task.done() for task in appending] == [True] * 50
        with pytest.raises(LogUnavailableError, match="being closed"):
            await log.append(make_row())

    async def run() -> None:
        log = place.log()
        await log.start()
        await story(log)

    asyncio.run(run())
    assert sorted(read_numbers(place)) == sorted(row.id for row in rows)


def test_pages_show_every_row_once_in_the_order_of_time(place: Place) -> None:
    # Several rows of one moment, and none in the order in which they were asked.
    rows = [make_row(number, at_unix=1000.0 + number * 7 % 10, model=f"model {number % 3}") for number in range(40)]
    ordered = sorted(rows, key=lambda row: (row.at_unix, row.id))

    async def leaf(log: PredictionLog, since: float | None, model: str | None) -> list[Row]:
        found: list[Row] = []
        while page := (await log.page(since, found[-1].id if found else None, 7, model)).rows:
            found += page
        return found

    async def story(log: PredictionLog) -> None:
        await asyncio.gather(*map(log.append, rows))
        assert await leaf(log, None, None) == ordered
        assert await leaf(log, 1005.0, None) == [row for row in ordered if row.at_unix >= 1005.0]
        assert await leaf(log, 1002.0, "model 1") == [
            row for row in ordered if row.at_unix >= 1002.0 and row.model == "model 1"
        ]
        assert (await log.page(None, None, 7, "unknown")).rows == []

    tell(place.log(), story)


def test_a_page_goes_on_behind_a_row_that_was_removed_meanwhile(place: Place) -> None:
    rows = [make_row(number, at_unix=1000.0 + number) for number in range(6)]

    async def story(log: PredictionLog) -> list[Stored]:
        await asyncio.gather(*map(log.append, rows))
        assert (await log.page(None, None, 3, None)).rows == rows[:3]
        assert await log.prune(rows[3].at_unix) == 3
        return (await log.page(None, rows[2].id, 3, None)).rows

    assert tell(place.log(), story) == rows[3:]


def test_labels_are_added_and_the_last_one_stands_last(place: Place) -> None:
    row = make_row()
    values = [1, 0.5, "late", True, None, "5"]

    async def story(log: PredictionLog) -> list[Label]:
        await log.append(row)
        for number, value in enumerate(values):
            await log.label(f"{row.id}/{number % 2}", value, 2000.0 - number, "clerk")
        assert await log.labels("unknown") == []
        assert [await log.count_labels(f"{row.id}/{number}") for number in range(3)] == [3, 3, 0]
        return await log.labels(row.id)

    labels = tell(place.log(), story)
    assert labels == [Label(f"{row.id}/{n % 2}", value, 2000.0 - n, "clerk") for n, value in enumerate(values)]
    assert [type(label.value) for label in labels] == [int, float, str, bool, type(None), str]


@pytest.mark.parametrize("record", ["unknown/0", "no number", "/1", "x/-1", "x/1.5", f"x/{1 << 70}", "\ud800/1"])
def test_a_label_for_what_was_never_predicted_is_refused(place: Place, record: str) -> None:
    async def story(log: PredictionLog) -> None:
        with pytest.raises(LogRecordError):
            await log.label(record, 1, 0.0, "clerk")

    tell(place.log(), story)
    assert place.query("select * from labels") == []


def test_a_label_that_json_does_not_know_is_refused(place: Place) -> None:
    row = make_row()

    async def story(log: PredictionLog) -> None:
        await log.append(row)
        with pytest.raises(LogRecordError, match="nan"):
            await log.label(f"{row.id}/0", float("nan"), 0.0, "clerk")

    tell(place.log(), story)


def test_pruning_removes_the_old_rows_with_their_labels_and_frees_their_keys(place: Place) -> None:
    old = [make_row(number, at_unix=1000.0 + number, idempotency_key=f"order {number}") for number in range(1_200)]
    new = make_row(idempotency_key="order of now")

    async def story(log: PredictionLog) -> None:
        await asyncio.gather(*map(log.append, [*old, new]))
        await log.label(f"{old[0].id}/0", 1, 1.0, "clerk")
        await log.label(f"{new.id}/0", 1, 1.0, "clerk")
        assert await log.prune(new.at_unix) == 1_200
        assert await log.prune(new.at_unix) == 0
        assert (await log.labels(old[0].id), len(await log.labels(new.id))) == ([], 1)
        await log.append(make_row(7, idempotency_key="order 7"))

    tell(place.log(), story)
    assert place.query("select count(*) from predictions") == [(2,)]
    assert place.query("select count(*) from labels") == [(1,)]


def test_what_no_database_can_hold_is_simply_not_there(place: Place) -> None:
    async def story(log: PredictionLog) -> None:
        for text in ("\0", "\ud800"):
            assert (await log.get(text), await log.find_key(text)) == (None, None)
            assert (await log.labels(text), (await log.page(None, text, 5, text)).rows) == ([], [])

    tell(place.log(), story)


def test_tables_of_a_newer_program_are_left_alone(place: Place) -> None:
    tell(place.log(), lambda log: log.append(make_row()))
    place.query("insert into schema_version values (99, 0) returning version")

    async def story(log: PredictionLog) -> None:
        with pytest.raises(LogVersionError, match=r"version 99.* up to [0-9]+: use the newer program"):
            await log.start()
        await log.close()

    asyncio.run(story(place.log()))
    assert len(read_numbers(place)) == 1


def test_an_older_version_of_the_tables_is_brought_to_the_next_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_row()
    tell(place.log(), lambda log: log.append(row))
    prefix = "prediction_log." if place.url else ""
    statement = f"create table {prefix}later (id integer)"
    module, more = ("postgres_tables", statement) if place.url else ("sqlite_tables", (statement,))
    earlier = __import__(f"serve.log.{module}", fromlist=["MIGRATIONS"]).MIGRATIONS
    monkeypatch.setattr(f"serve.log.{module}.MIGRATIONS", (*earlier, more))
    assert tell(place.log(), lambda log: log.get(row.id)) == row
    versions = [(number,) for number in range(1, len(earlier) + 2)]
    assert place.query("select version from schema_version order by version") == versions
    assert place.query("select count(*) from later") == [(0,)]


def test_a_log_is_opened_by_what_its_url_says(tmp_path: Path) -> None:
    log = open_log("", tmp_path)
    assert isinstance(log, SqliteLog)
    tell(log, lambda log: log.append(make_row()))
    assert (tmp_path / "predictions.sqlite").is_file()
    assert type(open_log("postgresql://relay@localhost/relay", tmp_path)).__name__ == "PostgresLog"
    with pytest.raises(UsageError, match=r"mysql://.*expected postgresql://"):
        open_log("mysql://relay:secret@localhost/relay", tmp_path)
