"""Many labels at once: an answer for each line, and the same again adds nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from log_places import Place
from serving import Server

CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def server(served: tuple[Server, Place]) -> Server:
    return served[0]


@pytest.fixture
def place(served: tuple[Server, Place]) -> Place:
    return served[1]


def count_labels(place: Place, *ids: str) -> int:
    shown = ", ".join(f"'{id_}'" for id_ in ids)
    return int(place.query(f"select count(*) from labels where prediction_id in ({shown})")[0][0])


def send(server: Server, *lines: Any, headers: dict[str, str] | None = None) -> Any:
    """The answer to labels as JSON lines; a text is a line as it is."""
    body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    answer = server.ask("POST", "/labels", body.encode(), headers or {"Content-Type": "application/x-ndjson"})
    assert answer.status == 200, answer.body
    return answer.json


def states(found: Any) -> list[tuple[int, str]]:
    return [(line["line"], line.get("reason") or line["state"]) for line in found["lines"]]


def predict(server: Server, model: str, *keys: Any) -> str:
    """The id of a prediction of as many records as there are keys."""
    (record, *_) = server.get(f"/models/{model}").json["example"]["records"]
    answer = server.post(
        f"/models/{model}/predict", [{**record, **({} if key is None else {"row": key})} for key in keys]
    )
    assert answer.status == 200, answer.body
    return str(answer.json["prediction_id"])


def find_labels(server: Server, id_: str) -> list[tuple[str, Any, str]]:
    labels = server.get(f"/predictions/{id_}").json["labels"]
    return [(label["record"].rpartition("/")[2], label["value"], label["source"]) for label in labels]


def test_labels_by_id_and_by_key_are_added_once_and_corrected(server: Server, place: Place) -> None:
    old, new = predict(server, "mixed", 7, 8, None), predict(server, "mixed", 8, 9)
    lines = [
        {"prediction_id": old, "value": 1, "source": "clerk"},
        {"prediction_id": old, "record": 2.0, "value": 0},
        {"key": 7, "model": "mixed", "value": 1},  # the same record again: the last line counts
        {"key": "8", "value": 1},  # of the newer prediction
    ]
    first = send(server, *lines)
    assert states(first) == [(1, "superseded"), (2, "added"), (3, "added"), (4, "added")]
    assert [first[state] for state in ("added", "known", "superseded", "refused")] == [3, 0, 1, 0]
    assert [line["record"] for line in first["lines"]] == [f"{old}/0", f"{old}/2", f"{old}/0", f"{new}/0"]
    again = send(server, *lines)
    assert states(again) == [(1, "superseded"), (2, "known"), (3, "known"), (4, "known")]
    assert find_labels(server, old) == [("2", 0, ""), ("0", 1, "")]
    corrected = send(server, {"prediction_id": old, "value": 0}, {"prediction_id": old, "record": 2, "value": 1})
    assert states(corrected) == [(1, "added"), (2, "added")]
    assert states(send(server, {"key": 7, "value": 1})) == [(1, "added")]  # and back
    assert [label for label in find_labels(server, old) if label[0] == "0"][-1] == ("0", 1, "")
    assert count_labels(place, old, new) == 6
    by_one = server.post(f"/predictions/{old}/label", {"value": 1, "record": 0})
    assert by_one.status == 201, "the route for one label stays"
    assert 'relay_labels_total{state="known"} ' in server.get("/metrics").body.decode()


def test_each_line_that_is_wrong_is_refused_with_its_reason_and_the_others_are_taken(server: Server) -> None:
    id_, twice = predict(server, "mixed", 1), predict(server, "mixed", 5, 5)
    lines: list[tuple[Any, str]] = [
        ({"prediction_id": id_, "value": 1}, "added"),
        ("", ""),
        ("{", "unreadable"),
        ("[]", "unreadable"),
        ({"prediction_id": id_}, "unreadable"),
        ({"value": 1}, "unreadable"),
        ({"prediction_id": id_, "key": 1, "value": 1}, "unreadable"),
        ({"key": 1, "record": 0, "value": 1}, "unreadable"),
        ({"prediction_id": id_, "value": 1, "colour": 1}, "unreadable"),
        ({"prediction_id": id_, "value": [True]}, "unreadable"),
        (f'{{"prediction_id": "{id_}", "value": 1, "value": 0}}', "unreadable"),
        ({"prediction_id": "\0", "value": 1}, "unreadable"),
        ({"prediction_id": "0" * 32, "value": 1}, "unknown-prediction"),
        ({"prediction_id": id_, "model": "line", "value": 1}, "unknown-prediction"),
        ({"prediction_id": id_, "record": 1, "value": 1}, "wrong-record"),
        ({"prediction_id": id_, "record": -1, "value": 1}, "wrong-record"),
        ({"prediction_id": id_, "record": 0.5, "value": 1}, "wrong-record"),
        ({"prediction_id": id_, "value": "perhaps"}, "wrong-value"),
        ({"prediction_id": id_, "value": None}, "wrong-value"),
        (f'{{"prediction_id": "{id_}", "value": 1e999}}', "wrong-value"),
        ({"prediction_id": id_, "value": 1, "source": "x" * 300}, "wrong-value"),
        ({"key": 404, "value": 1}, "unknown-key"),
        ({"key": "A-17", "value": 1}, "unknown-key"),
        ({"key": "", "value": 1}, "unknown-key"),
        ({"key": 1, "model": "line", "value": 1}, "unknown-key"),
        ({"key": 1, "model": "unheard", "value": 1}, "unknown-key"),
        ({"key": 5, "value": 1}, "ambiguous-key"),
    ]
    found = send(server, *(line for line, _ in lines))
    expected = [(number, reason) for number, (_, reason) in enumerate(lines, start=1) if reason]
    assert states(found) == expected
    assert (found["added"], found["refused"]) == (1, len(expected) - 1)
    assert all(line.get("detail") for line in found["lines"][1:])
    ambiguous = found["lines"][-1]["detail"]
    assert (twice in ambiguous, "records 0, 1; name one by prediction_id and record" in ambiguous) == (True, True)
    assert find_labels(server, id_) == [("0", 1, "")]


def test_a_record_takes_so_many_labels_and_a_last_one_again(server: Server) -> None:
    id_ = predict(server, "mixed", 1)
    for number in range(20):
        assert send(server, {"prediction_id": id_, "value": number % 2})["added"] == 1
    assert states(send(server, {"prediction_id": id_, "value": 0})) == [(1, "too-many-labels")]
    assert states(send(server, {"prediction_id": id_, "value": 1})) == [(1, "known")]


def test_labels_come_as_csv_and_as_a_list_too(server: Server) -> None:
    id_, other = predict(server, "mixed", 1, 2, 3), predict(server, "line", None)
    text = f"\ufeffprediction_id,record,key,value,source\r\n{id_},,,1,\r\n,,2,0,desk\r\n{id_},x,,1,\r\n{id_},2\r\n"
    found = send(server, text, headers=CSV)
    assert states(found) == [(2, "added"), (3, "added"), (4, "unreadable"), (5, "unreadable")]
    listed = server.post("/labels", [{"prediction_id": id_, "record": 1, "value": 0, "source": "desk"}])
    assert states(listed.json) == [(1, "known")]
    assert find_labels(server, id_) == [("0", 1, ""), ("1", 0, "desk")]
    # A number of a target of numbers stays one, also where it came as a text.
    assert send(server, f"prediction_id,value\n{other},2.5", headers=CSV)["added"] == 1
    assert find_labels(server, other) == [("0", 2.5, "")]


def test_as_many_as_a_request_may_hold_are_added_and_found_again(server: Server, place: Place) -> None:
    ids = [predict(server, "line", *[None] * 1_000) for _ in range(10)]
    lines = [{"prediction_id": id_, "record": n, "value": n / 8} for id_ in ids for n in range(1_000)]
    assert send(server, *lines)["added"] == 10_000
    assert (send(server, *lines)["known"], count_labels(place, *ids)) == (10_000, 10_000)
    one_more = server.ask("POST", "/labels", "\n".join(map(json.dumps, [*lines, lines[0]])))
    assert (one_more.status, one_more.json["type"]) == (413, "urn:relay:problem:too-many-rows")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/x-ndjson", 400),
        (b" \n \n", "application/x-ndjson", 400),
        (b"[]", "application/json", 400),
        (b"[1", "application/json", 400),
        (b"", "text/csv", 400),
        (b"id,value\n1,2\n", "text/csv", 400),
        (b"prediction_id,prediction_id,value\n1,1,2\n", "text/csv", 400),
        (b"prediction_id\n1\n", "text/csv", 400),
        (b'prediction_id,value\n"1,2\n', "text/csv", 400),
        (b"prediction_id,value\n\xff,2\n", "text/csv", 400),
        (b"x", "text/plain", 415),
        (b"{}", "application/json; charset=latin-1", 415),
    ],
)
def test_a_body_without_labels_is_refused_as_a_whole(server: Server, body: bytes, kind: str, status: int) -> None:
    answer = server.ask("POST", "/labels", body, {"Content-Type": kind})
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_model_must_be_named_where_several_could_be_meant(start: Callable[..., Server]) -> None:
    server = start("mixed", "line", MODEL_URI="")
    found = send(server, {"key": 1, "value": 1})
    assert states(found) == [(1, "unknown-model")]
    assert "expected the name of its model" in found["lines"][0]["detail"]
