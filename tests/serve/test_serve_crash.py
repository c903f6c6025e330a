"""kill -9 of the service under load: every prediction that was answered is in the log, once, and so is every key."""

import itertools
import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from log_places import Place, SqlitePlace
from patience import HANG_SECONDS
from serve_load import (
    Heard,
    Load,
    body_of,
    find_workers,
    headers_of,
    load_and_kill,
    number_of,
    wait_until_ready,
)
from serving import Server, lay_version

pytestmark = pytest.mark.crash

KILLS = int(os.environ.get("RELAY_SERVICE_KILLS", "5"))
"""For each database and number of processes: a third of what the kills of a stage are set to."""

SEED = 20_261_120

REPEATS = 20
"""Keys of a round that are asked for again, of those whose answer was heard."""


@pytest.mark.parametrize("workers", [1, 2])
def test_no_answered_prediction_and_no_key_is_lost_by_a_kill(
    place: Place, data: Path, results: Callable[..., Path], workers: int
) -> None:
    lay_version(data, results("line"), "1")
    chance, numbers, heard = random.Random(f"{SEED} {workers}"), itertools.count(), Heard()
    server = Server(data, ("line",), {"DATABASE_URL": place.url, "API_WORKERS": str(workers)})
    for _ in range(KILLS):
        wait_until_ready(server.start())
        repeat_keys(server, heard)
        load_and_kill(server, heard, numbers, chance)
        require_all(place, heard)
    wait_until_ready(server.start())
    try:
        repeat_keys(server, heard)
        id_, number = list(heard.answered.items())[-1]
        assert server.get(f"/predictions/{id_}").json["input"] == [json.loads(body_of(number))]
    finally:
        server.stop()
    require_all(place, heard)
    print(f"{type(place).__name__}, {workers}: {KILLS} kills, {len(heard.answered)} answered")  # noqa: T201


def repeat_keys(server: Server, heard: Heard) -> None:
    """Ask again with the keys of the last round: what was answered is told again, what was not is answered once."""
    for number in list(heard.bodies)[-REPEATS:]:
        again = server.ask("POST", "/predict", body_of(number), headers_of(number))
        assert (again.body, again.headers.get("idempotency-replayed")) == (heard.bodies[number], "true")
    while heard.open_keys:
        number = heard.open_keys.pop()
        first, second = (server.ask("POST", "/predict", body_of(number), headers_of(number)) for _ in range(2))
        assert (first.status, second.body, second.headers.get("idempotency-replayed")) == (200, first.body, "true")
        heard.bodies[number] = first.body
        heard.answered[first.json["prediction_id"]] = number


def require_all(place: Place, heard: Heard) -> None:
    """Each answer that was heard is in the log, and no request and no key twice."""
    rows = place.query("select id, input, idempotency_key from predictions")
    there = {id_: number_of(sent) for id_, sent, _ in rows}
    assert {id_: number for id_, number in heard.answered.items() if there.get(id_) != number} == {}
    assert (heard.refused, heard.answered != {}) == (Counter(), True)
    for found in (Counter(there.values()), Counter(key for *_, key in rows if key)):
        assert [name for name, times in found.items() if times > 1] == []
    if isinstance(place, SqlitePlace):
        assert place.query("pragma integrity_check") == [("ok",)]


def test_workers_end_with_the_process_that_started_them(data: Path, results: Callable[..., Path]) -> None:
    # Else they would keep the port, and the next start would fail.
    lay_version(data, results("line"), "1")
    server = wait_until_ready(Server(data, ("line",), {"API_WORKERS": "2"}).start())
    heard = Heard()
    with Load(server, heard, itertools.count()).running() as load:
        load.wait_for_more()
        workers = find_workers(server)
        assert server.process is not None
        server.process.kill()
        gone, left = psutil.wait_procs(workers, HANG_SECONDS)
    for worker in left:
        worker.kill()
    assert (len(gone), left) == (2, [])
    server.output.close()
    require_all(SqlitePlace(data / "serve"), heard)
