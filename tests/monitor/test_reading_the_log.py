"""The log is read in the order of commits: each row once, however late it comes and whatever happens to the file."""

import asyncio
import time

import asyncpg
import pytest
from logged import CREDIT, Log, make_row, name_ids

from monitor.log.opening import open_log
from monitor.log.record import PAGE_ROWS, SETTLE_SECONDS, LogAwayError, Position, Which


def test_a_log_that_is_not_there_is_empty(log: Log) -> None:
    assert log.read() == [[], None]


def test_rows_of_one_version_are_read_once_each(log: Log) -> None:
    others = [make_row(7, version="4"), make_row(8, model="other")]
    log.write([make_row(1), *others, make_row(2)])
    first, position = log.read()
    assert first == name_ids(1, 2)
    assert log.read(position) == [[], position]
    log.write([make_row(3), make_row(4)])
    assert log.read(position)[0] == name_ids(3, 4)
    assert log.read(None, which=Which("credit", "4"))[0] == name_ids(7)


def test_a_row_that_is_committed_late_with_an_earlier_time_is_read_once(log: Log) -> None:
    log.write([make_row(5), make_row(6)])
    _, position = log.read()
    log.write([make_row(1), make_row(7)])
    found, position = log.read(position)
    assert (found, log.read(position)[0]) == (name_ids(1, 7), [])


def test_more_rows_than_a_page_are_read_in_order(log: Log) -> None:
    rows = [make_row(number) for number in range(PAGE_ROWS + 3)]
    log.write(rows)
    assert log.read()[0] == [row.id for row in rows]


def test_a_page_ends_with_a_large_row(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sqlite", "postgres"):
        monkeypatch.setattr(f"monitor.log.{module}.PAGE_BYTES", 40)
    log.write([make_row(number, input=b'["%s"]' % (b"x" * 100 * (number % 2))) for number in range(6)])
    assert log.read()[0] == name_ids(*range(6))


def test_rows_of_the_last_seconds_wait(log: Log) -> None:
    now = 5_000.0
    times = [now - SETTLE_SECONDS - 1, now - SETTLE_SECONDS + 1, now - SETTLE_SECONDS - 2]
    log.write([make_row(number, at_unix=at_unix) for number, at_unix in enumerate(times)])
    found, position = log.read(until=now)
    assert found == name_ids(0)
    assert log.read(position, now + 60)[0] == name_ids(1, 2)


def test_a_row_from_a_clock_that_is_an_hour_ahead_holds_up_nothing(log: Log) -> None:
    log.write([make_row(1, at_unix=9_000.0), make_row(2)])
    assert log.read(until=5_000.0)[0] == name_ids(1, 2)


def test_reading_goes_on_where_the_last_row_was_pruned(log: Log) -> None:
    log.write([make_row(number) for number in range(4)])
    _, position = log.read()
    log.write([make_row(4), make_row(5)])
    log.execute("delete from {p}predictions where at_unix < 1004")
    assert log.read(position)[0] == name_ids(4, 5)


def test_the_last_label_of_a_record_counts(log: Log) -> None:
    first, second = name_ids(1, 2)
    log.write([make_row(1), make_row(2)], [(f"{first}/0", 0), (f"{second}/3", "b"), (f"{first}/0", 1)])
    with open_log(log.folder, log.url) as reader:
        assert reader.labels([first, second, "f" * 32]) == {(first, 0): 1, (second, 3): "b"}
        assert reader.labels([]) == {}


def test_counts_of_refused_records_are_read_once_each(log: Log) -> None:
    log.write([make_row(1)])
    insert = (
        "insert into {p}refused (at_unix, model, version, kind, requests, records, by_column)"
        " values ($1, 'credit', $2, 'records', 1, $3, '{{}}')"
    )
    for at_unix, version, records in ((1.0, "3", 2), (2.0, "4", 9), (0.5, "3", 5)):
        log.execute(insert, at_unix, version, records)
    with open_log(log.folder, log.url) as reader:
        found = list(reader.refused(CREDIT, None))
        assert [one.records for one in found] == [2, 5]
        assert [one.records for one in reader.refused(CREDIT, found[0].position)] == [5]
        assert list(reader.refused(CREDIT, found[1].position)) == []


def test_numbers_that_vacuum_gives_anew_skip_nothing(sqlite_log: Log) -> None:
    sqlite_log.write([make_row(number) for number in range(6)])
    sqlite_log.execute("delete from predictions where at_unix < 1003")
    with open_log(sqlite_log.folder) as reader:
        position = next(iter(reader.rows(CREDIT, None, 1e9))).position
    sqlite_log.execute("vacuum")
    sqlite_log.write([make_row(6)])
    assert sqlite_log.read(position)[0] == name_ids(4, 5, 6)


def test_a_new_file_after_a_damaged_one_is_read_from_its_beginning(sqlite_log: Log) -> None:
    sqlite_log.write([make_row(number) for number in range(9)])
    _, position = sqlite_log.read()
    for path in sqlite_log.folder.glob("predictions.sqlite*"):
        path.unlink()
    sqlite_log.write([make_row(number) for number in (9, 10)])
    assert sqlite_log.read(position)[0] == name_ids(9, 10)


def test_a_file_that_is_no_log_is_an_error_that_says_so(sqlite_log: Log) -> None:
    sqlite_log.folder.mkdir()
    (sqlite_log.folder / "predictions.sqlite").write_bytes(b"nonsense" * 100)
    with pytest.raises(LogAwayError, match="cannot be read"):
        sqlite_log.read()


@pytest.mark.postgres
def test_a_transaction_under_way_holds_back_what_was_committed_after_it_began(postgres_log: Log) -> None:
    postgres_log.write([make_row(1)])
    insert = (
        "insert into prediction_log.predictions (id, at_unix, model, version, run_id, input, output, latency_us,"
        " client) values ($1, 1002, 'credit', '3', 'r', '[]', '{}', 1, 'c')"
    )

    async def story() -> None:
        connection = await asyncpg.connect(postgres_log.url)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(insert, name_ids(2)[0])
        await asyncio.to_thread(postgres_log.write, [make_row(3)])
        found, position = await asyncio.to_thread(postgres_log.read)
        assert found == name_ids(1)
        await transaction.commit()
        assert (await asyncio.to_thread(postgres_log.read, position))[0] == name_ids(2, 3)
        await connection.close()

    asyncio.run(story())


@pytest.mark.postgres
def test_a_log_that_was_restored_into_a_new_server_is_read_on_by_time(postgres_log: Log) -> None:
    postgres_log.write([make_row(1), make_row(2)])
    postgres_log.execute("update {p}predictions set logged_by = '900000000000'")
    with open_log(postgres_log.folder, postgres_log.url) as reader:
        assert list(reader.rows(CREDIT, None, time.time())) == []
    position = Position(900_000_000_000, name_ids(1)[0], 1001.0)
    found, position = postgres_log.read(position)
    assert found == name_ids(2)
    postgres_log.write([make_row(3)])
    assert postgres_log.read(position)[0] == name_ids(3)


@pytest.mark.postgres
def test_a_log_of_an_earlier_release_is_an_error_that_says_what_to_do(postgres_log: Log) -> None:
    postgres_log.write([make_row(1)])
    postgres_log.execute("delete from {p}schema_version where version > 2")
    with pytest.raises(LogAwayError, match="Start the API of this release once"):
        postgres_log.read()
