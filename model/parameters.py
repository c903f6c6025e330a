"""The `[model]` section of a recipe, typed; `kind` chooses which of the two it is."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from handoff.recipe import Recipe, Section, choose_section

Score = Literal[
    "r2",
    "mse",
    "rmse",
    "mae",
    "roc_auc",
    "pr_auc",
    "brier",
    "log_loss",
    "f1",
    "precision",
    "recall",
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
]


class EstimatorParameters(Section):
    """A scikit-learn estimator that learns the target column from the input columns."""

    kind: Literal["estimator"]
    estimator: str
    """Dotted name, such as sklearn.linear_model.LinearRegression."""
    options: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Its keyword arguments; where it takes a random_state and none is given, that is the recipe's seed."""
    threads: Annotated[int, Field(ge=1)] = 2
    """Threads of the numerical libraries: another number may change the last digits."""
    name: str = ""
    """Name of the model in a registry; empty: the recipe's name."""
    score: Score | None = None
    """The metric that decides between two versions; default r2, roc_auc, or balanced_accuracy for several classes."""


class AuthorshipParameters(Section):
    """A map of documents by their style: chunks, n-gram counts, distances, two coordinates."""

    kind: Literal["authorship"]
    chunking: Literal["within", "joined"] = "within"
    """within: chunks never cross a document; joined: all documents one after another, cut in equal parts."""
    chunk_chars: Annotated[int, Field(ge=100)] = 5_000
    """Characters a chunk has, for "within"."""
    chunks: Annotated[int, Field(ge=3)] = 100
    """Number of chunks, for "joined"."""
    ngram: Annotated[int, Field(ge=1, le=5)] = 3
    """Characters an n-gram has."""
    distance: Literal["manhattan"] = "manhattan"
    map: Literal["tsne", "pca", "pcoa"] | None = None
    """How distances become two coordinates; default tsne, in time order pca."""
    order: Literal["", "time"] = ""
    """time: documents in the order of the time column."""
    window: Annotated[int, Field(ge=0)] = 0
    """Chunks before and after that do not count as neighbours when the map is judged, for text in time order."""

    unknown: Annotated[list[str], Field(default_factory=list)]
    """Labels of documents whose author nobody knows: drawn, but neither judged nor counted as neighbours."""
    caution: str = ""
    """What else goes with the label, in a sentence: it closes the findings."""

    @property
    def projection(self) -> str:
        """The map that is drawn."""
        return self.map or ("pca" if self.order == "time" else "tsne")

    @model_validator(mode="after")
    def _sizes_fit_the_chunking(self) -> "AuthorshipParameters":
        other = {"within": "chunks", "joined": "chunk_chars"}[self.chunking]
        if other in self.model_fields_set:
            raise ValueError(f'{other} has no effect with chunking = "{self.chunking}"; remove one of the two')
        return self


ModelParameters = EstimatorParameters | AuthorshipParameters

KINDS: dict[str, type[Section]] = {"estimator": EstimatorParameters, "authorship": AuthorshipParameters}


def parse_parameters(recipe: Recipe) -> ModelParameters:
    """The recipe's model section in the type that its `kind` names.

    Raises:
        RecipeError: a key is unknown, missing or of another type.
        UsageError: the same, caused by an override.
    """
    section = choose_section(recipe, "model", "kind", KINDS)
    assert isinstance(section, EstimatorParameters | AuthorshipParameters)  # noqa: S101 - KINDS holds no other
    return section
