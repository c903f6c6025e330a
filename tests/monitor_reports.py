"""Reports as the monitor writes them, for tests: nothing found, data that is broken, and a model that harms."""

from relay.monitoring.report import (
    Action,
    Block,
    ColumnEvidence,
    Decision,
    Evidence,
    EvidencePoint,
    Factor,
    Interval,
    LabelState,
    Report,
    RowCounts,
    Segment,
    Verdict,
    VerdictKind,
)

BEGIN = 1_790_000_000.0
"""2026-09-21, when the first record of every example was asked."""

LIMIT = 3.4


def make_quiet(model: str = "credit", version: str = "3", rows: int = 5_000) -> Report:
    """Nothing differs, and nothing has a label."""
    return _make(model, version, rows, Verdict(kind=VerdictKind.NONE, text="No record differs from the reference."))


def make_few(model: str = "credit", version: str = "3") -> Report:
    """Too few records for a statement."""
    return _make(model, version, 40, Verdict(kind=VerdictKind.TOO_FEW, text="40 records; a statement needs 100."))


def make_break(model: str = "credit", version: str = "3", column: str = "MonthlyIncome") -> Report:
    """A column in another unit."""
    columns = [
        ColumnEvidence(
            name=column, what="values", evidence_log10=9.5, reference=6_400.0, now=9_900.0,
            text=f"{column}: mean 6,400 before, 9,900 now.",
        ),
        ColumnEvidence(
            name="DebtRatio", what="missing", evidence_log10=1.2, reference=0.02, now=0.024,
            text="DebtRatio: 2.0% missing before, 2.4% now.",
        ),
    ]  # fmt: skip
    verdict = Verdict(
        kind=VerdictKind.BREAK,
        since_unix=BEGIN + 5_400,
        text=f"{column}: 5% of the records look multiplied by 12.",
        next_step="Check the unit at the source; train nothing from these records.",
        columns=columns,
        factor=Factor(column=column, factor=12.0, share=0.05),
    )
    decision = Decision(
        action=Action.HOLD, why="Broken data is no reason to train.", verdict=VerdictKind.BREAK, at_unix=BEGIN + 9_000
    )
    return _make(model, version, 10_000, verdict, decision, log10=9.5)


def make_labelled(model: str = "credit", version: str = "3") -> Report:
    """A model that harms, by its labels; training is suggested."""
    verdict = Verdict(
        kind=VerdictKind.HARM,
        since_unix=BEGIN + 7_200,
        text="The Brier score is 0.082; on the test rows it was 0.053.",
        next_step="Train again on newer rows.",
        columns=[
            ColumnEvidence(
                name="age", what="values", evidence_log10=2.8, reference=52.3, now=41.0,
                text="age: mean 52.3 before, 41.0 now.",
            )
        ],
        segment=Segment(
            text="age < 30", conditions=[("age", "<", 30.0)], before=0.08,
            now=Interval(value=0.31, low=0.29, high=0.33, rows=5_000),
        ),
    )  # fmt: skip
    decision = Decision(
        action=Action.SUGGEST, why="The loss is surely higher, and 2,400 labels are new.", verdict=VerdictKind.HARM,
        evidence_log10=2.6, at_unix=BEGIN + 9_000,
    )  # fmt: skip
    labels = LabelState(
        labelled=2_500,
        mature=2_400,
        immature=100,
        coverage=0.96,
        realised={
            "brier": Interval(value=0.082, low=0.07, high=0.094, rows=2_400),
            "auc": Interval(value=0.79, low=0.76, high=0.82, rows=2_400),
        },
        expected={
            "brier": Interval(value=0.055, low=0.051, high=0.059, rows=2_400),
            "auc": Interval(value=0.83, low=None, high=None),
        },
        reference={"brier": 0.053, "auc": 0.84},
        reading="concept",
    )
    return _make(model, version, 10_000, verdict, decision, log10=2.8, loss_log10=2.6, labels=labels)


def _make(
    model: str,
    version: str,
    rows: int,
    verdict: Verdict,
    decision: Decision | None = None,
    *,
    log10: float = 0.3,
    loss_log10: float = 0.0,
    labels: LabelState | None = None,
) -> Report:
    looks = range(1, 11)
    history = [
        EvidencePoint(
            at_unix=BEGIN + 900 * look, rows=rows * look // 10, log10=log10 * (look / 10) ** 2,
            loss_log10=loss_log10 * (look / 10) ** 2,
        )
        for look in looks
    ]  # fmt: skip
    blocks = [
        Block(
            number=number, rows=1_000, begin_unix=BEGIN + 900 * number, end_unix=BEGIN + 900 * (number + 1),
            p=0.4 if number < 3 or not verdict.kind.is_alarm else 0.0002, is_note=number > 3 and verdict.kind.is_alarm,
            columns=verdict.columns, psi={"MonthlyIncome": Interval(value=0.02, low=0.0, high=0.05)},
        )
        for number in range(1, rows // 2_000 + 1)
    ]  # fmt: skip
    return Report(
        model=model,
        version=version,
        recipe=model,
        window=f"v{version}-{rows}",
        verdict=verdict,
        rows=RowCounts(
            counted=rows, refused=rows // 100, left_out={"own questions": 3}, first_unix=BEGIN, last_unix=BEGIN + 9_000
        ),
        evidence=Evidence(
            log10=log10, stream="MonthlyIncome values", limit_log10=LIMIT, loss_log10=loss_log10, history=history
        ),
        blocks=blocks,
        labels=labels,
        decision=decision or Decision(action=Action.NONE, why="No reason to train."),
    )
