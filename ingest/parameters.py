"""What `[ingest]` in a recipe may say, one type for each kind of source."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    field_serializer,
    model_serializer,
    model_validator,
)

from ingest.own_function import find_own
from ingest.refresh import Refresh
from relay.handoff.column import LARGEST_INT, CellKeys
from relay.handoff.errors import RecipeError
from relay.handoff.recipe import Recipe, Section, choose_section
from relay.reading.format_keys import ExtraColumns, FormatKeys, drop_undeclared
from relay.sources.databases import VARIABLE, check_database_url
from relay.sources.urls import mask_url

Share = Annotated[float, Field(ge=0, le=1)]

Timeout = Annotated[float | None, Field(gt=0, exclude=True)]


class IngestSection(Section):
    """What every source shares."""

    source: str
    max_rejected_share: Share = 0.01
    """Share of the rows that may fail to match the schema's types before the stage fails."""
    part_rows: Annotated[int, Field(ge=0)] = 0
    """Rows of a part, where raw and processed rows are kept in parts (docs/parts.md); 1_048_576 suits most data. A part
    also ends after 128 MiB of text. 0: one file."""


class FormatSection(IngestSection, FormatKeys):
    """Files that become records, by a format or by a function of one's own."""

    function: str | None = None
    """python: its name in the module beside the recipe. It takes a Path (one file) or a list[Path] (all files)."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """python: values for its parameters."""
    timeout: Timeout = None
    """python: seconds after which it is ended; default: none."""

    @model_validator(mode="after")
    def _function_reads(self) -> "FormatSection":
        if self.format == "python" and self.function is None:
            raise ValueError('format = "python" needs function, the name of one in the module beside the recipe')
        given = {"function": self.function, "arguments": self.arguments, "timeout": self.timeout}
        for key in (name for name, value in given.items() if value and self.format != "python"):
            raise ValueError(f'{key} needs format = "python", or source = "python" where nothing is fetched')
        return self

    @model_serializer(mode="wrap")
    def _without_undeclared(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As FormatKeys has it; and a file that no function reads has nothing of one in its key."""
        is_own = self.format == "python"
        left_out = {"function", "arguments"} if not is_own else set()
        return drop_undeclared({key: value for key, value in dump(self).items() if key not in left_out})


class HttpSection(FormatSection):
    """Files behind URLs."""

    source: Literal["http"]
    url: str | list[str]
    """One URL or several; `{item}` in it stands for each of `items`."""
    items: list[str] = Field(default_factory=list)
    """What `{item}` in the URL stands for, one file each."""
    sha256: str | list[str] | None = None
    """Expected SHA-256 of each file, in the order of the URLs."""
    # How and when bytes are fetched does not decide what the rows are: it is no part of the key.
    refresh: Refresh = "never"
    """When to ask again: never, always, or when what is kept is older than an age such as 6h or 1d."""
    connect_timeout: Annotated[float, Field(gt=0, exclude=True)] = 10.0
    """Seconds to wait for a connection."""
    read_timeout: Annotated[float, Field(gt=0, exclude=True)] = 60.0
    """Seconds to wait for the next bytes."""
    retries: Annotated[int, Field(ge=0, le=20, exclude=True)] = 4
    """Further attempts after a lost connection, a 429 or a 5xx."""
    max_bytes: Annotated[int, Field(gt=0, exclude=True)] = 100_000_000_000
    """The most bytes of one file that are taken, whatever the server says of its length."""
    max_seconds: Annotated[float, Field(gt=0, exclude=True)] = 86_400.0
    """Seconds in which one file must be complete, all attempts together."""
    parallel: Annotated[int, Field(ge=1, le=16, exclude=True)] = 4
    """Files fetched side by side."""

    @property
    def urls(self) -> list[str]:
        """All URLs, items filled in."""
        templates = [self.url] if isinstance(self.url, str) else self.url
        return [template.replace("{item}", item) for template in templates for item in self.items or [""]]

    @property
    def checksums(self) -> list[str] | None:
        """The expected SHA-256 of each URL, None when the recipe gives none."""
        return [self.sha256] if isinstance(self.sha256, str) else self.sha256

    @field_serializer("url")
    def _without_secrets(self, url: str | list[str]) -> str | list[str]:
        """As the URL stands in the key and the receipt."""
        return mask_url(url) if isinstance(url, str) else [mask_url(one) for one in url]

    @model_validator(mode="after")
    def _fits_together(self) -> "HttpSection":
        """`items` and `{item}` in the URL need each other; `sha256` has one value per URL."""
        for url in self.urls:
            try:
                mask_url(url)
            except RecipeError as error:
                raise ValueError(str(error).removeprefix("[ingest] url: ")) from None
            if not re.match(r"https?://", url):
                raise ValueError(f'"{mask_url(url)}" is no http or https URL')
        if bool(self.items) != ("{item}" in str(self.url)):
            raise ValueError("items and {item} in the URL need each other")
        if self.checksums is not None and len(self.checksums) != len(self.urls):
            raise ValueError(f"{len(self.checksums)} checksums for {len(self.urls)} URLs")
        return self


