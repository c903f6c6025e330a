"""What became of a batch of rows that was not wholly taken."""

from collections.abc import Mapping

from relay.handoff.errors import RelayError
from serve.log.record import LogKeyTakenError, LogRowError, LogUnavailableError, Row


def judge_rows(rows: list[Row], by_id: Mapping[str, Row], by_key: Mapping[str, Row]) -> dict[str, RelayError]:
    """Why rows of a batch are not in the log, by id, from what the log holds under their ids and keys.

    A row that is there as it was sent counts as committed: an earlier attempt whose outcome nobody heard of wrote it.
    """
    refused: dict[str, RelayError] = {}
    for row in rows:
        found = by_id.get(row.id)
        if found == row:
            continue
        holder = by_key.get(row.idempotency_key or "")
        if found is not None:
            refused[row.id] = LogRowError(f"prediction {row.id}: the log holds another prediction under this id")
        elif holder is not None:
            refused[row.id] = LogKeyTakenError(holder)
        else:
            refused[row.id] = LogUnavailableError(f"prediction {row.id}: not in the log after its commit; ask again")
    return refused
