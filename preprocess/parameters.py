"""What `[preprocess]` in a recipe may say, one type for each kind of data."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from relay.handoff.errors import RecipeError
from relay.handoff.recipe import Recipe, Section, choose_section, load_recipe, locate_beside

if TYPE_CHECKING:  # a recipe without own code needs nothing of it
    from relay.handoff.own.function import OwnFunction

Share = Annotated[float, Field(ge=0, le=1)]


class PreprocessSection(Section):
    """What every kind shares."""

    kind: str
    max_rejected_share: Share = 0.01
    """Share of the rows that may break the schema's rules before the stage fails."""


class SplitSection(PreprocessSection):
    """How rows are divided into those that train and those that test."""

    split: Literal["hash", "time", "group"] | None = None
    """`hash` draws each row by itself, `time` tests on the latest rows, `group` keeps the rows of a group together.
    Default: `group` where a column has that role, else `hash`."""
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of the rows that are kept for testing. The actual share is close to it, since each row, or group, is drawn
    by itself."""


class TableSection(SplitSection):
    """Rows of numbers and categories."""

    kind: Literal["table"]


class PythonSection(SplitSection):
    """An own function makes the rows: docs/own-code.md."""

    kind: Literal["python"]
    function: str
    """Its name in the module beside the recipe."""
    reads: Annotated[list[str], Field(min_length=1)] | None = None
    """Recipes whose raw datasets the function gets, one argument each. Default: the recipe's own dataset."""
    arguments: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Values for the function's parameters."""
    extra_columns: Literal["refuse", "drop"] = "refuse"
    """What to do with columns of its result that the recipe does not declare."""
    per_part: bool = False
    """Whether the function may get the rows of a dataset in parts (`part_rows` in `[ingest]`) one part at a time."""
    timeout: Annotated[float | None, Field(gt=0, exclude=True)] = None
    """Seconds after which the function is ended. Default: no limit."""


class RelabelSection(Section):
    """Documents that get another label than the source gives them."""

    label: str
    """The label that they get."""
    column: str
    """The column that tells which documents."""
    values: list[str]
    """Its values in these documents."""


class DocumentsSection(PreprocessSection):
    """Texts with a label and perhaps a time."""

    kind: Literal["documents"]
    cleaning: Literal["links", "notebook"] = "links"
    """`links` takes links out of the texts; `notebook` does what the course notebook did: see preprocess/README.md."""
    case: Literal["lower", "keep"] = "lower"
    """`lower` writes the texts in lower case."""
    normal_form: Literal["NFC", "NFKC", "keep"] = "NFC"
    """Unicode normal form of the texts: NFC makes é one character however it was typed, NFKC also replaces ligatures
    and full-width letters, `keep` leaves the texts as they were written."""
    apostrophes: Literal["keep", "fold"] = "keep"
    """`fold` writes every form of the apostrophe as the straight one."""
    longer_than_chars: Annotated[int, Field(ge=0)] = 50
    """Shorter documents, and those of just this length, are left out."""
    period: Literal["", "year", "month", "day"] = ""
    """Length of the time bins; none without a time."""
    relabel: list[RelabelSection] = Field(default_factory=list)
    """Labels for some of the documents, in place of those of the source."""

    @model_validator(mode="after")
    def _the_notebook_changes_no_letters(self) -> "DocumentsSection":
        """With `cleaning = "notebook"`, `case`, `normal_form` and `apostrophes` may only be `"keep"`."""
        if self.cleaning == "notebook":
            for name in ("case", "normal_form", "apostrophes"):
                if name in self.model_fields_set and getattr(self, name) != "keep":
                    raise ValueError(f'{name} has no effect with cleaning = "notebook"; remove one of the two')
        return self


class FrequenciesSection(PreprocessSection):
    """A table of frequencies, one row per document: every column that `[columns]` does not declare is a word."""

    kind: Literal["frequencies"]
    values: Literal["shares", "counts", "percent"] = "shares"
    """What its numbers are: shares of all words of the document, from 0 to 1; counts, whole numbers; or per cents."""


SECTIONS: dict[str, type[PreprocessSection]] = {
    "table": TableSection,
    "documents": DocumentsSection,
    "frequencies": FrequenciesSection,
    "python": PythonSection,
}


def parse_parameters(recipe: Recipe) -> PreprocessSection:
    """The recipe's `[preprocess]` in the type that its `kind` asks for.

    Raises:
        RecipeError, UsageError: a key is unknown, missing or of another type.
    """
    section = choose_section(recipe, "preprocess", "kind", SECTIONS)
    if isinstance(section, SplitSection):
        _check_split(section, recipe)
    if isinstance(section, PythonSection):
        return section.model_copy(update={"arguments": find_own(section, recipe).arguments})
    return section


def find_own(section: PythonSection, recipe: Recipe) -> "OwnFunction":
    """The function that makes the rows.

    Raises:
        OwnCodeError, RecipeError, UsageError: it is not there, or its arguments are wrong.
    """
    from relay.handoff.own.function import find_function

    given = recipe.sections["preprocess"].get("arguments", {})
    function = find_function(recipe, "preprocess", section.function, given, len(recipe.reads), section.timeout)
    return replace(function, signature=function.signature.match_data(recipe.reads)) if section.reads else function


def find_parts(recipe: Recipe) -> list[str]:
    """The recipes of those that preprocess reads whose datasets are kept in parts.

    Raises:
        RecipeError: one of them is not there.
    """
    sections = {
        name: recipe.sections["ingest"] if name == recipe.name else _load_ingest(recipe, name) for name in recipe.reads
    }
    return [name for name, section in sections.items() if section.get("part_rows")]


def _load_ingest(recipe: Recipe, name: str) -> dict[str, Any]:
    return load_recipe(str(locate_beside(recipe, name))).sections["ingest"]


def check_parts(section: PythonSection, in_parts: list[str]) -> None:
    """Return where an own function can get the rows that it reads.

    Args:
        section: of the recipe.
        in_parts: the recipes of those that it reads whose rows are kept in parts.

    Raises:
        RecipeError: it takes all rows at once, or more than one dataset is in parts.
    """
    whole = f"part_rows = 0 in [ingest] of {' or '.join(in_parts)}, and run ingest again"
    if in_parts and not section.per_part:
        raise RecipeError(
            f'[preprocess] kind = "python": the function takes all rows at once, and the rows of {in_parts[0]} are '
            "kept in parts",
            next_step=f"Set per_part = true in [preprocess] if it may get one part at a time, or {whole}",
        )
    if in_parts[1:]:
        raise RecipeError(
            f"[preprocess] per_part: the rows of {' and '.join(in_parts)} are kept in parts, and nothing says which "
            "part of one belongs to which of the other; expected one at most",
            next_step=f"Set {whole}",
        )


def _check_split(section: SplitSection, recipe: Recipe) -> None:
    for split in ("time", "group"):
        if section.split == split and not recipe.with_role(split):
            raise RecipeError(f'[preprocess] split = "{split}" needs a column with the role {split}')
    if isinstance(section, PythonSection) and section.per_part and section.split == "time":
        raise RecipeError(
            '[preprocess] split = "time" needs the times of all rows, and with per_part the function gives them part '
            "by part",
            next_step="Choose another split, or let the function give a column split with train and test",
        )
    if section.split == "hash" and recipe.with_role("group"):
        raise RecipeError(
            f'[preprocess] split = "hash" would put rows of one {recipe.with_role("group")[0]} on both sides; '
            "leave it out, or give that column another role"
        )
