"""What the monitor says of a version: evidence, verdict, labels and decision, to and from JSON.

Sentences are made from the fields (`monitoring.wording`), and no program reads a sentence.
"""

import json
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from relay.monitoring.moment import Unix

FORMAT = 1
"""Of a report; raised when a reader of the old form would misunderstand the new one."""

MOST_COLUMNS = 3
"""Columns that a verdict names."""

MOST_HISTORY = 500
"""Points of the evidence over time that a report keeps."""


class VerdictKind(StrEnum):
    """What the monitor concludes; the first that holds, in this order."""

    BREAK = "break"
    """The data itself is broken: a unit, missing cells, refused records, a constant column."""
    HARM = "harm"
    """The model's loss on labelled records is surely above that of its test rows."""
    SHIFT = "shift"
    """The records surely differ from the reference."""
    DEPENDENCE = "dependence"
    """Columns go together otherwise than in the reference, while each alone looks alike."""
    NOTE = "note"
    """A block of records differs; over many blocks that may happen by chance."""
    NONE = "none"
    TOO_FEW = "too_few"
    """Fewer than 100 records were counted: no statement."""

    @property
    def is_alarm(self) -> bool:
        """Whether the promised rate of false alarms holds for it, so that it may wake people."""
        return self in (VerdictKind.BREAK, VerdictKind.HARM, VerdictKind.SHIFT)


class Action(StrEnum):
    """What follows from a verdict."""

    NONE = "none"
    HOLD = "hold"
    """No retraining, for the reason that the decision gives."""
    SUGGEST = "suggest"
    """A person should train again."""
    TRAIN = "train"
    """The recipe allows a run without a person."""
    ROLLBACK = "rollback"
    """The version was promoted within its probation and harms: the one before should serve again."""


class Part(BaseModel):
    """A part of a report."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Interval(Part):
    """A figure with its 95 % interval; without rows to tell from, all None."""

    value: float | None
    low: float | None
    high: float | None
    rows: int = 0
    """From which it was computed."""


class ColumnEvidence(Part):
    """How one column differs."""

    name: str
    """Of an input; `(score)`, `(predicted)` and `(refused)` for what is no input."""
    what: str
    """Of the column: `values`, `missing`, `new values`, `refused`, `constant`."""
    evidence_log10: float
    """Of the watch, or -log10 of a block's p."""
    reference: float | None
    """Mean of numbers, otherwise a share."""
    now: float | None
    text: str
    """One sentence for people."""


class Factor(Part):
    """A column whose values look multiplied, as by another unit."""

    column: str
    factor: float
    share: float
    """Of the rows that look multiplied."""


class Segment(Part):
    """A part of the records whose share has changed."""

    text: str
    """Such as `age < 30`."""
    conditions: list[tuple[str, str, Any]]
    """Column, relation (`<=`, `>`, `is`, `is not`, `is missing`, `is present`) and border; all must hold."""
    before: float
    """Share of the reference rows."""
    now: Interval


class Verdict(Part):
    """The conclusion."""

    kind: VerdictKind
    since_unix: Unix | None = None
    """When it began, as the evidence tells; None without a finding."""
    text: str = ""
    next_step: str = ""
    columns: list[ColumnEvidence] = []
    """By evidence, at most MOST_COLUMNS."""
    factor: Factor | None = None
    segment: Segment | None = None

    @property
    def sentence(self) -> str:
        """The text with a large first letter, unless it begins with a column's name: that stays as it is written."""
        begins_with_name = any(self.text.startswith(one.name) for one in self.columns)
        return self.text if begins_with_name else self.text[:1].upper() + self.text[1:]


class RowCounts(Part):
    """Records of the version."""

    counted: int
    refused: int = 0
    left_out: dict[str, int] = {}
    """Reason -> records: `own questions`, `trials`, `same request`, `unreadable`."""
    waiting: int = 0
    """Before the first look: records that wait for it."""
    first_unix: Unix | None = None
    last_unix: Unix | None = None
    """When the first and the last counted record was asked."""


class EvidencePoint(Part):
    """The evidence at one look."""

    at_unix: Unix
    rows: int
    log10: float
    loss_log10: float = 0.0


class Evidence(Part):
    """Of the watch over the version's whole tenure."""

    log10: float
    """Of the strongest stream."""
    stream: str = ""
    """Its name."""
    limit_log10: float
    """From which it is an alarm."""
    loss_log10: float = 0.0
    loss_limit_log10: float = 2.0
    history: list[EvidencePoint] = []
    """At most MOST_HISTORY, oldest first."""


class Block(Part):
    """A closed block of records against the reference."""

    number: int
    rows: int
    begin_unix: Unix
    end_unix: Unix
    p: float
    """Of the block test over all columns."""
    dependence_p: float | None = None
    """Of the classifier test; None where no reference rows are kept or the block is too small."""
    dependence_auc: float | None = None
    is_note: bool = False
    columns: list[ColumnEvidence] = []
    """By evidence."""
    psi: dict[str, Interval] = {}
    """Column -> population stability index without its bias."""


class LabelState(Part):
    """What labels tell."""

    labelled: int
    """Counted records with a label."""
    mature: int
    """Records older than the delay, of cohorts that are covered."""
    immature: int
    coverage: float | None
    """Share of the records older than the delay that have a label."""
    is_one_sided: bool = False
    """Whether all labels of the last records are of one class."""
    realised: dict[str, Interval] = {}
    """Score -> value on mature records: `brier`, `log`, `squared` or `error`, and `rate`, `auc`, `calibration`."""
    expected: dict[str, Interval] = {}
    """The same without labels: from the test rows' calibration."""
    reference: dict[str, float] = {}
    """The same on the test rows of the version."""
    reading: str = ""
    """`concept`, `covariate` or empty: what realised minus expected loss tells."""


class Decision(Part):
    """What follows, on which evidence."""

    action: Action
    why: str
    verdict: VerdictKind = VerdictKind.NONE
    evidence_log10: float = 0.0
    at_unix: Unix | None = None
    refused_until_unix: Unix | None = None
    """Until when no run is asked for again: the cooldown."""


class Baseline(Part):
    """What the records are compared with."""

    kind: str = "version"
    """`version`: its test rows; `accepted`: a window that a person accepted."""
    window: str = ""
    who: str = ""
    when_unix: Unix | None = None
    why: str = ""


class Report(Part):
    """What the monitor says of a version at the end of a window, and now."""

    format: int = FORMAT
    model: str
    version: str
    recipe: str
    window: str
    """Name of the window: `v<version>-<records counted at its end>`."""
    verdict: Verdict
    rows: RowCounts
    evidence: Evidence
    blocks: list[Block] = []
    """The last ones, oldest first."""
    labels: LabelState | None = None
    decision: Decision
    baseline: Baseline = Baseline()
    off: list[str] = []
    """What is not watched, and why, one sentence each."""

    @property
    def is_alarm(self) -> bool:
        """Whether people should look now."""
        return self.verdict.kind.is_alarm

    def to_json(self) -> bytes:
        """The report as a readable file; the same report gives the same bytes."""
        body = self.model_dump(mode="json") | {"is_alarm": self.is_alarm}
        return (json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes | str) -> "Report":
        """The report in a file or a table.

        Raises:
            ValueError: the content is not a report.
        """
        body: Any = json.loads(content)
        if not isinstance(body, dict):
            raise ValueError(f"expected a report, found {type(body).__name__}")  # noqa: TRY004 - content, not a call
        body.pop("is_alarm", None)
        return cls.model_validate(body)
