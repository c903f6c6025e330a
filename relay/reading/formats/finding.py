"""How a CSV file is written, where the recipe does not say it: the one reading that gives the recipe's columns."""

import io
import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product

from loguru import logger

from relay.handoff.errors import SchemaError
from relay.handoff.recipe import Column
from relay.reading.columns import ReadColumns
from relay.reading.conform import fits_columns
from relay.reading.format_keys import FormatKeys
from relay.reading.formats.header import join_names, read_by_hand
from relay.reading.formats.rowends import Dialect
from relay.reading.rawfile import RawFile

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'")

SAMPLE_BYTES = 1 << 16
SAMPLE_ROWS = 100
USUAL_SHARE = 0.9
"""Of the rows, that are as wide as the header where the delimiter is right."""
LONGEST_PREAMBLE = 50
"""Lines before the header that are looked at."""


@dataclass(frozen=True)
class Reading:
    """A way to read a file."""

    dialect: Dialect
    preamble: int = 0
    """Lines before the header."""


@dataclass(frozen=True)
class Sample:
    """The beginning of a file, and what it is read for."""

    name: str
    text: str
    parameters: FormatKeys
    columns: dict[str, Column]

    def rows(self, reading: Reading) -> Iterator[list[str]]:
        """The rows that are not empty."""
        lines = io.StringIO(self.text, newline="")
        deque(islice(lines, reading.preamble), maxlen=0)
        return (row for row in read_by_hand(lines.read(), reading.dialect) if row)

    def names(self, reading: Reading) -> list[str] | None:
        """The columns' names, where a reading gives the columns of the recipe."""
        count = self.parameters.header_rows
        if not count:
            rows, width = list(islice(self.rows(reading), SAMPLE_ROWS)), len(self.columns)
            return list(self.columns) if rows and len(rows[0]) == width and _is_as_wide(rows, width) else None
        names = join_names(list(islice(self.rows(reading), count)), self.parameters.header_separator)
        return names if fits_columns(names, self.columns, self.parameters.extra_columns) else None

    def body(self, reading: Reading) -> list[list[str]]:
        """The first rows behind the header; the last one may be cut and does not count."""
        count = self.parameters.header_rows
        rows = list(islice(self.rows(reading), count, count + SAMPLE_ROWS))
        return rows if len(rows) == SAMPLE_ROWS else rows[:-1]


def find_reading(head: bytes, file: RawFile, parameters: FormatKeys, columns: dict[str, Column]) -> Reading:
    """How to read a file: as the recipe says, and for the rest in the one way that gives the recipe's columns.

    What was found is logged and noted. Where no way gives the columns, the usual one is returned.

    Args:
        head: the beginning of the text, behind the lines that the recipe skips.
        file: for its name, and to note what was found.
        parameters: of the format.
        columns: the schema.

    Raises:
        SchemaError: two ways give columns, and the recipe does not decide.
    """
    by_name = "\t" if file.content_name.lower().endswith(".tsv") else ","
    usual = Dialect(parameters.delimiter or by_name, parameters.escape, parameters.quote)
    sample = Sample(file.name, _decode_sample(head, parameters), parameters, columns)
    found = _find_quote(sample, _find(sample, usual))
    _note(file, usual, found)
    return found


def _decode_sample(head: bytes, parameters: FormatKeys) -> str:
    text = head.decode("utf-8", "replace")
    if parameters.comment is None or parameters.comment not in text:
        return text
    lines = io.StringIO(text, newline="").readlines()
    return "".join(line for line in lines if not line.startswith(parameters.comment))


def _find(sample: Sample, usual: Dialect) -> Reading:
    is_open = isinstance(sample.columns, ReadColumns) and sample.columns.is_open
    if sample.parameters.header_rows and not is_open and sample.names(Reading(usual)) is not None:
        return Reading(usual)  # names of the recipe: no other delimiter gives them
    delimiters = [usual.delimiter] if sample.parameters.delimiter else [usual.delimiter, *DELIMITERS]
    quotes = [usual.quote] if "quote" in sample.parameters.model_fields_set else [usual.quote, *QUOTES]
    ways = [replace(usual, delimiter=mark, quote=quote) for quote, mark in product(quotes, delimiters)]
    ways = [way for way in dict.fromkeys(ways) if way.quote not in (way.delimiter, way.escape)]
    may_look_below = sample.parameters.header_rows and "skip_rows" not in sample.parameters.model_fields_set
    for preamble in range(LONGEST_PREAMBLE + 1 if may_look_below and not is_open else 1):
        found = _choose([Reading(way, preamble) for way in ways], sample, is_open=is_open)
        if found is not None:
            return found
    return Reading(usual)


