"""The gate lets no model through that was trained on bad data, and says in plain words what is wrong with the data."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from projects import MIXED, Project, make_project, mixed_columns, write_processed

from benchmarks.bad_data import CASES, LATE, SEEDS, draw_borrowers, judge_case
from drift.profile import Profile
from model.__main__ import STAGE
from model.release.candidates import Fetched
from model.release.new_data import NewData, ask_data
from model.release.promotion_gate import Candidate
from model.training.estimator.rows import Part, Split
from relay.handoff.column import Column
from relay.handoff.program import main
from relay.handoff.recipe import load_recipe
from relay.handoff.schema import arrow_schema
from relay.registry.connection import find_registry, open_registry
from relay.registry.contract import PROFILE_FILE, Contract, Example
from relay.registry.shift import accept_shift
from relay.registry.task import ModelTask
from relay.registry.versions import list_versions

BAD = [case for case in CASES if case != "clean data"]


@pytest.fixture(scope="module")
def borrowers() -> Any:
    return draw_borrowers(20_000, 0)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("a column that knows the label", "NumberOfDependents alone orders the new rows with a ROC AUC of 0.7"),
        ("the newest 30 % unlabelled", "SeriousDlqin2yrs is 1 in 4 % of the new rows, in those of"),
        ("half of the positives not yet reported", "SeriousDlqin2yrs is 1 in 3 % of the new rows"),
        ("5 % of the labels flipped", "SeriousDlqin2yrs is 1 in 11 % of the new rows"),
        ("a dead column", f"{LATE} has one value in all new rows; 5 % of version 1's test rows have"),
    ],
)
def test_bad_data_are_refused_and_named(borrowers: Any, case: str, words: str) -> None:
    found = judge_case(borrowers, case, 0)
    assert (found.passes, found.why.startswith("the new data: "), words in found.why) == (False, True, True), found.why


def test_clean_data_pass_with_both_sets_of_rows_compared(borrowers: Any) -> None:
    found = judge_case(borrowers, "clean data", 0)
    assert found.passes, found.why
    assert [check.name for check in found.checks] == [
        "roc_auc",
        "brier",
        "roc_auc on the kept test rows of version 1",
        "brier on the kept test rows of version 1",
        "data break",
        "class shares",
        "leak",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_in_five_seeds_bad_data_never_pass_and_clean_data_nearly_always(borrowers: Any, case: str) -> None:
    promoted = sum(judge_case(borrowers, case, seed).passes for seed in SEEDS)
    assert promoted == 0 if case in BAD else promoted >= 4


NUMBER = Column(type="float", role="input", null=True)
DAY = 86_400_000_000
INGESTED = datetime(2026, 3, 1, tzinfo=UTC)


def make_part(rows: int, days_old: float | None = None, seed: int = 0) -> Part:
    """Rows of one input and two classes, all so many days old when they were fetched."""
    draw = np.random.default_rng(seed)
    times = None
    if days_old is not None:
        moment = INGESTED - timedelta(days=days_old)
        times = np.full(rows, int(moment.timestamp() * 1e6), dtype=np.int64)
    return Part(pd.DataFrame({"a": draw.normal(size=rows)}), draw.integers(0, 2, rows), pa.table({}), times=times)


def ask_labels(days_old: float | None, delay: int | None, ingested: datetime | None = INGESTED) -> list[Any]:
    split = Split(make_part(800, 100 if days_old is not None else None), make_part(200, days_old), 0)
    challenger = Candidate(1, make_contract(), None, None, "new")
    new = NewData(split, 0, ingested, None if delay is None else timedelta(days=delay))
    return [(check.passed, check.text) for check in ask_data(challenger, None, new)]


def make_contract() -> Contract:
    return Contract(
        model="m", recipe="m", title="", description="", task=ModelTask.BINARY, estimator="", inputs={"a": NUMBER},
        target="y", target_column=None, classes=[0, 1], gives_probabilities=True, threshold=0.5, base_rate=0.5,
        spread=None, score=None, segments=[], example=Example(records=[], predictions=[], probabilities=None), files={},
    )  # fmt: skip


def test_labels_that_may_not_be_final_are_refused_with_number_and_border() -> None:
    ((passed, text),) = ask_labels(29, 30)
    assert (passed, text) == (
        False,
        "200 of 1,000 rows are later than 2026-01-30T00:00:00Z, less than label_delay = 30d before they were fetched, "
        "so their labels may not be final: leave such rows out of the source and train again.",
    )


def test_labels_are_asked_about_only_where_the_recipe_and_the_rows_tell() -> None:
    assert ask_labels(31, 30) == [(True, "")]
    assert ask_labels(1, None) == []
    assert ask_labels(None, 30) == [(True, "[monitor] label_delay = 30d was not asked: no column has the role time.")]
    ((passed, text),) = ask_labels(1, 30, None)
    assert (passed, "it is not known when" in text) == (True, True)


def list_checks(champion: Candidate, inputs: pd.DataFrame) -> dict[str, str]:
    part = Part(inputs, np.random.default_rng(1).integers(0, 2, len(inputs)), pa.table({}))
    new = NewData(Split(part, part, 0), 0)
    challenger = replace(champion, number=2, data_sha256="new")
    return {check.name: check.text for check in ask_data(challenger, champion, new) if not check.passed}


@pytest.fixture(scope="module")
def champion() -> Candidate:
    """In production: one input, ten percent of it missing."""
    from drift.columns import Column as Values
    from drift.profile import build_profile

    draw = np.random.default_rng(3)
    values = np.where(draw.random(6_000) < 0.1, np.nan, draw.lognormal(8, 0.5, 6_000))
    profile = build_profile([Values("a", "number", values[:4_000])], [Values("a", "number", values[4_000:])])
    profile = replace(profile, classes=(("0", 3_000), ("1", 3_000)))
    return Candidate(1, make_contract(), None, None, "old", profile)


def draw_values(rows: int, missing: float, factor: float = 1.0) -> pd.DataFrame:
    draw = np.random.default_rng(4)
    values = draw.lognormal(8, 0.5, rows) * factor
    return pd.DataFrame({"a": np.where(draw.random(rows) < missing, np.nan, values)})


@pytest.mark.parametrize(
    ("missing", "factor", "words"),
    [
        (0.10, 1.0, ""),
        (0.13, 1.0, ""),  # three points more are no break
        (0.22, 1.0, "a has no value in 23 % of the new rows, in version 1's test rows in 10 %."),
        (0.0, 1.0, "a has no value in 0 % of the new rows, in version 1's test rows in 10 %."),
        (0.10, 12.0, "a"),
    ],
)
def test_a_break_of_one_column_is_named(champion: Candidate, missing: float, factor: float, words: str) -> None:
    found = list_checks(champion, draw_values(3_000, missing, factor)).get("data break", "")
    assert found == words or (words == "a" and found.startswith("a")), found


def test_a_version_without_a_profile_is_noted(champion: Candidate) -> None:
    part = make_part(500)
    older = replace(champion, profile=None)
    found = list(ask_data(replace(champion, data_sha256="new"), older, NewData(Split(part, part, 0), 0)))
    assert [(check.passed, check.text) for check in found] == [
        (
            True,
            "Version 1 has no profile of its test rows, so the new data were not held against its data: check them "
            "yourself; a version that this release trains has a profile that can be read.",
        )
    ]
    assert Profile.from_json(json.loads(json.dumps(champion.profile.to_json()))) == champion.profile  # type: ignore[union-attr]


@pytest.mark.parametrize("format_", [0, 2, "2", None])
def test_a_profile_of_another_release_is_named_with_its_format(
    champion: Candidate, tmp_path: Path, format_: object
) -> None:
    assert champion.profile is not None
    (tmp_path / PROFILE_FILE).write_text(json.dumps(champion.profile.to_json() | {"format": format_}))
    contract = make_contract().model_copy(update={"monitored": {PROFILE_FILE: ""}})
    older = Fetched(1, tmp_path, contract, None, "old").open(with_model=False)
    part = make_part(500)
    (found,) = ask_data(replace(older, number=2, data_sha256="new"), older, NewData(Split(part, part, 0), 0))
    said = f"Version 1 has a profile of another release (a profile of format {format_!r}; this release reads format 1)"
    assert (found.passed, found.text.partition(", so")[0]) == (True, said)
    assert "check them yourself" in found.text


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Version 1 in production, then the same recipe on rows of which most have lost their income."""
    folder = tmp_path_factory.mktemp("gate")
    recipe = MIXED.replace("RandomForestClassifier", "HistGradientBoostingClassifier").replace(
        "n_estimators = 10", "max_iter = 10"
    )
    project = make_project(folder, recipe, mixed_columns(1_500), "mixed")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI")
        assert project.run() == 0
        columns = mixed_columns(1_500)
        columns["income"] = [None if row % 4 else value for row, value in enumerate(columns["income"])]
        schema = [*arrow_schema(load_recipe(str(project.recipe)).columns), pa.field("split", pa.string())]
        table = pa.table({item.name: pa.array(columns[item.name], item.type) for item in schema})
        write_processed(project.data_dir, project.recipe, table)
        assert project.run() == 0
    return project


