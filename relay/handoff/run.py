"""One run of one stage on one recipe: what it reads, why it runs, what it leaves."""

import platform
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from relay.handoff import interrupt
from relay.handoff.code import Code
from relay.handoff.errors import DatasetMissingError
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.receipt import Key, Origin, Receipt
from relay.handoff.recipe import Recipe, Section
from relay.handoff.settings import ROOT, Settings
from relay.handoff.verbs import Verb

if TYPE_CHECKING:  # Arrow takes a quarter of a second to import: an unchanged stage does without it
    import pyarrow as pa

    from relay.handoff.dataset import Dataset
    from relay.handoff.writer import Block

Parameters = TypeVar("Parameters", bound=Section)


class Location(Protocol):
    """Where a stage leaves its result: a dataset, or a folder of results."""

    @property
    def address(self) -> str:
        """Its name below the data folder."""

    def current(self, fingerprints: Fingerprints) -> Receipt | None:
        """The receipt of what lies there, checked against it; None when nothing does."""

    def recover(self) -> None:
        """Finish or remove what a killed writer left."""


class InputChangedError(Exception):
    """The dataset was written anew between the check and the reading: check again."""


def _no_columns(_: Recipe) -> dict[str, Any]:
    return {}


def _never(_: Recipe) -> bool:
    return False


def _nothing(*_: Any) -> None:
    return None


@dataclass(frozen=True)
class Choice:
    """An option of one stage alone, for its command line and the environment; it changes no result."""

    values: tuple[str, ...]
    """The first one is usual."""
    variable: str
    help: str


@dataclass(frozen=True)
class Stage(Generic[Parameters]):
    """What makes one stage different from another."""

    name: str
    writes: str
    """Address of its result below the data folder; `{recipe}` stands for the recipe's name."""
    parse: Callable[[Recipe], Parameters]
    """The stage's own section of a recipe, typed."""
    work: Callable[["Run[Parameters]"], Receipt]
    """Load, work, save; gives the receipt of what it saved."""
    code: Callable[[Recipe], Code]
    """The modules and packages that decide the bytes of its result for a recipe: they are part of the key."""
    reads: str | None = None
    """Address of the dataset it reads."""
    after: str = ""
    """The stage that writes what it reads."""
    inputs: Callable[["Run[Parameters]"], dict[str, str]] | None = None
    """Name -> fingerprint of what it reads, when that is not a dataset."""
    columns: Callable[[Recipe], dict[str, Any]] = _no_columns
    """The part of the schema that its result depends on."""
    uses_seed: Callable[[Recipe], bool] = _never
    """Whether its result depends on the recipe's seed."""
    location: Callable[["Run[Parameters]"], Location] | None = None
    """Where its result lies, when that is not a dataset."""
    restore: Callable[["Run[Parameters]"], Receipt | None] = _nothing
    """Puts an earlier result of the same key back in place, where a stage keeps earlier results."""
    check: Callable[["Run[Parameters]"], None] = _nothing
    """What `--check` looks at beside the types."""
    after_run: Callable[["Run[Parameters]", Receipt], None] = _nothing
    """What follows a finished result, whether it is new, put back or unchanged."""
    choices: Mapping[str, Choice] = field(default_factory=dict)
    """Name -> an option that other stages do not have."""
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    """Name -> what the program can do beside running the stage."""
    description: str = ""


