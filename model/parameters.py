"""The `[model]` section of a recipe, typed; `kind` chooses which of the two it is."""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from model.style_parameters import AuthorshipParameters
from relay.handoff.errors import RecipeError
from relay.handoff.recipe import Recipe, Section, choose_section, parse_section

if TYPE_CHECKING:  # a recipe without own code needs nothing of it
    from relay.handoff.own.function import OwnFunction

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


Memory = Literal["normal", "float32", "stream"]


class _EstimatorSection(Section):
    """What both forms of this kind share."""

    kind: Literal["estimator"]
    threads: Annotated[int, Field(ge=1)] = 2
    """Threads of the numerical libraries: another number may change the last digits."""
    name: str = ""
    """Name of the model in the registry. Default: the recipe's name."""
    score: Score | None = None
    """The metric that decides between two versions. Default: r2, roc_auc, or balanced_accuracy for several classes."""
    cv_folds: Annotated[int, Field(ge=0, le=20)] = 0
    """Folds of the cross-validation on the training rows; 0: no cross-validation."""
    segments: Annotated[list[str], Field(default_factory=list)]
    """Input columns by whose values the score is given separately: numbers by quartile, categories by value."""
    positive: bool | int | float | str | None = None
    """Of two classes the one that is looked for, such as "bad": precision, recall, F1 and probabilities are about it.
    Default: the second in sorted order."""

    sample_rows: Annotated[int, Field(ge=0)] = 0
    """Rows of the sample that the model is trained and judged on, drawn by the hash of the row; 0: all rows. For tables
    that do not fit in memory: docs/large-tables.md."""
    memory: Memory = "normal"
    """How the rows are held while the model learns. normal: all of them, as doubles; float32: all of them, with numbers
    in half the memory, for estimators of trees; stream: a row group at a time, for estimators with partial_fit:
    docs/large-tables.md."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 1
    """How often the model learns from each training row, for memory = "stream"."""

    @field_validator("cv_folds")
    @classmethod
    def _more_than_one_fold(cls, cv_folds: int) -> int:
        """`cv_folds` is 0, or at least 2."""
        if cv_folds == 1:
            raise ValueError("one part leaves nothing to learn from; expected 0 for none, or 2 and more")
        return cv_folds


class EstimatorParameters(_EstimatorSection):
    """A scikit-learn estimator that learns the target column from the input columns."""

    estimator: str
    """Dotted name of a class with fit and predict, of scikit-learn or of a package that model/requirements.txt pins,
    such as sklearn.linear_model.LinearRegression; or the name of an own function that builds an estimator."""
    options: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Keyword arguments of the class. A random_state that is not given is the recipe's seed. An estimator inside is
    { estimator = "sklearn.svm.SVC", options = {…} }; the keys of class_weight are classes of the target."""
    arguments: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Values for the own function's parameters."""
    timeout: Annotated[float | None, Field(gt=0, exclude=True)] = None
    """Seconds after which own code is ended. Default: no limit."""
    use: str = ""
    """Which of `[model.estimators]` this is. A recipe that offers only one estimator has no such key."""

    @model_validator(mode="after")
    def _use_needs_estimators(self) -> "EstimatorParameters":
        """`use` needs a `[model.estimators.NAME]` of that name."""
        if self.use and "use" in self.model_fields_set:
            raise ValueError(f'use = "{self.use}" needs a [model.estimators.{self.use}]; add it, or leave use out')
        return self

    @model_validator(mode="after")
    def _streams_have_epochs_and_no_folds(self) -> "EstimatorParameters":
        """`epochs` need `memory = "stream"`, which has no `cv_folds`: these need all rows in memory."""
        if self.epochs > 1 and self.memory != "stream":
            raise ValueError(f'epochs = {self.epochs} needs memory = "stream"; found "{self.memory}"')
        if self.cv_folds and self.memory == "stream":
            raise ValueError(
                f'cv_folds = {self.cv_folds} needs all rows in memory; leave it out with memory = "stream"'
            )
        return self

    @model_validator(mode="after")
    def _memory_needs_a_class(self) -> "EstimatorParameters":
        """`memory` other than normal needs the name of a class: an own function gets the rows as they are."""
        if self.memory != "normal" and "." not in self.estimator:
            raise ValueError(
                f'memory = "{self.memory}" needs a class of scikit-learn; found the function {self.estimator}'
            )
        return self

    @model_validator(mode="after")
    def _arguments_need_a_function(self) -> "EstimatorParameters":
        """`arguments` belong to an own function, `options` to a class."""
        if self.arguments and "." in self.estimator:
            raise ValueError(f"arguments are for an own function; {self.estimator} takes options")
        if self.options and "." not in self.estimator:
            raise ValueError(f"options are for a class; the function {self.estimator} takes arguments")
        return self


