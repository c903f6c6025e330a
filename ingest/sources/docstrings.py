"""The documentation of installed packages: real prose that needs no download."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ingest.corpus import PackageSources, find_sources, read_documents
from ingest.parameters import DocstringsSection
from relay.handoff.progress import show_progress
from relay.handoff.receipt import Origin
from relay.handoff.run import Run

if TYPE_CHECKING:
    from relay.handoff.writer import Block


@dataclass(frozen=True)
class DocstringsSource:
    """One document a module, labelled by its package: columns `document`, `package`, `text`."""

    run: Run[DocstringsSection]

    @cached_property
    def packages(self) -> list[PackageSources]:
        """The packages in the recipe's order.

        Raises:
            CorpusError: one is not installed.
        """
        return [find_sources(package) for package in self.run.parameters.packages]

    def inputs(self) -> dict[str, str]:
        """Package and version -> digest of the sources that its RECORD lists; read and compared with `--verify`.

        Raises:
            CorpusError: with `--verify`, a file is not what the RECORD says.
        """
        if self.run.fingerprints.verify:
            for sources in self.packages:
                read_documents(sources, verify=True)
        return {f"{sources.package} {sources.version}": sources.digest for sources in self.packages}

    def origins(self) -> list[Origin]:
        """Package, version and digest; the size is that of the sources."""
        return [
            Origin(where=f"{name} (installed package)", sha256=digest, bytes=_size(sources))
            for sources, (name, digest) in zip(self.packages, self.inputs().items(), strict=True)
        ]

    @property
    def rows_total(self) -> None:
        """Nobody knows before reading which modules have prose."""
        return

    def blocks(self) -> "Iterator[Block]":
        """The documents of one package after the other."""
        import numpy as np  # with Arrow: only when there is work
        import pyarrow as pa

        from relay.reading.conform import conform, match_columns

        first_row = 1
        with show_progress("reading packages", len(self.packages), "package") as advance:
            for sources in self.packages:
                # Verified: the key says what the RECORD promises, so the files must be that.
                documents = list(read_documents(sources, verify=True))
                columns = {
                    "document": [document.document for document in documents],
                    "package": [document.package for document in documents],
                    "text": [document.text for document in documents],
                }
                matched = match_columns(list(columns), self.run.recipe.raw_columns, "drop", sources.package)
                table = pa.table({name: columns[source] for name, source in matched.items()})
                yield conform(table, self.run.recipe.raw_columns, np.arange(first_row, first_row + len(documents)))
                first_row += len(documents)
                advance(1)


def _size(sources: PackageSources) -> int:
    return sum((sources.folder / file.path).stat().st_size for file in sources.files)


def open_source(run: Run[DocstringsSection]) -> DocstringsSource:
    """The source of a recipe."""
    return DocstringsSource(run)
