"""What a stage is: the part of a program that differs between `ingest`, `preprocess` and `model`.

`relay.handoff.program` runs any of them: it asks a stage what decides its result, and calls `work` when that changed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from relay.handoff.code import Code
from relay.handoff.files import Fingerprints
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe
from relay.handoff.run import Parameters, Run
from relay.handoff.variables import Variable
from relay.handoff.verbs import Verb

if TYPE_CHECKING:  # a recipe without own code needs nothing of it
    from relay.handoff.own.function import OwnFunction


class Location(Protocol):
    """Where a stage leaves its result: a dataset, or a folder of results."""

    @property
    def address(self) -> str:
        """Its name below the data folder."""

    def current(self, fingerprints: Fingerprints) -> Receipt | None:
        """The receipt of what lies there, checked against it; None when nothing does."""

    def recover(self) -> None:
        """Finish or remove what a killed writer left."""


class Stage(Protocol[Parameters]):
    """One step of the pipeline.

    A stage inherits from this class, so that what it leaves out (`choices`, `verbs`, `restore`) is as below. All
    methods but `parse` are asked at run time with the recipe's own `Run`, so their answers may depend on the recipe.
    """

    name: str
    """Of its package and of its section in a recipe."""
    description: str
    """One sentence for `--help`."""
    reads: str | None
    """Address of the dataset it reads, for `--help`; `{recipe}` stands for the recipe's name, None for a source."""
    writes: str
    """Address of its result below the data folder."""
    choices: Mapping[str, Variable[str]] = MappingProxyType({})
    """Name -> an option that other stages do not have, as the variable behind it; it changes no result."""
    verbs: Mapping[str, Verb] = MappingProxyType({})
    """Name -> a subcommand: what the program can do beside running the stage."""

    def parse(self, recipe: Recipe) -> Parameters:
        """The stage's own section of a recipe, typed.

        Raises:
            RecipeError, UsageError: a key is unknown, missing or of another type.
        """

    def location(self, run: Run[Parameters]) -> Location:
        """Where the result lies. It may depend on the key, which the run has by then."""

    def code(self, run: Run[Parameters]) -> Code:
        """The part of the key that is code: what decides the bytes of this recipe's result.

        It imports none of that code: a run that changes nothing must stay quick.
        """

    def inputs(self, run: Run[Parameters]) -> dict[str, str]:
        """The part of the key that is data: name -> fingerprint of everything that the stage reads.

        Raises:
            DatasetMissingError: the stage before has not run yet.
            DatasetDamagedError: what it wrote was changed since.
        """

    def schema(self, run: Run[Parameters]) -> dict[str, Any]:
        """The part of the key that is schema: column -> what of its declaration the result depends on."""

    def others(self, run: Run[Parameters]) -> dict[str, Any]:  # noqa: ARG002 - for the stage with [monitor]
        """The part of the key that other sections of the recipe decide: dotted name -> value."""
        return {}

    def uses_seed(self, run: Run[Parameters]) -> bool:
        """Whether the recipe's seed belongs to the key."""

    def check(self, run: Run[Parameters]) -> None:
        """What `--check` looks at beside the types; writes no data.

        Raises:
            RelayError: the recipe cannot work.
        """

    def own(self, run: Run[Parameters]) -> "OwnFunction | None":  # noqa: ARG002 - for recipes with own code
        """The user's function that the stage calls; None without one."""
        return None

    def repeats_source(self, run: Run[Parameters]) -> bool:  # noqa: ARG002 - for ingest
        """Whether `--reproduce` makes the inputs a second time too, because a user's function makes them."""
        return False

    def work(self, run: Run[Parameters]) -> Receipt:
        """Load, work, save; gives the receipt of what it saved.

        The caller holds the lock of the result. What must not run in this process, such as a user's own function, is
        started from here; only whole results reach `Run.write`.

        Raises:
            RelayError: there is no result; the earlier one is still in place.
        """

    def restore(self, run: Run[Parameters]) -> Receipt | None:  # noqa: ARG002 - for the stages that keep results
        """Put an earlier result of the same key back in place; None where the stage keeps none."""
        return None

    def after_run(self, run: Run[Parameters], receipt: Receipt) -> None:
        """What follows a finished result, whether it is new, restored or unchanged.

        Raises:
            RelayError: it could not be done; the result is in place.
        """