class EstimatorOffer(Section):
    """One of several estimators that a recipe offers."""

    estimator: str
    """Dotted name, such as sklearn.linear_model.LinearRegression."""
    options: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Keyword arguments of the class."""


class MultiEstimatorParameters(_EstimatorSection):
    """Several estimators for one task, of which `use` names the one to train."""

    estimators: Annotated[dict[str, EstimatorOffer], Field(min_length=1)]
    """Name -> estimator."""
    use: str
    """Name of the one to train."""

    @field_validator("use")
    @classmethod
    def _use_names_an_estimator(cls, use: str, info: ValidationInfo) -> str:
        names = info.data.get(
            "estimators", {use: None}
        )  # where the estimators are wrong themselves, that is said instead
        if use not in names:
            near = get_close_matches(use, names, n=1, cutoff=0.5)
            hint = f' (did you mean "{near[0]}"?)' if near else ""
            raise ValueError(f"no such estimator{hint}; there are {', '.join(names)}")
        return use

    def choose(self) -> EstimatorParameters:
        """The chosen estimator alone: changing another one changes nothing for this one."""
        chosen = self.estimators[self.use]
        common = self.model_dump(exclude={"estimators", "use"})
        parameters = EstimatorParameters(**common, estimator=chosen.estimator, options=chosen.options)
        return parameters.model_copy(update={"use": self.use})


class PythonParameters(Section):
    """An own function trains, draws, or does whatever a notebook's last part does: docs/own-code.md."""

    kind: Literal["python"]
    function: str
    """Its name in the module beside the recipe."""
    arguments: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Values for the function's parameters."""
    timeout: Annotated[float | None, Field(gt=0, exclude=True)] = None
    """Seconds after which the function is ended. Default: no limit."""
    threads: Annotated[int, Field(ge=1)] = 2
    """Threads of the numerical libraries: another number may change the last digits."""
    name: str = ""
    """Name of the model in the registry. Default: the recipe's name."""
    score: str = ""
    """Which of the function's metrics decides between two versions. Default: a person decides."""
    lower_is_better: bool = False
    """Whether a smaller score is better."""


SIDES = {"train", "test"}
"""Names of frames that hold the rows of one side."""

ModelParameters = EstimatorParameters | AuthorshipParameters | PythonParameters

KINDS: dict[str, type[Section]] = {
    "estimator": EstimatorParameters,
    "authorship": AuthorshipParameters,
    "python": PythonParameters,
}


def parse_parameters(recipe: Recipe) -> ModelParameters:
    """The recipe's model section in the type that its `kind` names, with a value for each parameter of an own function.

    Raises:
        RecipeError: a key is unknown, missing or of another type.
        UsageError: the same, caused by an override.
        OwnCodeError: an own function is not there, or its parameters are not understood.
    """
    section = _parse_section(recipe)
    own = find_own(section, recipe)
    if own is None or isinstance(section, AuthorshipParameters):
        return section
    return section.model_copy(update={"arguments": own.arguments})


def _parse_section(recipe: Recipe) -> ModelParameters:
    section = recipe.sections.get("model", {})
    if section.get("kind") == "estimator" and "estimators" in section:
        return parse_section(recipe, "model", MultiEstimatorParameters).choose()
    parsed = choose_section(recipe, "model", "kind", KINDS)
    assert isinstance(parsed, ModelParameters)  # noqa: S101 - KINDS holds no other
    return parsed


def find_own(section: ModelParameters, recipe: Recipe) -> "OwnFunction | None":
    """The own function that trains, builds the estimator or measures; None where the section names none.

    Raises:
        OwnCodeError, RecipeError, UsageError: it is not there, or its arguments are wrong.
    """
    if isinstance(section, PythonParameters):
        from relay.handoff.own.function import find_function

        return find_function(recipe, "model", section.function, _given(recipe), _count_data, section.timeout)
    if isinstance(section, AuthorshipParameters) and section.distance_function:
        from relay.handoff.own.function import find_function

        return find_function(recipe, "model", section.distance_function, {}, 2)
    if isinstance(section, EstimatorParameters) and "." not in section.estimator:
        from relay.handoff.own.function import find_function
        from relay.handoff.own.module import has_module

        if has_module(recipe):
            return find_function(recipe, "model", section.estimator, _given(recipe), 0, section.timeout)
    return None


def _given(recipe: Recipe) -> dict[str, Any]:
    given: dict[str, Any] = recipe.sections["model"].get("arguments", {})
    return given


def _count_data(names: list[str]) -> int:
    """Two frames for `train, test`, else one.

    Raises:
        RecipeError: one of the two names stands alone or second, and would get all rows.
    """
    if names[:2] == ["train", "test"]:
        return 2
    if SIDES & {*names[:2]}:
        raise RecipeError(
            f"[model] function: its first parameters are {', '.join(names[:2])}; expected `train, test` in this order "
            "for the rows of each side, or one parameter such as `frame` for all rows"
        )
    return 1
