"""Moments in ISO 8601, UTC where no zone is given; needs nothing but Python."""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

FORM = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"([T ](?P<hour>\d{2})(:(?P<minute>\d{2})(:(?P<second>\d{2})(\.(?P<fraction>\d+))?)?)?"
    r"( ?(?P<zone>Z|UTC|GMT|[+-]\d{2}(:?\d{2})?))?)?",
    re.ASCII,
)
FULL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
"""A moment with all its parts, as programs write it."""

EXPECTED = "a date, or a date and time, such as 2024-05-31 or 2024-05-31T12:30:00Z (UTC where no zone is given)"


def read_iso(text: str) -> datetime | None:
    """The moment in a text in ISO 8601, to the microsecond, in UTC; None where the text names none of them."""
    found = FORM.fullmatch(text.strip())
    if found is None:
        return None
    clock = f"{found['hour'] or '00'}:{found['minute'] or '00'}:{found['second'] or '00'}"
    fraction = (found["fraction"] or "0")[:6].ljust(6, "0")  # finer than we keep
    zone = "Z" if found["zone"] in (None, "UTC", "GMT") else found["zone"]
    zone = f"{zone}:00" if re.fullmatch(r"[+-]\d\d", zone) else zone
    try:
        return datetime.fromisoformat(f"{found['date']}T{clock}.{fraction}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):  # the 31st of June, or a zone that leaves the years 1 to 9999
        return None


def write_moment(moment: datetime) -> str:
    """A moment as it stands in records, examples and logs: `2024-05-31T12:30:00Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
