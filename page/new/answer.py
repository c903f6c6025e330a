"""The document that `python -m adopt … --json` answers, as far as the page shows it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from page.shell.command import CommandError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Note(_Part):
    """The evidence of a guess."""

    text: str
    is_question: bool = False
    """Whether a person should decide."""
    choices: tuple[str, ...] = ()
    """Other values, as TOML writes them."""
    key: str = ""
    """The dotted key that the choices are for."""


class Histogram(_Part):
    """Cells per range of numbers."""

    counts: tuple[int, ...] = ()


class Profile(_Part):
    """What the cells of a column are."""

    nulls: int = 0
    distinct: int = 0
    is_distinct_exact: bool = True
    most_frequent: tuple[tuple[str, int], ...] = ()
    histogram: Histogram | None = None


class DraftColumn(_Part):
    """One column of the draft."""

    name: str
    source: str
    type: str
    role: str
    keys: dict[str, Any]
    notes: tuple[Note, ...] = ()
    profile: Profile = Profile()
    rows_kept: int


class DataWarning(_Part):
    """Something in the data that a person should look at."""

    text: str
    columns: tuple[str, ...] = ()


class Draft(_Part):
    """A recipe that is not written yet, and what is known of the data."""

    name: str
    title: str
    path: str
    is_written: bool
    toml: str
    task: str
    target: str | None = None
    ingest: dict[str, Any]
    model: dict[str, Any] = {}
    columns: tuple[DraftColumn, ...]
    notes: tuple[Note, ...] = ()
    warnings: tuple[DataWarning, ...] = ()
    rows: int
    rows_checked: int
    rows_kept: int
    head: tuple[tuple[str | None, ...], ...] = ()
    duplicate_rows: int = 0
    problem: str = ""
    is_name_taken: bool = False

    @property
    def estimators(self) -> dict[str, str]:
        """Name -> class of the estimators that the recipe offers; empty where there is no choice."""
        offers = self.model.get("estimators", {})
        return {name: str(offer.get("estimator", "")).rpartition(".")[2] for name, offer in offers.items()}

    @property
    def use(self) -> str:
        """The estimator that is trained, of those on offer."""
        return str(self.model.get("use", ""))


def read_draft(document: Any) -> Draft:
    """The draft in an answer.

    Raises:
        CommandError: `adopt` answers in another form, as another version of it would.
    """
    try:
        return Draft.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CommandError(
            f"`python -m adopt` answered in an unknown form: {where}: {first['msg']}. "
            "Install page and adopt of one version"
        ) from None
