"""kill -9 of the service while labels come: each that was answered is in the log, once, and may be sent again."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from counts import share_kills
from log_places import Place
from serve_load import wait_until_ready
from serving import Server, lay_version

pytestmark = pytest.mark.crash

SEED = 20_261_127
RECORDS, PART = 1_000, 100


def predict(server: Server) -> str:
    answer = server.post("/predict", [{"x": 1.0}] * RECORDS)
    assert answer.status == 200
    return str(answer.json["prediction_id"])


def send(server: Server, id_: str, start: int) -> dict[str, str]:
    """Record -> state of a part of labels."""
    lines = [{"prediction_id": id_, "record": start + n, "value": start + n} for n in range(PART)]
    answer = server.ask("POST", "/labels", "\n".join(map(json.dumps, lines)))
    assert answer.status == 200, answer.body
    return {line["record"]: line["state"] for line in answer.json["lines"]}


def label_until_killed(server: Server, heard: dict[str, str], begun: threading.Event) -> None:
    try:
        while True:
            id_ = predict(server)
            for start in range(0, RECORDS, PART):
                heard |= send(server, id_, start)
                begun.set()
    except (OSError, http.client.HTTPException):
        return


@pytest.mark.counted
def test_no_label_that_was_answered_is_lost_by_a_kill(
    place: Place, data: Path, results: Callable[..., Path], record_property: Callable[[str, object], None]
) -> None:
    kills = share_kills("log", ways=8)  # two databases, beside the predictions
    lay_version(data, results("line"), "1")
    chance, heard = random.Random(SEED), dict[str, str]()
    server = Server(data, ("line",), {"DATABASE_URL": place.url})
    for _ in range(kills):
        wait_until_ready(server.start())
        begun = threading.Event()
        threads = [threading.Thread(target=label_until_killed, args=(server, heard, begun)) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert begun.wait(60)
        time.sleep(chance.uniform(0.0, 0.5))
        assert server.process is not None
        server.process.kill()
        for thread in threads:
            thread.join()
        server.stop()
        rows = place.query("select prediction_id, number, value from labels")
        found = Counter(f"{id_}/{number}" for id_, number, _ in rows)
        assert set(heard.values()) == {"added"}
        assert heard.keys() - found.keys() == set(), "a label that was answered is not there"
        assert found.most_common(1)[0][1] == 1, "a label that was sent once is there twice"
        assert all(str(float(number)) == str(float(value)) for _, number, value in rows)
    wait_until_ready(server.start())
    try:
        id_, _, number = next(reversed(heard)).rpartition("/")
        assert set(send(server, id_, int(number) // PART * PART).values()) == {"known"}
    finally:
        server.stop()
    record_property("kills of the service while labels came", kills)
    record_property("labels answered, all of them found once", len(heard))
