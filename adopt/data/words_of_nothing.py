"""Words that often mean "no value", and those that always do."""

from relay.reading.spellings import MISSING_WORDS

USUAL = frozenset(word for word in MISSING_WORDS if word)
"""What ingest takes for no value in columns that are not words."""

NO_DATES = frozenset(
    (
        "0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00", "0000-00-00T00:00:00Z",
        "00.00.0000", "00/00/0000", "00-00-0000", "0000/00/00", "1900-01-00", "1900-01-00 00:00:00", "1/0/1900",
    )
)  # fmt: skip
"""What MySQL, SAP and spreadsheets write for a date that is not there: no calendar has it."""

SURE = (
    USUAL - {"NA", "None"} | {"\\N", "<NA>", "NaT", "<null>", "(null)", "#NULL!", "#N/A N/A", "-nan", "n/a"} | NO_DATES
)
"""What programs write for no value, and people do not use as a value."""

OF_INSTRUMENTS = frozenset(
    (
        "Undetermined", "undetermined", "UNDETERMINED", "<LOD", "< LOD", "<LOQ", "< LOQ", "<LLOQ", ">ULOQ", "overflow",
        "Overflow", "OVERFLOW", "OVRFLW", "OVRFLOW", "underflow", "saturated", "Saturated", "SATURATED", "out of range",
        "Out of range",
    )
)  # fmt: skip
"""What instruments write for a number that they could not measure."""

SUSPECTED = frozenset(
    (
        *USUAL, *SURE, "na", "none", "Null", "NONE", "?", "??", "-", "--", "---", ".", "..", "...", "*",
        ":", "/", "x", "X",
        "ERR", "ERROR", "err", "error", "Error", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NUM!", "missing", "Missing",
        "MISSING", "unknown", "Unknown", "UNKNOWN", "n.a.", "N.A.", "n/d", "nd", "ND", "k.A.", "k. A.", "keine Angabe",
        "not available", "Not available", "not applicable", "Not applicable", "unbekannt", "nil", "NIL", "void",
        "undefined", "n.d.", "s/d", "tbd", "TBD", "–", "—", *OF_INSTRUMENTS,
    )
)  # fmt: skip
"""Words to look at in any column."""

LEVELS = frozenset(
    (
        "none", "NONE", "ERR", "ERROR", "err", "error", "Error", "missing", "Missing", "MISSING", "unknown", "Unknown",
        "UNKNOWN", "not available", "Not available", "not applicable", "Not applicable", "unbekannt", "void",
        "keine Angabe", "undefined", "tbd", "TBD", "nil", "NIL", "x", "X",
        *OF_INSTRUMENTS,
    )
)  # fmt: skip
"""Those of them that are as good as any other word in a column of words."""

NUMBERS = (
    -1, -9, -99, -999, -9999, -99999, -999999, 9, 99, 999, 9999, 99999, 999999, 9999999, 99999999, 999999999,
    -99.9, -999.9, -999.25, -999.99, 99.9, 999.9, 999.99, -32768, 32767, -2147483648, 2147483647, -9e18,
    1e20, 1e30, -1e30,
    *(sign * code for sign in (1, -1) for code in (66, 77, 88, 97, 98, 777, 888, 997, 998, 7777, 8888, 9997, 9998)),
    -7, -8,
)  # fmt: skip
"""Numbers that stand for no value in many files."""

NOT_AVAILABLE = frozenset(
    (
        "-", "--", "---", ".", "..", "...", "*", ":", "/", "?", "??", "x", "X", "n/a", "n.a.", "N.A.", "na", "n/d",
        "nd", "ND", "n.d.", "s/d", "k.A.", "k. A.", "–", "—",
    )
)  # fmt: skip
"""What offices of statistics write for a number that is not available, also in many cells of a column."""

DASHES = frozenset(("-", "--", "---", "–", "—", "n/a", "n.a.", "N.A.", "na", "n.d."))
"""Those that programs write also where most cells are not available, such as steps per minute of who swims."""
