"""One run of one stage on one recipe: what it reads, why it runs, what it leaves."""

import platform
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import zip_longest
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from relay.handoff import interrupt
from relay.handoff.code import Code
from relay.handoff.errors import DatasetMissingError
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Key, Origin, Receipt
from relay.handoff.recipe import Recipe, Section
from relay.handoff.settings import ROOT, Settings

if TYPE_CHECKING:  # Arrow takes a quarter of a second to import: an unchanged stage does without it
    import pyarrow as pa

    from relay.handoff.block import MakeSink
    from relay.handoff.dataset import Dataset
    from relay.handoff.writer import Block

Parameters = TypeVar("Parameters", bound=Section)


class InputChangedError(Exception):
    """The dataset was written anew between the check and the reading: check again."""


@dataclass(frozen=True)
class Run(Generic[Parameters]):
    """A stage, a recipe and the folders they meet in."""

    stage: str
    """The name of the stage."""
    recipe: Recipe
    parameters: Parameters
    settings: Settings
    fingerprints: Fingerprints
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Name -> value of the stage's own options."""
    code: Code = field(default_factory=lambda: Code(()))
    """What decides the bytes of the result beside parameters and inputs."""
    key: Key = field(default_factory=lambda: Key(code={}, parameters={}, inputs={}))
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=perf_counter)

    @property
    def name(self) -> str:
        """Stage and recipe, as they stand in the log."""
        return f"{self.stage} {self.recipe.name}"

    @property
    def seconds(self) -> float:
        """Time since the run began."""
        return perf_counter() - self.clock

    @property
    def command(self) -> str:
        """The command that does this again."""
        return f"python -m {self.stage} {self.recipe.argument}"

    def dataset(self, address: str, stage: str = "") -> DatasetLocation:
        """The location of a dataset of this recipe.

        Args:
            address: below the data folder; `{recipe}` stands for the recipe's name.
            stage: which writes it; empty for the run's own.
        """
        coming = "" if stage else self.key.digest
        name = address.format(recipe=self.recipe.name)
        return DatasetLocation(self.settings.data_dir, name, stage or self.stage, coming)

    def identify(self, location: DatasetLocation) -> dict[str, str]:
        """Address -> fingerprint of a dataset that another stage writes.

        Raises:
            DatasetMissingError: the other stage has not run yet.
            DatasetDamagedError: what it wrote was changed since.
        """
        command = self._make_command(location)
        receipt = location.find_receipt(self.fingerprints, command)
        if receipt is None:
            raise DatasetMissingError(f"{location.parquet} is not there yet: run `{command}` first")
        return {location.address: receipt.fingerprint}

    def read(self, location: DatasetLocation) -> "Dataset":
        """A dataset that another stage writes, held open and hashed.

        Raises:
            DatasetMissingError, DatasetDamagedError: as `identify`.
            InputChangedError: it is not the one in the key any more.
        """
        from relay.handoff.dataset import open_dataset

        dataset = open_dataset(location, self.fingerprints, self._make_command(location))
        if dataset.receipt.fingerprint != self.key.inputs[location.address]:
            raise InputChangedError(location.address)
        return dataset

    def require_inputs(self, digests: Sequence[str]) -> None:
        """Return when what was read is what the key names.

        Args:
            digests: SHA-256 of each input as it was read, in the order of the key.

        Raises:
            InputChangedError: an input was replaced between the check and the reading.
        """
        for (name, known), read in zip_longest(self.key.inputs.items(), digests, fillvalue=("", "")):
            if known != read:
                raise InputChangedError(name or "the source")

    def write(
        self,
        location: DatasetLocation,
        schema: "pa.Schema",
        blocks: "Iterable[Block]",
        *,
        max_rejected_share: float,
        sources: Callable[[], list[Origin]],
        rows_total: int | None = None,
        facts: Callable[[], dict[str, Any]] = dict,
        sink: "MakeSink | None" = None,
    ) -> Receipt:
        """Write the blocks as a dataset of this stage, with its receipt.

        Args:
            location: of the dataset.
            schema: of every block's table.
            blocks: the rows in order.
            max_rejected_share: share of the rows read that may fail to match the schema, 0 to 1.
            sources: asked for after the last block: where the raw bytes came from.
            rows_total: for the progress bar, when it is known.
            facts: asked for after the last block: what else the receipt says.
            sink: where the rows go; None: one file.

        Raises:
            SchemaError: too many rows were rejected, or none is left.
            OSError: the disk refuses.
        """
        from relay.handoff.progress import show_progress
        from relay.handoff.row_groups import FileSink
        from relay.handoff.schema import describe_schema
        from relay.handoff.writer import DatasetWriter

        with DatasetWriter(location, schema, max_rejected_share, sink or FileSink) as writer:
            with show_progress(self.name, rows_total, "rows") as advance:
                for block in blocks:
                    interrupt.check()
                    writer.add(block)
                    advance(block.read)
            written = writer.finish()
            receipt = self.receipt(
                fingerprint=written.fingerprint,
                bytes=written.bytes,
                rows=written.rows,
                columns=describe_schema(schema),
                sources=sources(),
                rejected=written.rejected,
                dropped=written.dropped,
                warnings=written.warnings,
                parts=written.parts,
                **facts(),
            )
            writer.commit(receipt)
        self._remember(location, receipt)
        return receipt

    def _remember(self, location: DatasetLocation, receipt: Receipt) -> None:
        """Spare the next run the reading of what was hashed while it was written."""
        if receipt.parts is None:
            self.fingerprints.remember(location.parquet, receipt.fingerprint)
        else:
            self.fingerprints.remember_parts(location.parts / receipt.parts.folder, receipt.parts.digests)
        if receipt.rejected.fingerprint is not None:
            self.fingerprints.remember(location.rejected, receipt.rejected.fingerprint)

    def receipt(self, **what: Any) -> Receipt:
        """A receipt for what was just made: the given facts, and why and when it was made."""
        packages = {name: version(name) for name in self.code.packages}
        return Receipt(
            stage=self.stage,
            recipe=self.recipe.name,
            title=self.recipe.title,
            key=self.key,
            key_digest=self.key.digest,
            # As they stand in the key, where a URL shows no secret.
            overrides={
                key: self.key.parameters.get(key.removeprefix(f"{self.stage}."), value)
                for key, value in self.recipe.overrides.items()
                if key.split(".")[0] in (self.stage, "columns", "seed")
            },
            seed=self.recipe.seed,
            versions={"python": platform.python_version(), **packages},
            started_at_utc=format_utc(self.started),
            seconds=round(self.seconds, 3),
            **what,
        )

    def _make_command(self, location: DatasetLocation) -> str:
        """The command that makes a dataset."""
        recipe = self.recipe.name_beside(location.recipe)
        return f"python -m {location.stage} {recipe}{self._folder_option()}"

    def _folder_option(self) -> str:
        data_dir = self.settings.data_dir
        return "" if data_dir == ROOT / "data" else f" --data-dir {shlex.quote(str(data_dir))}"


def format_utc(moment: datetime) -> str:
    """A moment as `2026-11-20T10:03:18Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
