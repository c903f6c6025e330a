"""Counts of refused records in the log: bounded, and pruned with the predictions."""

import pytest
from log_places import Place, tell

from serve.log.record import PredictionLog
from serve.log.refusing import Refused


def make_refused(number: int) -> Refused:
    return Refused(1000.0 + number, "credit", "3", "invalid-records", 1, 2, {"age": number})


def test_the_oldest_counts_make_room_and_old_ones_are_pruned(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("sqlite", "postgres"):
        statement = __import__(f"serve.log.{module}", fromlist=["TRIM_REFUSED"]).TRIM_REFUSED
        monkeypatch.setattr(f"serve.log.{module}.TRIM_REFUSED", statement.replace("100000", "5"))

    async def story(log: PredictionLog) -> None:
        for number in range(4):
            await log.note_refused([make_refused(2 * number), make_refused(2 * number + 1)])

    tell(place.log(), story)
    assert place.query("select at_unix, by_column from refused order by seq") == [
        (1000.0 + number, f'{{"age": {number}}}') for number in range(3, 8)
    ]
    tell(place.log(), lambda log: log.prune(1005.0))
    assert place.query("select count(*) from refused") == [(3,)]
