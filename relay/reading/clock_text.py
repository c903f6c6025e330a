"""Times that have a type as texts."""

import pyarrow as pa
import pyarrow.compute as pc

ENDS = r"([+-]\d{4}|Z|)$"
"""What stands behind the seconds: a zone, or nothing."""


def describe_clock(array: pa.Array) -> pa.Array:
    """Dates, times of day and moments as texts, the same for every unit: no fraction where it is zero."""
    text = array.cast(pa.string())
    if pa.types.is_date(array.type):
        return text
    whole = pc.replace_substring_regex(text, rf"\.0+{ENDS}", r"\1")
    return pc.replace_substring_regex(whole, rf"(\.\d*[1-9])0+{ENDS}", r"\1\2")