def _choose(readings: list[Reading], sample: Sample, *, is_open: bool) -> Reading | None:
    """The one reading that gives columns of the recipe; None without one.

    Raises:
        SchemaError: two do, and not the same ones.
    """
    named = {reading: names for reading in readings if (names := sample.names(reading)) is not None}
    if is_open and named:
        named = _keep_best(named, sample)
    different: dict[tuple[str, ...], Reading] = {}
    for reading, names in named.items():
        different.setdefault((*names, "") if sample.parameters.header_rows else (reading.dialect.delimiter,), reading)
    if len(different) > 1 and not (len(sample.columns) == 1 and not is_open):
        raise SchemaError(_describe_two(list(different.values())[:2], sample))
    return next(iter(different.values()), None)


def _keep_best(named: dict[Reading, list[str]], sample: Sample) -> dict[Reading, list[str]]:
    """Where a file may bring any columns: the readings with most declared ones, in which rows are as wide."""
    known = {name for column in sample.columns for name in (column, *sample.columns[column].source_names)}
    counts = {reading: len(known & {*names}) for reading, names in named.items()}
    best = {reading: names for reading, names in named.items() if counts[reading] == max(counts.values())}
    wide = {
        reading: names
        for reading, names in best.items()
        if len(names) > 1 and _is_as_wide(sample.body(reading), len(names))
    }
    first = next(iter(best))
    return wide or {first: best[first]}


def _is_as_wide(rows: list[list[str]], width: int) -> bool:
    return sum(len(row) == width for row in rows) >= USUAL_SHARE * len(rows)


def _describe_two(readings: list[Reading], sample: Sample) -> str:
    shown = []
    for reading in readings:
        cells = next(sample.rows(reading), [])
        shown.append(f"{len(cells)} cells {json.dumps(cells, ensure_ascii=False)[:120]} by {_say(reading.dialect)}")
    return (
        f"{sample.name}: the first row can be read in two ways: {' or '.join(shown)}; say which in [ingest] "
        "by delimiter (and quote)"
    )


def _say(dialect: Dialect) -> str:
    return f"delimiter = {json.dumps(dialect.delimiter)}" + (' and quote = "\'"' if dialect.quote == "'" else "")


def _find_quote(sample: Sample, reading: Reading) -> Reading:
    """The reading with the other quote, where that one alone makes all rows as wide as the header."""
    other = "'"
    is_said = "quote" in sample.parameters.model_fields_set or other in (
        reading.dialect.delimiter,
        reading.dialect.escape,
    )
    if is_said or not re.search(rf"(?:^|[\r\n]|{re.escape(reading.dialect.delimiter)})'", sample.text):
        return reading
    names = sample.names(reading)
    better = replace(reading, dialect=replace(reading.dialect, quote=other))
    if names is None or sample.names(better) != names:
        return reading
    rows, others = sample.body(reading), sample.body(better)
    is_ragged = any(len(row) != len(names) for row in rows)
    return better if is_ragged and others and all(len(row) == len(names) for row in others) else reading


def _note(file: RawFile, usual: Dialect, found: Reading) -> None:
    said = {}
    if found.dialect.delimiter != usual.delimiter:
        said["delimiter"] = found.dialect.delimiter
    if found.dialect.quote != usual.quote:
        said["quote"] = found.dialect.quote
    for key, value in said.items():
        file.note_found(key, value)
    if found.preamble:
        file.note_found("skip_rows", str(found.preamble))
    if said or found.preamble:
        keys = [f"{key} = {json.dumps(value)}" for key, value in said.items()]
        keys += [f"skip_rows = {found.preamble}"] if found.preamble else []
        logger.info("{}: found by its columns: {}", file.name, ", ".join(keys))
