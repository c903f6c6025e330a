"""How raw bytes become records: the keys of a file, one meaning for all who read files."""

import codecs
import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from relay.handoff.column import CellKeys, Section

ExtraColumns = Literal["refuse", "drop", "keep"]

DEFAULT_ENCODING = "utf-8"
ENCODING_EXAMPLES = "utf-8, cp1252 or utf-16"


def _check_delimiter(mark: str) -> str:
    if len(mark) != 1 or not mark.isascii() or mark in '"\r\n\0':
        raise ValueError(
            f"{mark!r} cannot separate cells; expected one ASCII character such as ',' ';' '|' or a tab. A function of "
            'your own reads other files: format = "python"'
        )
    return mark


def _check_quote(mark: str) -> str:
    if mark and (len(mark) != 1 or not mark.isascii() or not mark.isprintable() or mark.isalnum() or mark.isspace()):
        raise ValueError(f"{mark!r} cannot quote; expected one ASCII sign, or the empty text where no sign quotes")
    return mark


def _check_escape(escape: str) -> str:
    if len(escape) != 1 or not escape.isascii() or not escape.isprintable() or escape.isalnum() or escape in '", ':
        raise ValueError(f"{escape!r} cannot escape; expected one ASCII sign such as a backslash: escape = '\\'")
    return escape


def _check_encoding(encoding: str) -> str:
    try:
        codecs.lookup(encoding)
        "".encode(encoding)  # hex and its like are codecs, and no encodings of text
    except (LookupError, ValueError):
        raise ValueError(
            f'"{encoding}" is unknown; expected one that Python knows, such as {ENCODING_EXAMPLES}'
        ) from None
    return encoding


def _check_comment(comment: str) -> str:
    if not comment.isprintable() or comment[:1] in ' "':
        raise ValueError(f"{comment!r} cannot begin a comment; expected a sign such as '#'")
    return comment


def _check_header(header: bool | int) -> bool | int:
    if header is not True and header is not False and header < 1:
        raise ValueError("0 can be read in two ways; expected true (names in the first row), false (no names), or 2")
    return header


def _check_pattern(pattern: str | None) -> str | None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


PAGE_ENDINGS = (".html", ".htm")


class SkipRule(Section):
    """Which rows are no records, such as totals and page heads."""

    column: str
    """The column whose cell tells: a name of the recipe or of the file."""
    value: str | None = None
    """The cell's text, without white space around it."""
    pattern: Annotated[str | None, AfterValidator(_check_pattern)] = None
    """A regular expression that is found in the cell's text."""

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        """Either `value` or `pattern`."""
        if (self.value is None) == (self.pattern is None):
            raise ValueError("expected either value or pattern")
        return self


def _as_list(rules: Any) -> Any:
    return [rules] if isinstance(rules, dict) else rules