class FileSection(FormatSection):
    """Files on this machine."""

    source: Literal["file"]
    path: str | list[str]
    """One path or several, `*` and `**` allowed. `data/…` lies in the data folder, other relative paths beside the
    recipe."""


class SqlSection(IngestSection, CellKeys):
    """Rows of a database: a table, or the answer to a query."""

    source: Literal["sql"]
    url: str = ""
    """postgresql://user@host:5432/database or sqlite:///path, without a password; or the name of the environment
    variable that holds it. Empty: the database that is configured for Relay."""
    table: str | None = None
    """Name of the table, or schema.name."""
    query: str | None = None
    """One statement that gives the rows."""
    parameters: list[bool | int | float | str | datetime | date] = Field(default_factory=list)
    """What `$1`, `$2` in the query stand for (SQLite: `?`), with their types; never made part of its text."""
    extra_columns: ExtraColumns = "refuse"
    """What to do with columns that the recipe does not declare. keep: take them with the types that they come with."""
    refresh: Refresh = "never"
    """When to ask again: never, always, or when what is kept is older than an age such as 6h or 1d."""
    timeout: Annotated[float, Field(gt=0, exclude=True)] = 600.0
    """Seconds for the whole answer."""

    @model_validator(mode="after")
    def _fits_together(self) -> "SqlSection":
        """Either `table` or `query`; `parameters` belong to a query."""
        if (self.table is None) == (self.query is None):
            raise ValueError("expected either table or query")
        if self.table is not None and (self.parameters or not 1 <= len(self.table.split(".")) <= 2):
            raise ValueError('table takes "name" or "schema.name" and no parameters; say the rest by query')
        if any(type(value) is int and abs(value) > LARGEST_INT for value in self.parameters):
            raise ValueError(f"parameters: a whole number lies within {LARGEST_INT:,} of zero")
        if self.url and not VARIABLE.fullmatch(self.url):
            check_database_url(self.url)
        return self


class PythonSection(IngestSection, CellKeys):
    """A function of one's own gives the rows."""

    source: Literal["python"]
    function: str
    """Its name in the module beside the recipe."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    """Values for its parameters."""
    extra_columns: ExtraColumns = "refuse"
    """What to do with columns that the recipe does not declare. keep: take them with the types that they come with."""
    refresh: Refresh = "never"
    """When to call it again though nothing of it has changed: never, always, or when what is kept is older than an
    age such as 6h or 1d."""
    timeout: Timeout = None
    """Seconds after which it is ended; default: none."""


class FormulaSection(Section):
    """A column computed from another: slope · of + intercept + noise."""

    of: str
    """The column that it is computed from."""
    slope: float
    """Its factor."""
    intercept: float
    """What is added."""
    noise_sd: Annotated[float, Field(ge=0)] = 0.0
    """Standard deviation of the normal noise, in the column's unit."""


class SyntheticSection(IngestSection):
    """Rows drawn from the declared columns."""

    source: Literal["synthetic"]
    rows: Annotated[int, Field(ge=1)] = 100
    """Number of rows to draw."""
    null_share: Share = 0.05
    """Share of nulls in columns that allow them."""
    formula: dict[str, FormulaSection] = Field(default_factory=dict)
    """Columns that are computed from others."""


class DocstringsSection(IngestSection):
    """Documentation strings of installed packages."""

    source: Literal["docstrings"]
    packages: Annotated[list[str], Field(min_length=1)]
    """Names of installed distributions."""


SECTIONS: dict[str, type[IngestSection]] = {
    "http": HttpSection,
    "file": FileSection,
    "sql": SqlSection,
    "synthetic": SyntheticSection,
    "docstrings": DocstringsSection,
    "python": PythonSection,
}


def parse_parameters(recipe: Recipe) -> IngestSection:
    """The recipe's `[ingest]` in the type that its `source` asks for.

    Raises:
        RecipeError, UsageError: a key is unknown, missing or of another type.
        OwnCodeError: the function that it names is not there, or takes something else.
    """
    section = choose_section(recipe, "ingest", "source", SECTIONS)
    own = find_own(section, recipe)
    return section if own is None else section.model_copy(update={"arguments": own.arguments})
