"""kill -9 of the service under load: every prediction that was answered is in the log, once, and so is every key."""

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from counts import share_kills
from log_places import Place, SqlitePlace
from patience import HANG_SECONDS
from serve_load import (
    Heard,
    Load,
    body_of,
    find_workers,
    load_and_kill,
    repeat_keys,
    require_all,
    wait_until_ready,
)
from serving import Server, lay_version

pytestmark = pytest.mark.crash

SEED = 20_261_120


@pytest.mark.counted
@pytest.mark.parametrize("workers", [1, 2])
def test_no_answered_prediction_and_no_key_is_lost_by_a_kill(
    place: Place,
    data: Path,
    results: Callable[..., Path],
    workers: int,
    record_property: Callable[[str, object], None],
) -> None:
    kills = share_kills("service", ways=4)  # two databases, one process and two
    lay_version(data, results("line"), "1")
    chance, numbers, heard = random.Random(f"{SEED} {workers}"), itertools.count(), Heard()
    server = Server(data, ("line",), {"DATABASE_URL": place.url, "API_WORKERS": str(workers)})
    for _ in range(kills):
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
    assert heard.refused == Counter()
    record_property("kills of the service", kills)
    record_property("answers of the killed service, all of them found", len(heard.answered))


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
