"""kill -9 under load: every prediction whose id a client has heard is in the log, once, with what was asked."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable

import pytest
from counts import share_kills
from log_clients import Heard, LogProcess, load_and_kill
from log_places import Place, SqlitePlace, read_numbers

pytestmark = pytest.mark.crash

SEED = 20_261_120


@pytest.mark.counted
@pytest.mark.parametrize("workers", [1, 2])
def test_no_prediction_that_was_answered_is_lost_by_a_kill(
    place: Place, workers: int, record_property: Callable[[str, object], None]
) -> None:
    kills = share_kills("log", ways=4)  # two databases, one writer and two
    chance, numbers = random.Random(f"{SEED} {workers}"), itertools.count()
    stored: dict[str, str] = {}
    for _ in range(kills):
        heard = load_and_kill([LogProcess(place) for _ in range(workers)], chance, numbers)
        assert (heard.failed, heard.stored != {}) == ([], True)
        stored |= heard.stored
        there = read_numbers(place)
        assert {key: number for key, number in stored.items() if there.get(key) != number} == {}
        assert Counter(there.values()).most_common(1)[0][1] == 1, "a number that was sent once is there twice"
    if isinstance(place, SqlitePlace):
        assert place.query("pragma integrity_check") == [("ok",)]
    record_property("kills of the log", kills)
    record_property("answers of the log, all of them found", len(stored))


def test_an_answer_before_its_commit_is_caught_losing_predictions(place: Place) -> None:
    # Otherwise the test above could not fail.
    chance, numbers = random.Random(SEED), itertools.count()
    lost = 0
    for _ in range(10):
        heard = load_and_kill([LogProcess(place, "answer-first")], chance, numbers)
        lost += len(heard.stored.keys() - read_numbers(place).keys())
        if lost:
            break
    assert lost > 0


def test_two_processes_give_an_idempotency_key_to_one_row(place: Place) -> None:
    processes = [LogProcess(place) for _ in range(2)]
    keys = [f"order-{number}" for number in range(200)]
    heard = Heard()

    async def send(port: int, mine: list[str]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for key in mine:
            writer.write(f"1 {key}\n".encode())
            said, word = (await reader.readline()).decode().split()
            assert said in ("stored", "taken")
            heard.taken.setdefault(key, []).append(word)
            if said == "stored":
                heard.stored[word] = key
        writer.close()

    async def run(ports: list[int]) -> None:
        await asyncio.gather(*(send(port, keys) for port in ports for _ in range(4)))

    try:
        asyncio.run(run([process.wait_for_port() for process in processes]))
    finally:
        for process in processes:
            process.kill()
    assert {key: len(set(ids)) for key, ids in heard.taken.items()} == dict.fromkeys(keys, 1)
    assert sorted(heard.stored.values()) == sorted(keys)
    assert place.query("select count(*) from predictions") == [(200,)]