class FormatKeys(CellKeys):
    """What a recipe may say about files: in `[ingest]`, and wherever else a file is read."""

    format: Literal["csv", "json", "jsonl", "text", "parquet", "excel", "fixed", "html", "xml", "python"] | None = None
    """None: by the ending of the file's name. python: a function of one's own reads the files."""
    extra_columns: ExtraColumns = "refuse"
    """What to do with columns that the recipe does not declare. keep: take them with the types that they come with."""
    delimiter: Annotated[str, AfterValidator(_check_delimiter)] | None = None
    """CSV: the character between cells. None: the one of comma, semicolon, tab and bar with which the file has the
    recipe's columns."""
    quote: Annotated[str, AfterValidator(_check_quote)] = '"'
    """CSV: the character around cells that hold delimiters or line breaks; empty where no character does."""
    escape: Annotated[str, AfterValidator(_check_escape)] | None = None
    """CSV: the character before a quote, delimiter or line break that belongs to the cell, such as a backslash. None:
    a quote inside a cell is written twice."""
    encoding: Annotated[str, AfterValidator(_check_encoding)] | None = None
    """CSV, JSON lines, text and fixed width: the encoding. None: UTF-8, or UTF-16 by its byte order mark; in CSV and
    fixed width also cp1252, where the bytes are not UTF-8."""
    skip_rows: Annotated[int, Field(ge=0)] = 0
    """Lines before the header that are left out."""
    header: Annotated[bool | int, AfterValidator(_check_header)] = True
    """Whether the first row holds the columns' names, or how many rows do. false: the columns come in the recipe's
    order."""
    header_separator: str = " "
    """What stands between the parts of a name from several header rows."""
    comment: Annotated[str, Field(min_length=1), AfterValidator(_check_comment)] | None = None
    """CSV: how a line begins that is a comment; it is left out."""
    skip_if: Annotated[list[SkipRule], BeforeValidator(_as_list)] = Field(default_factory=list)
    """Rows that are no records, such as totals: `{ column = "region", value = "Total" }`, or a list of such rules. They
    are counted and kept with the rejected rows."""
    member: str | None = None
    """ZIP archives: which of their files are read, by name with `*`, such as `*.csv`. None: all, if they are of one
    kind; a readme, hidden files and `__MACOSX` are left out."""
    # A limit refuses or does not: it decides no rows, and is no part of the key.
    max_unpacked_bytes: Annotated[int, Field(gt=0, exclude=True)] = 8_000_000_000
    """gzip, bzip2, xz, ZIP, Parquet and Excel: the most bytes that one of them may hold. Where the recipe says it, a
    file may have any number of times its packed size."""
    sheet: str | Annotated[int, Field(ge=1)] | None = None
    """Excel: the sheet's name, or its number from 1. None: the only sheet that holds values and is not hidden."""
    widths: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)] | None = None
    """Fixed width: the characters of each field, in the order of the line. The names stand in the first line, or with
    `header = false` the fields are the recipe's columns in their order."""
    positions: dict[str, Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=2, max_length=2)]] | None = None
    """Fixed width: name -> first and last character of the field, from 1, as `{ age = [1, 3] }`. The file has no
    names."""
    records: str = ""
    """JSON: dotted path to the list of records; empty when the list is the file itself."""
    starts_after: str | None = None
    """Text: pattern of the line after which the text begins, such as a licence's last line."""
    ends_before: str | None = None
    """Text: pattern of the line before which the text ends."""
    item_pattern: str | None = None
    """Text: pattern of a file's name without its ending, such as `(?P<author>[^_]+)_`; its named groups become
    columns."""
    document: str | None = None
    """Text: pattern of a line that begins a document; its named groups become columns. None: the file is one."""
    document_head: list[str] = Field(default_factory=list)
    """Text: patterns of lines near a document's beginning, one after the other. What stands up to such a line is head,
    not text; its named groups become columns."""

    leave_out: list[
        Literal["headings", "notes", "quotations", "tables", "links", "speakers", "stage_directions", "front_and_back"]
    ] = Field(default_factory=list)
    """HTML and XML: parts that are not taken into the text. `links` are of HTML, the last three of TEI."""

    @property
    def header_rows(self) -> int:
        """How many rows hold the columns' names."""
        return int(self.header)

    @model_validator(mode="after")
    def _signs_differ(self) -> Self:
        """`delimiter`, `quote`, `escape` and `comment` are different characters."""
        signs = {"delimiter": self.delimiter, "quote": self.quote, "escape": self.escape, "comment": self.comment}
        owners: dict[str, str] = {}
        for key, sign in signs.items():
            if sign and sign in owners:
                raise ValueError(f"{key} and {owners[sign]} are both {sign!r}; expected two signs")
            owners[sign or ""] = key
        return self

    @model_validator(mode="after")
    def _keys_fit_the_format(self) -> Self:
        """`widths` or `positions` belong to `format = "fixed"`, and `sheet` to Excel."""
        if (self.format == "fixed") != (self.widths is not None or self.positions is not None):
            raise ValueError('widths or positions and format = "fixed" need each other')
        if self.widths is not None and self.positions is not None:
            raise ValueError("expected either widths or positions")
        for name, (first, last) in (self.positions or {}).items():
            if first > last:
                raise ValueError(f"positions: {name} ends before it begins: {first} to {last}")
        if self.sheet is not None and self.format not in (None, "excel"):
            raise ValueError(f'sheet needs format = "excel", not "{self.format}"')
        return self

    @model_serializer(mode="wrap")
    def _without_undeclared(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What is not declared is in no key: those of recipes without it stay as they are."""
        return drop_undeclared(dump(self))

    @field_validator("starts_after", "ends_before", "item_pattern", "document", "document_head")
    @classmethod
    def _pattern(cls, value: str | list[str] | None) -> str | list[str] | None:
        for pattern in value if isinstance(value, list) else [value]:
            _check_pattern(pattern)
        return value


def reads_pages(keys: FormatKeys, name: str) -> bool:
    """Whether a file of that name is read as a web page."""
    return keys.format == "html" or (keys.format is None and name.lower().endswith(PAGE_ENDINGS))


UNDECLARED: dict[str, Any] = {
    **dict.fromkeys(
        (
            *CellKeys.model_fields,
            *("delimiter", "encoding", "comment", "member", "sheet", "widths", "positions", "item_pattern"),
        )
    ),
    "quote": '"',
    "skip_rows": 0,
    "header": True,
    "header_separator": " ",
    "skip_if": [],
    "leave_out": [],
}
"""Key -> what it is where a recipe does not declare it, which is in no key of a run."""


def drop_undeclared(section: dict[str, Any]) -> dict[str, Any]:
    """A dumped section without the keys of cells and files that the recipe does not declare."""
    return {
        key: value
        for key, value in section.items()
        if key not in UNDECLARED or value != UNDECLARED[key] or type(value) is not type(UNDECLARED[key])
    }
