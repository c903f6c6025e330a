"""What a model takes and gives, in one file beside the model file: `contract.json`.

Whoever serves a model needs no recipe and no training code: this file, the model file and their digests are enough.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from relay.handoff.column import Column
from relay.handoff.preparation import Preparation
from relay.registry.task import ModelTask

MODEL_FILE = "model.skops"
ONNX_FILE = "model.onnx"
CONTRACT_FILE = "contract.json"
LINEAGE_FILE = "lineage.json"
PROFILE_FILE = "profile.json"
"""Counts of the test rows, of the scores and of the losses, against which the monitor holds what comes later."""
REFERENCE_FILE = "reference.parquet"
"""A sample of the test rows with score and target, where the recipe keeps them."""
CODE_FOLDER = "code"
"""Folder of a result and of a version that holds the files of the recipe's own code, such as recipes/churn.py."""
SIGNATURE_FILE = "contract.signature"
"""Beside the contract of a version with own code: whose training made it; see registry.code_key."""

TOLERANCE = 1e-5
"""How far two ways of asking one model may differ: in a probability, or in a number as a share of `spread`."""

LARGEST_FLOAT = 3.4e38
"""The largest number that a model takes, in training as in serving. Several estimators and ONNX files compute in 32
bits, where larger numbers become infinite; rounded down to the two digits that a message shows."""

UNSERVED_NEXT = "Promote another version, roll back, or change what the reason names and train again"
"""What to do about a version in production that is not answered from."""

Cell = bool | int | float | str | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Score(_Part):
    """The metric that decides between two versions, on the test rows of this model's own training run."""

    name: str
    value: float
    baseline: float | None
    """None where a user's function judged its model."""
    lower_is_better: bool


class Segment(_Part):
    """An input column by whose values two versions are compared separately; see registry.segments."""

    column: str
    borders: list[float]
    """Numbers: where the second, third… part begins, the quartiles of the training rows. Empty for words."""
    values: list[Cell]
    """Words and truth values of the training rows, sorted; any other value is "another". Empty for numbers."""


class Leak(_Part):
    """An input that alone tells the target of the test rows: possibly the target in another form."""

    column: str
    by: Literal["values", "missing cells"]
    """What of the input tells it: its values, or whether it has one."""
    metric: Literal["ROC AUC", "R²"]
    value: float
    """On the test rows; the lowest of all classes where it tells several of them apart."""
    label: Cell = None
    """Classes: the one that it separates from the others; None where it separates all, and for numbers."""

    def say(self, target: str) -> str:
        """`refund alone separates late = 1 from the other test rows (ROC AUC 1)`."""
        what = self.column if self.by == "values" else f"whether {self.column} is missing"
        rest = f"({self.metric} {self.value:.4g})"
        if self.metric == "R²":
            return f"{what} alone predicts {target} of the test rows {rest}"
        if self.label is None:
            return f"{what} alone separates all classes of {target} in the test rows {rest}"
        return f"{what} alone separates {target} = {self.label} from the other test rows {rest}"


class Example(_Part):
    """Rows that the model has not been trained on, and what it answered: whoever loads it can check that it does.

    An authorship model without documents of unknown label shows some that it knows.
    """

    records: list[dict[str, Cell]]
    """A record each, with every input column."""
    predictions: list[Cell]
    """The answer to each record: a class, a number, or the nearest label."""
    probabilities: list[float] | None
    """Of the positive class, for two classes; else of the predicted class; None for numbers and mere scores."""


Company = Literal["in one batch", "in a shuffled batch", "asked again"]
"""How a row was asked beside alone. "Asked again" is in the first batch a second time."""

MOST_CELLS = 8
"""Cells of a record that a sentence shows."""

LONGEST_CELL = 40
"""Characters of a cell that a sentence shows."""


class BatchDifference(_Part):
    """A test row that a model answers otherwise among other rows than alone."""

    record: dict[str, Cell]
    alone: Cell
    """The class or number that it gets by itself; None for a number that is not finite, as below."""
    together: Cell
    how: Company
    """In what company it got the other one."""
    alone_probability: float | None = None
    together_probability: float | None = None

    def say(self) -> str:
        """`x = 3.5, plan = "a": 1 alone and 0 in one batch (probability 0.52 and 0.48)`."""
        words = f"{self._say_record()}: {_say_cell(self.alone)} alone and {_say_cell(self.together)} {self.how}"
        if self.alone_probability is None or self.together_probability is None:
            return words
        return f"{words} (probability {self.alone_probability:.6g} and {self.together_probability:.6g})"

    def _say_record(self) -> str:
        shown = [f"{name} = {_say_cell(cell)}" for name, cell in list(self.record.items())[:MOST_CELLS]]
        more = len(self.record) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")


def _say_cell(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.10g}"
    text = json.dumps(cell, ensure_ascii=False)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"


class BatchTest(_Part):
    """Whether a model's answer to a row depends on the rows that it is asked with."""

    rows: int
    """Test rows that were to be answered alone, in one batch, in a shuffled one, and in the first one again."""
    differing: int
    """How many of them got different answers."""
    differences: list[BatchDifference] = []
    """The first of them."""
    error: str = ""
    """What the model raised where it could not answer them all, and for how many rows; empty where it did."""

    @property
    def is_passed(self) -> bool:
        """Whether each row was answered alike in each company."""
        return self.rows > 0 and not self.differing and not self.error

    def say_cause(self) -> str:
        """On what the answers depend, as far as the evidence tells."""
        if any(one.how == "asked again" for one in self.differences):
            return "its answer to a row changes when it is asked again"
        return "its answer to a row depends on the rows beside it"


