"""The kinds of source, one module each."""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from ingest.own_function import find_own
from ingest.parameters import FormatSection, IngestSection
from relay.handoff.receipt import Origin
from relay.handoff.run import Run

if TYPE_CHECKING:
    from relay.handoff.writer import Block


class Source(Protocol):
    """Where the data comes from. Made anew for each question: it keeps no state but files."""

    def inputs(self) -> dict[str, str]:
        """Name -> fingerprint of what the rows will be made from; fetches it first when that is due.

        Raises:
            SourceError: it cannot be had.
        """

    def blocks(self) -> "Iterator[Block]":
        """The rows, in order, in the schema's types.

        Raises:
            SourceError: the bytes are not what the recipe says.
            SchemaError: columns are missing or unexpected.
        """

    def origins(self) -> list[Origin]:
        """Where the bytes came from, for the receipt; known after `blocks`."""

    @property
    def rows_total(self) -> int | None:
        """Rows there will be, where that is known before reading."""


def open_source(run: Run[IngestSection]) -> Source:
    """The source that the recipe names. Imports only that source's module."""
    module = import_module(f"ingest.sources.{run.parameters.source}")
    source: Source = module.open_source(run)
    if isinstance(run.parameters, FormatSection) and run.parameters.format == "python":
        return _let_read(source, run)
    return source


def _let_read(source: Any, run: Run[IngestSection]) -> Source:
    """The same files, read by a function of the recipe."""
    from ingest.own_rows import OwnFormat

    own = find_own(run.parameters, run.recipe)
    assert own is not None  # noqa: S101 - the section names it
    return OwnFormat(source, run, own)