def test_by_commands_a_broken_column_is_refused_and_the_list_says_why(
    tracked: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert main(STAGE, ["list", str(tracked.recipe), "--data-dir", str(tracked.data_dir), "--json"]) == 0
    newest, first = json.loads(capsys.readouterr().out)
    assert (first["is_production"], newest["gate"]["passes"]) == (True, False)
    assert "income has no value in 81 % of the new rows, in version 1's test rows in" in newest["gate"]["why"]
    assert "roc_auc on the kept test rows of version 1" in [check["name"] for check in newest["gate"]["checks"]]


def test_by_commands_an_accepted_shift_is_no_longer_held_against_new_data(
    tracked: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    address = find_registry(tracked.data_dir)
    assert address is not None
    client = open_registry(address)
    accept_shift(client, "mixed", 1, "ann", "incomes are not asked any more")
    assert main(STAGE, [*tracked.arguments("--force", "--set", "model.options.max_iter=11")]) == 0
    gate = list_versions(client, "mixed")[0].gate
    assert gate is not None
    texts = " ".join(check["text"] for check in gate["checks"])
    assert "The shift since version 1 was accepted by ann on" in texts
    assert "data break" not in [check["name"] for check in gate["checks"]]


def test_by_commands_a_version_that_harms_is_rolled_back_once(
    tracked: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI")

    def call(verb: str, *more: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(STAGE, [verb, str(tracked.recipe), "--data-dir", str(tracked.data_dir), *more, "--json"])
        return code, json.loads(capsys.readouterr().out)

    assert call("promote", "2")[0] == 0
    harm = ("--probation", "--expected", "2", "--why", "harm: Brier 0.20 against 0.14", "--evidence", '{"log10": 3.2}')
    for _ in range(2):
        code, found = call("rollback", *harm)
        assert (code, found["is_rolled_back"], found["production"]) == (0, True, 1)
    code, entries = call("history")
    assert entries[0]["why"] == "version 2 was rolled back within its probation: harm: Brier 0.20 against 0.14"
    assert len([one for one in entries if one["undoes"] == 2]) == 1
    for wrong in (("--probation",), ("--probation", "--expected", "2", "--evidence", "[]")):
        code, said = call("rollback", *wrong)
        assert (code, said["error"]["kind"]) == (2, "usage")
