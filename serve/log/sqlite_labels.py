"""Many labels at once in SQLite: a statement for each question, however many labels it is about."""

import json
import sqlite3
from collections.abc import Sequence

from serve.log.labelling import Addition, Asked, Known, NewLabel, judge_labels
from serve.log.sqlite_tables import begin

SELECT_KEYS = "select number, key from keyed_records where prediction_id = ? order by number"
SELECT_ASKED = (
    "select id, model, version, json_array_length(input) from predictions where id in (select value from json_each(?))"
)
SELECT_KEYED = (
    "select keyed.key, keyed.prediction_id, keyed.number from json_each(?) as wanted join keyed_records as keyed"
    " on keyed.key = wanted.value and keyed.model = ? and keyed.prediction_id ="
    " (select max(prediction_id) from keyed_records where key = wanted.value and model = ?)"
)
SELECT_KNOWN = (
    "select found.id is not null, (select count(*) from labels where prediction_id = found.id"
    " and number = json_extract(wanted.value, '$[1]')), last.value, last.source"
    " from json_each(?) as wanted left join predictions as found on found.id = json_extract(wanted.value, '$[0]')"
    " left join labels as last on last.seq = (select max(seq) from labels where prediction_id = found.id"
    " and number = json_extract(wanted.value, '$[1]')) order by wanted.key"
)
INSERT = (
    "insert into labels (prediction_id, number, value, at_unix, source) select json_extract(value, '$[0]'),"
    " json_extract(value, '$[1]'), json_extract(value, '$[2]'), ?, json_extract(value, '$[3]')"
    " from json_each(?) order by key"
)


def find_record_keys(connection: sqlite3.Connection, prediction_id: str) -> dict[int, str]:
    """Number of a record of a prediction -> its key."""
    return dict(connection.execute(SELECT_KEYS, (prediction_id,)).fetchall())


def find_asked(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Asked]:
    """Id -> what the prediction was about, of those that are there."""
    found = connection.execute(SELECT_ASKED, (json.dumps(ids),))
    return {id_: Asked(model, version, records) for id_, model, version, records in found}


def find_keyed(connection: sqlite3.Connection, model: str, keys: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Key -> the records that bear it in the last prediction in which one does."""
    found: dict[str, list[tuple[str, int]]] = {}
    for key, prediction_id, number in connection.execute(SELECT_KEYED, (json.dumps(keys), model, model)):
        found.setdefault(key, []).append((prediction_id, number))
    return found


def add_labels(connection: sqlite3.Connection, labels: Sequence[NewLabel], at_unix: float) -> list[Addition]:
    """Commit those labels that are new, together."""
    wanted = json.dumps([(label.prediction_id, label.number) for label in labels])
    with begin(connection):
        known = [Known(bool(there), *rest) for there, *rest in connection.execute(SELECT_KNOWN, (wanted,))]
        additions = judge_labels(labels, known)
        rows = [
            (label.prediction_id, label.number, label.value, label.source)
            for label, addition in zip(labels, additions, strict=True)
            if addition == "added"
        ]
        connection.execute(INSERT, (at_unix, json.dumps(rows)))
    return additions
