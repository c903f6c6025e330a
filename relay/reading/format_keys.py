"""How raw bytes become records: the keys of a file, one meaning for all who read files."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from relay.handoff.column import CellKeys

ExtraColumns = Literal["refuse", "drop", "keep"]


def _check_escape(escape: str) -> str:
    if len(escape) != 1 or not escape.isascii() or not escape.isprintable() or escape.isalnum() or escape in '", ':
        raise ValueError(f"{escape!r} cannot escape; expected one ASCII sign such as a backslash: escape = '\\'")
    return escape


class FormatKeys(CellKeys):
    """What a recipe may say about files: in `[ingest]`, and wherever else a file is read."""

    format: Literal["csv", "json", "jsonl", "text", "parquet", "python"] | None = None
    """None: by the ending of the file's name. python: a function of one's own reads the files."""
    extra_columns: ExtraColumns = "refuse"
    """What to do with columns that the recipe does not declare. keep: take them with the types that they come with."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """CSV: the character between cells."""
    escape: Annotated[str, AfterValidator(_check_escape)] | None = None
    """CSV: the character before a quote, delimiter or line break that belongs to the cell, such as a backslash. None:
    a quote inside a cell is written twice."""
    encoding: str = "utf-8"
    """CSV, JSON lines and text: the encoding, one in which a line break is the byte 10."""
    records: str = ""
    """JSON: dotted path to the list of records; empty when the list is the file itself."""
    starts_after: str | None = None
    """Text: pattern of the line after which the text begins, such as a licence's last line."""
    ends_before: str | None = None
    """Text: pattern of the line before which the text ends."""
    document: str | None = None
    """Text: pattern of a line that begins a document; its named groups become columns. None: the file is one."""
    document_head: list[str] = Field(default_factory=list)
    """Text: patterns of lines near a document's beginning, one after the other. What stands up to such a line is head,
    not text; its named groups become columns."""

    @model_validator(mode="after")
    def _signs_differ(self) -> "FormatKeys":
        """`escape` and `delimiter` are two characters."""
        if self.escape == self.delimiter:
            raise ValueError(f"escape and delimiter are both {self.escape!r}; expected two signs")
        return self

    @field_validator("starts_after", "ends_before", "document", "document_head")
    @classmethod
    def _pattern(cls, value: str | list[str] | None) -> str | list[str] | None:
        for pattern in value if isinstance(value, list) else [value or ""]:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
        return value
