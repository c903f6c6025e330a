"""A moment in a record: a text in ISO 8601, with one meaning for the command line, the page and the API.

The same texts as in ingest: a date, or a date and a time of day, UTC where no zone is given.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # an ONNX model needs none of it
    import pandas as pd

    from relay.registry.contract import Cell

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MISSING = int(np.iinfo(np.int64).min)
"""What NumPy and pandas take for a missing moment."""

FORM = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"([T ](?P<hour>\d{2})(:(?P<minute>\d{2})(:(?P<second>\d{2})(\.(?P<fraction>\d+))?)?)?"
    r"(?P<zone>Z|[+-]\d{2}(:?\d{2})?)?)?",
    re.ASCII,
)

EXPECTED = "a date, or a date and time, such as 2024-05-31 or 2024-05-31T12:30:00Z (UTC where no zone is given)"


def read_moment(text: str) -> datetime | None:
    """The moment in a text, to the microsecond, in UTC; None where the text names none of them."""
    found = FORM.fullmatch(text.strip())
    if found is None:
        return None
    clock = f"{found['hour'] or '00'}:{found['minute'] or '00'}:{found['second'] or '00'}"
    fraction = (found["fraction"] or "0")[:6].ljust(6, "0")  # finer than we keep
    zone = found["zone"] or "Z"
    zone = f"{zone}:00" if re.fullmatch(r"[+-]\d\d", zone) else zone
    try:
        return datetime.fromisoformat(f"{found['date']}T{clock}.{fraction}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):  # the 31st of June, or a zone that leaves the years 1 to 9999
        return None


def write_moment(moment: datetime) -> str:
    """A moment as it stands in records, examples and logs: `2024-05-31T12:30:00Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def make_moments(cells: "Sequence[Cell]") -> "pd.Series":
    """The cells of records as pandas has moments, datetime64[us, UTC]; None is missing."""
    counts = [MISSING if cell is None else _count(str(cell)) for cell in cells]
    return from_counts(np.array(counts, np.int64))


def from_counts(microseconds: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> "pd.Series":
    """Microseconds since 1970 (n,) as pandas has moments, datetime64[us, UTC]; `MISSING` is missing."""
    import pandas as pd

    return pd.Series(microseconds.view("datetime64[us]")).dt.tz_localize("UTC")


def _count(text: str) -> int:
    moment = read_moment(text)
    if moment is None:
        raise ValueError(f"{text!r} is no moment; expected {EXPECTED}")
    return (moment - EPOCH) // MICROSECOND