class Asking(_Part):
    """How a model of styles is asked, so that whoever asks it gets the same figures."""

    chunk_chars: int
    """A text is cut into chunks of so many characters, as the known ones were; 0: it is compared whole."""
    seed: int
    """By which the imposters are drawn that verify the nearest label."""
    preparation: Preparation | None = None
    """What was done to the texts that it learned from, and is done to each other text; None in older contracts."""
    lowest_coverage: float | None = None
    """The lowest share that features of the others make up of a known text; None in older contracts."""


class Contract(_Part):
    """All that is promised about a model."""

    model: str
    """Its name in a registry."""
    recipe: str
    title: str
    description: str
    task: ModelTask
    estimator: str
    """Such as LinearRegression."""
    inputs: dict[str, Column]
    """In the order in which the model takes them; an authorship model takes one column of text."""
    target: str
    """The column that is learnt; for authorship the label's column; empty without one."""
    target_column: Column | None
    classes: list[Cell]
    """In the order of the model's probabilities; the second of two is the positive one (see `positive_first`). Empty
    for numbers."""
    gives_probabilities: bool
    """Whether its answers have a probability; False for numbers, and for classifiers that know only scores or names."""
    threshold: float | None
    """Two classes: from which probability (without probabilities: from which score) on it is the positive class."""
    base_rate: float | None
    """Two classes: share of the positive class among the training rows."""
    spread: float | None
    """Numbers: standard deviation of the target in the training rows, against which differences are held."""
    score: Score | None
    segments: list[Segment]
    example: Example
    files: dict[str, str]
    """Name -> SHA-256 of the files that are loaded: the model, and its ONNX file where there is one."""
    leaks: list[Leak] = []
    """Inputs that may give the target away: only a person promotes such a version. Empty in older contracts."""
    usual: dict[str, Cell] | None = None
    """Input -> its usual value in the training rows: the median of numbers, the most frequent of all else; None where
    no training row has one. None as a whole for authorship, and in older contracts, which have example rows only."""
    asking: Asking | None = None
    """Authorship; None for the other tasks, and in older contracts, whose models are asked with the whole text."""
    positive_first: bool = False
    """Two classes: whether the model's own first class is the positive one; `classes` has it last all the same."""
    limits: dict[str, float] = {}
    """Input -> how far from zero the model takes a number, where that is less than its type allows: a larger one would
    overflow once it is scaled. Empty in older contracts."""
    code: dict[str, str] = {}
    """Name -> SHA-256 of each file of the recipe's own code that must be imported before the model file can be loaded.
    Empty where the model holds no types of own code, and in older contracts."""
    is_from_function: bool = False
    """Whether a user's function trained and judged the model, on rows that it chose; False in older contracts."""
    batch_test: BatchTest | None = None
    """Models without an ONNX file: whether a row's answer depends on its company. None for others and for styles."""
    monitored: dict[str, str] = {}
    """Name -> SHA-256 of profile.json and reference.parquet, not needed to answer. Empty in older contracts."""
    record_key: dict[str, Column] = {}
    """The id column, which may come with a record and is logged alone. Empty without one, and in older contracts."""

    @property
    def why_unserved(self) -> str:
        """Why no program may answer by this model, in words; empty where it may."""
        if self.task == ModelTask.OTHER:
            return "its model does not predict a target"
        if self.batch_test is None or self.batch_test.is_passed:
            return ""
        if self.batch_test.error:
            return f"its model did not answer all test rows: {self.batch_test.error}"
        first = self.batch_test.differences[0].say() if self.batch_test.differences else ""
        return (
            f"{self.batch_test.say_cause()}: {self.batch_test.differing} of "
            f"{self.batch_test.rows} test rows got different answers{f', such as {first}' if first else ''}"
        )

    @property
    def takes_batches(self) -> bool:
        """Whether records of several requests may be answered together."""
        return self.batch_test is not None and self.batch_test.is_passed

    @property
    def unit(self) -> str:
        """The unit of the target; empty where it has none."""
        return self.target_column.unit if self.target_column is not None else ""

    @property
    def has_onnx(self) -> bool:
        """Whether the model can be asked through ONNX."""
        return ONNX_FILE in self.files

    def to_json(self) -> bytes:
        """The contract as a readable file."""
        body = self.model_dump(mode="json", by_alias=True)
        epochs = {name: column.epoch for name, column in self.inputs.items() if column.epoch is not None}
        for column in (*body["inputs"].values(), *body["record_key"].values(), body["target_column"] or {}):
            column["epoch"] = "s"  # as ever, which means nothing here: programs of edition 0.1 read the contract too
        body |= {"epochs": epochs} if epochs else {}
        return (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Contract":
        """The contract in a file.

        Raises:
            ValueError: it is none.
        """
        body: Any = json.loads(content)
        if not isinstance(body, dict):
            raise ValueError(f"expected a contract, found {type(body).__name__}")  # noqa: TRY004 - content, not a call
        found = body.pop("epochs", {})
        epochs = found if isinstance(found, Mapping) else {}
        # A column is strict, and JSON writes the whole number 18 where the rule was read as 18.0.
        for part, units in (("inputs", epochs), ("record_key", {})):
            if isinstance(columns := body.get(part), Mapping):
                body[part] = {name: _read_column(column, units.get(name)) for name, column in columns.items()}
        if isinstance(body.get("target_column"), Mapping):
            body["target_column"] = _read_column(body["target_column"], None)
        return cls.model_validate(body)


def _read_column(column: Any, epoch: Any) -> Column:
    """A column with the unit of its numbers since 1970, which stands apart in a contract."""
    return Column.model_validate({**column, "epoch": epoch} if isinstance(column, Mapping) else column, strict=False)
