"""Many labels at once in PostgreSQL: a statement for each question, however many labels it is about."""

from collections.abc import Sequence
from typing import Any

from serve.log.labelling import Addition, Asked, Known, NewLabel, judge_labels
from serve.log.postgres_tables import SCHEMA

LOCK = 7_205_759_405
"""Of the advisory lock that one writer of many labels holds: two that send the same label at once add it once."""

# The names in these statements are our own.
SELECT_KEYS = f"select number, key from {SCHEMA}.keyed_records where prediction_id = $1 order by number"  # noqa: S608
SELECT_ASKED = f"""
    select id, model, version,
           case json_typeof(input::json) when 'array' then json_array_length(input::json) else 0 end
    from {SCHEMA}.predictions where id = any($1::text[])
"""  # noqa: S608
SELECT_KEYED = f"""
    select keyed.key, keyed.prediction_id, keyed.number
    from unnest($1::text[]) as wanted (key)
    cross join lateral (select max(prediction_id) as id from {SCHEMA}.keyed_records
                        where key = wanted.key and model = $2) as last
    join {SCHEMA}.keyed_records as keyed
      on keyed.key = wanted.key and keyed.model = $2 and keyed.prediction_id = last.id
"""  # noqa: S608
KEEP = f"select from {SCHEMA}.predictions where id = any($1::text[]) order by id for key share"
SELECT_KNOWN = f"""
    select found.id is not null,
           (select count(*) from {SCHEMA}.labels where prediction_id = found.id and number = wanted.number),
           last.value, last.source
    from unnest($1::text[], $2::bigint[]) with ordinality as wanted (id, number, place)
    left join {SCHEMA}.predictions as found on found.id = wanted.id
    left join lateral (select value, source from {SCHEMA}.labels
                       where prediction_id = found.id and number = wanted.number order by seq desc limit 1) as last
      on true
    order by wanted.place
"""  # noqa: S608
INSERT = f"""
    insert into {SCHEMA}.labels (prediction_id, number, value, at_unix, source)
    select id, number, value, $5, source
    from unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) with ordinality
      as new (id, number, value, source, place) order by place
"""  # noqa: S608


async def find_record_keys(connection: Any, prediction_id: str) -> dict[int, str]:
    """Number of a record of a prediction -> its key."""
    return dict([tuple(found) for found in await connection.fetch(SELECT_KEYS, prediction_id)])


async def find_asked(connection: Any, ids: Sequence[str]) -> dict[str, Asked]:
    """Id -> what the prediction was about, of those that are there."""
    return {id_: Asked(*rest) for id_, *rest in await connection.fetch(SELECT_ASKED, list(ids))}


async def find_keyed(connection: Any, model: str, keys: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Key -> the records that bear it in the last prediction in which one does."""
    found: dict[str, list[tuple[str, int]]] = {}
    for key, prediction_id, number in await connection.fetch(SELECT_KEYED, list(keys), model):
        found.setdefault(key, []).append((prediction_id, number))
    return found


async def add_labels(connection: Any, labels: Sequence[NewLabel], at_unix: float) -> list[Addition]:
    """Commit those labels that are new, together."""
    ids, numbers = [label.prediction_id for label in labels], [label.number for label in labels]
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        await connection.execute(KEEP, ids)  # they may not be pruned until the labels are there
        known = [Known(*found) for found in await connection.fetch(SELECT_KNOWN, ids, numbers)]
        additions = judge_labels(labels, known)
        new = [label for label, addition in zip(labels, additions, strict=True) if addition == "added"]
        await connection.execute(
            INSERT,
            [label.prediction_id for label in new],
            [label.number for label in new],
            [label.value for label in new],
            [label.source for label in new],
            at_unix,
        )
    return additions
