"""What `[preprocess]` in a recipe may say, one type for each kind of data."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from relay.handoff.recipe import Recipe, Section, choose_section

Share = Annotated[float, Field(ge=0, le=1)]


class PreprocessSection(Section):
    """What both kinds share."""

    kind: str
    max_rejected_share: Share = 0.01
    """Share of the rows that may break the schema's rules before the stage fails."""


class TableSection(PreprocessSection):
    """Rows of numbers and categories."""

    kind: Literal["table"]
    test_share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of the rows that are kept for testing; near it, since each row is drawn by itself."""


class RelabelSection(Section):
    """Documents that get another label than the source gives them."""

    label: str
    column: str
    values: list[str]


class DocumentsSection(PreprocessSection):
    """Texts with a label and perhaps a time."""

    kind: Literal["documents"]
    cleaning: Literal["links", "notebook"] = "links"
    """`links` takes links out of the texts; `notebook` does what the course notebook did: see preprocess/README.md."""
    case: Literal["lower", "keep"] = "lower"
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

    @model_validator(mode="after")
    def _the_notebook_changes_no_letters(self) -> "DocumentsSection":
        if self.cleaning == "notebook":
            for name in ("case", "normal_form", "apostrophes"):
                if name in self.model_fields_set and getattr(self, name) != "keep":
                    raise ValueError(f'{name} has no effect with cleaning = "notebook"; remove one of the two')
        return self


SECTIONS: dict[str, type[PreprocessSection]] = {"table": TableSection, "documents": DocumentsSection}


def parse_parameters(recipe: Recipe) -> PreprocessSection:
    """The recipe's `[preprocess]` in the type that its `kind` asks for.

    Raises:
        RecipeError, UsageError: a key is unknown, missing or of another type.
    """
    return choose_section(recipe, "preprocess", "kind", SECTIONS)