@dataclass(frozen=True)
class Run(Generic[Parameters]):
    """A stage, a recipe and the folders they meet in."""

    stage: Stage[Parameters]
    recipe: Recipe
    parameters: Parameters
    settings: Settings
    fingerprints: Fingerprints
    chosen: Mapping[str, str] = field(default_factory=dict)
    """Name -> value of the stage's own options."""
    key: Key = field(default_factory=lambda: Key(code={}, parameters={}, inputs={}))
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=perf_counter)

    @property
    def name(self) -> str:
        """Stage and recipe, as they stand in the log."""
        return f"{self.stage.name} {self.recipe.name}"

    @property
    def seconds(self) -> float:
        """Time since the run began."""
        return perf_counter() - self.clock

    @property
    def command(self) -> str:
        """The command that does this again."""
        return f"python -m {self.stage.name} {self.recipe.argument}"

    @property
    def location(self) -> Location:
        """Where the result lies."""
        if self.stage.location is not None:
            return self.stage.location(self)
        return self.dataset_location(self.stage.writes, self.stage.name)

    def dataset_location(self, address: str, stage: str) -> DatasetLocation:
        """The location of a dataset of this recipe."""
        return DatasetLocation(self.settings.data_dir, address.format(recipe=self.recipe.name), stage)

    def inputs(self) -> dict[str, str]:
        """Name -> fingerprint of everything that the stage reads.

        Raises:
            DatasetMissingError: the stage before has not run yet.
            DatasetDamagedError: what it wrote was changed since.
        """
        if self.stage.inputs is not None:
            return self.stage.inputs(self)
        location = self._source_location()
        return {location.address: self._identify(location).fingerprint}

    def read(self) -> "Dataset":
        """The dataset that the stage reads, held open and hashed.

        Raises:
            DatasetMissingError, DatasetDamagedError: as `inputs`.
        """
        from relay.handoff.dataset import open_dataset

        location = self._source_location()
        dataset = open_dataset(location, self.fingerprints, self._source_command())
        if dataset.receipt.fingerprint != self.key.inputs[location.address]:
            raise InputChangedError(location.address)
        return dataset

    def write(
        self,
        schema: "pa.Schema",
        blocks: "Iterable[Block]",
        *,
        max_rejected_share: float,
        sources: Callable[[], list[Origin]],
        rows_total: int | None = None,
    ) -> Receipt:
        """Write the blocks as this stage's dataset, with its receipt.

        Args:
            schema: of every block's table.
            blocks: the rows in order.
            max_rejected_share: share of the rows read that may fail to match the schema, 0 to 1.
            sources: asked for after the last block: where the raw bytes came from.
            rows_total: for the progress bar, when it is known.

        Raises:
            SchemaError: too many rows were rejected, or none is left.
            OSError: the disk refuses.
        """
        from relay.handoff.progress import show_progress
        from relay.handoff.schema import describe_schema
        from relay.handoff.writer import DatasetWriter

        location = self.dataset_location(self.stage.writes, self.stage.name)
        with DatasetWriter(location, schema, max_rejected_share) as writer:
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
            )
            writer.commit(receipt)
        self.fingerprints.remember(location.parquet, written.fingerprint)
        if written.rejected.fingerprint is not None:
            self.fingerprints.remember(location.rejected, written.rejected.fingerprint)
        return receipt

    def receipt(self, **what: Any) -> Receipt:
        """A receipt for what was just made: the given facts, and why and when it was made."""
        stage = self.stage.name
        packages = {name: version(name) for name in self.stage.code(self.recipe).packages}
        return Receipt(
            stage=self.stage.name,
            recipe=self.recipe.name,
            title=self.recipe.title,
            key=self.key,
            key_digest=self.key.digest,
            # As they stand in the key, where a URL shows no secret.
            overrides={
                key: self.key.parameters.get(key.removeprefix(f"{stage}."), value)
                for key, value in self.recipe.overrides.items()
                if key.split(".")[0] in (stage, "columns", "seed")
            },
            seed=self.recipe.seed,
            versions={"python": platform.python_version(), **packages},
            started_at_utc=format_utc(self.started),
            seconds=round(self.seconds, 3),
            **what,
        )

    def _source_location(self) -> DatasetLocation:
        assert self.stage.reads is not None, f"{self.stage.name} reads no dataset"  # noqa: S101 - a mistake in code
        return self.dataset_location(self.stage.reads, self.stage.after)

    def _source_command(self) -> str:
        return f"python -m {self.stage.after} {self.recipe.argument}{self._folder_option()}"

    def _folder_option(self) -> str:
        data_dir = self.settings.data_dir
        return "" if data_dir == ROOT / "data" else f" --data-dir {shlex.quote(str(data_dir))}"

    def _identify(self, location: DatasetLocation) -> Receipt:
        receipt = location.find_receipt(self.fingerprints, self._source_command())
        if receipt is None:
            raise DatasetMissingError(f"{location.parquet} is not there yet: run `{self._source_command()}` first")
        return receipt


def format_utc(moment: datetime) -> str:
    """A moment as `2026-11-20T10:03:18Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
