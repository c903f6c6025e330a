"""The kinds of file, one module each: raw bytes become blocks in the schema's types."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import PurePath
from urllib.parse import urlsplit

import pyarrow as pa

from ingest.formats.packing import describe_packed_name, require_unpacked
from ingest.parameters import FormatSection
from ingest.rawfile import RawFile
from relay.handoff.errors import RecipeError, SchemaError
from relay.handoff.recipe import Column
from relay.handoff.schema import arrow_schema
from relay.handoff.writer import Block
from relay.reading.ambiguous import AmbiguousCellError
from relay.reading.columns import open_columns

MODULES = {"csv": "delimited", "json": "records", "jsonl": "lines", "text": "text", "parquet": "parquet"}

ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "text",
    ".parquet": "parquet",
}  # fmt: skip


def read_files(files: list[RawFile], parameters: FormatSection, columns: dict[str, Column]) -> Iterator[Block]:
    """The rows of all files in order, in the schema's types.

    Raises:
        SourceError: a file is empty, a web page, compressed, a workbook, or not of the format.
        SchemaError: columns are missing or unexpected, or a cell can be read in two ways.
        RecipeError: the format is neither said nor told by the name, or nobody knows the encoding.
    """
    _check_encoding(parameters.encoding)
    opened = open_columns(columns, parameters)
    schema: pa.Schema | None = None
    first_row = 1
    for file in files:
        require_unpacked(file, file.sniff())
        kind = parameters.format or guess_format(file.path.name)
        module = import_module(f"ingest.formats.{MODULES[kind]}")
        try:
            for block in module.read_file(file, parameters, opened, first_row):
                first_row += block.read
                schema = schema or block.table.schema
                if opened.is_open and block.table.schema != schema:
                    raise SchemaError(f"{file.name}: {_explain_other(schema, block.table.schema)}")
                yield block
        except AmbiguousCellError as error:
            raise SchemaError(f"{file.name}: {error}") from None
    schema = schema if opened.is_open and schema is not None else arrow_schema(columns)
    yield Block(schema.empty_table(), read=0, warnings=opened.warnings())


def _explain_other(schema: pa.Schema, other: pa.Schema) -> str:
    """What differs between the columns of two blocks, in words."""
    mine, theirs = set(schema.names), set(other.names)
    if mine != theirs:
        return f"column {sorted(mine ^ theirs)[0]} is in some files or rows and not in others"
    if schema.names != other.names:
        return "the columns come in another order than before"
    name = next(name for name in schema.names if schema.field(name).type != other.field(name).type)
    types = f"{schema.field(name).type} and {other.field(name).type}"
    return f'column {name} comes as {types}; declare it in [columns], with role = "ignore" if nothing learns from it'


def check_format(parameters: FormatSection, names: Iterable[str]) -> None:
    """Check what can be known of the format before a file is there: its encoding, and the endings of the names.

    Raises:
        RecipeError: nobody knows the encoding, or the format is neither said nor told by a name.
    """
    _check_encoding(parameters.encoding)
    for name in names if parameters.format is None else ():
        guess_format(name)


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except LookupError:
        raise RecipeError(
            f'[ingest] encoding: "{encoding}" is unknown; expected one that Python knows, such as utf-8 or latin-1'
        ) from None


def guess_format(name: str) -> str:
    """The format that a file's or URL's name ends in.

    Raises:
        RecipeError: the ending tells nothing.
    """
    ending = PurePath(urlsplit(name).path).suffix.lower()
    if ending not in ENDINGS:
        packed = describe_packed_name(urlsplit(name).path)
        if packed is not None:
            raise RecipeError(f"{name}: {packed}")
        raise RecipeError(
            f'{name}: the ending "{ending}" tells no format; say format = "csv", "json", "jsonl", "text" or "parquet" '
            "in [ingest]"
        )
    return ENDINGS[ending]
