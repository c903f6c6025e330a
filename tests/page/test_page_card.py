"""Model cards: what they say of a model, in Markdown and in HTML, and that the way to load it works as written."""

import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from registered import Registered, copy_registered
from variables import VARIABLES

from model.__main__ import STAGE
from model.release.fetch import fetch_run
from page.models.older_results import add_fetched
from relay.handoff.column import Column
from relay.handoff.errors import DatasetDamagedError
from relay.handoff.program import main
from relay.handoff.receipt import Origin, Receipt, Rejects
from relay.registry.contract import BatchTest, Contract, Example, Segment
from relay.registry.versions import GATE, Version, find_alias
from relay.results.blocks import Code, Document, Items, Picture, Section, Table, Words, to_html, to_markdown
from relay.results.card import say_range
from relay.results.card_limits import list_limits
from relay.results.findings import Findings
from relay.results.load import Result, list_results, load_result

DOCUMENT = Document(
    "A *card*",
    (
        Section(
            "Words",
            (
                Words("1 < 2 & `x`"),
                Items(("a_b", "c")),
                Table(("Name", "Value"), (("a|b", "<script>"),)),
                Code("print(1)"),
                Picture("plot.png", "a plot", b"bytes"),
            ),
        ),
    ),
)


def test_markdown_marks_what_would_mean_something_and_keeps_the_pictures_at_the_end() -> None:
    assert to_markdown(DOCUMENT).splitlines() == [
        *("# A \\*card\\*", "", "## Words", ""),
        *("1 \\< 2 & \\`x\\`", ""),
        *("- a\\_b", "- c", ""),
        *("| Name | Value |", "| --- | --- |", "| a\\|b | \\<script\\> |", ""),
        *("```python", "print(1)", "```", ""),
        *("![a plot][plot.png]", ""),
        "[plot.png]: data:image/png;base64,Ynl0ZXM=",
    ]


def test_markdown_for_a_terminal_names_the_pictures_only() -> None:
    assert to_markdown(DOCUMENT, with_pictures=False).splitlines()[-1] == "- plot.png: a plot"


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href")]


def test_html_needs_no_other_file_and_runs_nothing() -> None:
    reader = Reader()
    reader.feed(to_html(DOCUMENT))
    assert reader.addresses == ["data:image/png;base64,Ynl0ZXM="]
    assert "script" not in reader.tags


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"type": "int", "min": 18, "max": 120}, "18 to 120"),
        ({"type": "float", "min": 0}, "0 or more"),
        ({"type": "float", "max": 1.5}, "1.5 or less"),
        ({"type": "category", "allowed": ["a", "b"]}, "a, b"),
        ({"type": "text"}, ""),
    ],
)
def test_a_columns_range_is_told_as_declared(rules: dict[str, Any], said: str) -> None:
    assert say_range(Column.model_validate({"role": "input"} | rules, strict=False)) == said


AUTHORS = Contract(
    model="papers", recipe="papers", title="Papers", description="", task="authorship",
    estimator="AuthorshipClassifier", inputs={"text": Column(type="text", role="input")}, target="author",
    target_column=Column(type="category", role="label"), classes=["Ann", "Ben"], gives_probabilities=True,
    threshold=None, base_rate=None, spread=None, score=None, segments=[],
    example=Example(records=[], predictions=[], probabilities=None), files={},
)  # fmt: skip
VERSION = Version("papers", 1, "", 0.0, False, {})


def make_result(metrics: dict[str, Any], *sources: Origin) -> Result:
    receipt = Receipt(
        stage="model", recipe="papers", title="", fingerprint="", bytes=0, rows=9, columns=[],
        key={"code": {}, "parameters": {}, "inputs": {}}, key_digest="", overrides={}, sources=list(sources),
        rejected=Rejects(), dropped={}, seed=1, versions={}, started_at_utc="", seconds=1.0,
    )  # fmt: skip
    return Result(Path(), receipt, metrics, Findings((), ()))


def test_an_authorship_model_speaks_of_styles_and_never_of_identities() -> None:
    source = Origin(where="x", sha256="", bytes=1, fetched_at_utc="2026-11-20T10:03:18Z")
    assert list(list_limits(VERSION, make_result({}, source), AUTHORS)) == [
        "It compares styles, never identities: that a text is nearest to somebody's texts does not prove who wrote it, "
        "and it must not be used to expose a person.",
        "It knows 2 labels and always finds one of them nearest, also for a text by none of them.",
        "Texts of another language, time or kind than those it learned from may be near for reasons other than style.",
        "It knows nothing that came after its data, fetched 2026-11-20 10:03 UTC.",
    ]


def test_limits_of_a_classifier_name_base_rate_small_parts_a_useless_score_and_the_gate() -> None:
    contract = AUTHORS.model_copy(
        update={
            "task": "binary", "target": "late", "classes": [0, 1], "base_rate": 0.067,
            "segments": [Segment(column="age", borders=[41], values=[])],
            "inputs": {"age": Column(type="int", role="input", null=True)},
        }
    )  # fmt: skip
    parts = {"age": {"age < 41": {"rows": 12, "roc_auc": 0.8}, "age >= 41": {"rows": 900, "roc_auc": None}}}
    score = {"name": "roc_auc", "value": 0.5, "baseline": 0.5, "lower_is_better": False}
    metrics = {"rows": {"train": 4000, "test": 912}, "score": score, "segments": parts}
    refused = replace(VERSION, tags={GATE: '{"passes": false, "why": "too much worse."}'})
    assert list(list_limits(refused, make_result(metrics), contract)) == [
        "In its training rows 6.7 % have late = 1: where that share is another, its probabilities and its threshold do "
        "not hold.",
        "Fewer than 100 test rows say how good it is where age < 41.",
        "What it learned goes together in its data; that changing an input would change the outcome does not follow.",
        "By roc_auc (0.5) it is no better than its baseline (0.5): do not use it.",
        "The gate refused it for production: too much worse.",
    ]
    odd = contract.model_copy(update={"batch_test": BatchTest(rows=9, differing=0, error="no answer")})
    assert next(iter(list_limits(refused, make_result(metrics), odd))) == (
        "It is not servable: its model did not answer all test rows: no answer."
    )
    better = metrics | {"score": {**score, "value": 0.6}}
    assert not [limit for limit in list_limits(refused, make_result(better), contract) if "do not use it" in limit]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Registered:
    return copy_registered(tmp_path_factory)


def test_a_card_holds_what_the_run_was_made_of_and_its_code_loads_the_model(
    folders: Registered, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOG_DIR", str(folders.logs))
    monkeypatch.chdir(folders.root)
    assert main(STAGE, ["card", "linear", "1", "--data-dir", "data"]) == 0
    card = capsys.readouterr().out
    headings = [line.removeprefix("## ") for line in card.splitlines() if line.startswith("## ")]
    assert headings == [
        *("Model", "Intended use", "What it is not for", "Inputs and answer", "Data", "How good it is", "Pictures"),
        *("How it was compared", "How to load it", "About this card"),
    ]
    for stage in ("raw", "processed"):
        assert Receipt.read(folders.data / stage / "linear.json").fingerprint in card
    assert "| x | input | float |  | 0 to 20 | no | Position |" in card
    assert "Cross-validation of the 80 training rows in 3 parts: r2" in card
    assert "| Part of the test rows | Rows | r2 |" in card
    found = re.search(r"```python\n(.*?)\n```", card, re.S)
    assert found is not None
    exec(found[1], {})  # the lines that the card tells people to run
    assert capsys.readouterr().out.startswith("Predictions(predictions=[")


@pytest.fixture(scope="module")
def production(folders: Registered) -> tuple[Any, Version]:
    """A client of the registry, and the first version, which is in production."""
    from relay.registry.connection import find_registry, open_registry
    from relay.registry.versions import find_production

    address = find_registry(folders.data)
    assert address is not None
    client = open_registry(address)
    version = find_production(client, "linear")
    assert version is not None
    return client, version


def test_a_result_whose_folder_was_removed_comes_back_from_the_registry(
    folders: Registered, production: tuple[Any, Version]
) -> None:
    client, version = production
    kept = list_results(folders.settings)
    fetched = fetch_run(client, version.run_id, folders.data)
    assert add_fetched(folders.settings, kept) == kept  # nothing is offered twice
    (removed,) = (folder for folder, receipt in kept.items() if receipt == Receipt.read(fetched / "receipt.json"))
    before = load_result(folders.settings, removed)
    shutil.rmtree(removed)
    found = add_fetched(folders.settings, list_results(folders.settings))
    assert list(found) == [folder for folder in kept if folder != removed] + [fetched]
    after = load_result(folders.settings, fetched)
    assert (after.receipt, after.metrics, after.findings) == (before.receipt, before.metrics, before.findings)


def test_a_fetched_run_that_was_changed_is_fetched_again_and_a_changed_registry_is_refused(
    folders: Registered, production: tuple[Any, Version]
) -> None:
    client, version = production
    folder = fetch_run(client, version.run_id, folders.data)
    before = (folder / "metrics.json").read_bytes()
    (folder / "metrics.json").write_bytes(b"{}")
    assert (fetch_run(client, version.run_id, folders.data) / "metrics.json").read_bytes() == before
    (kept,) = (folders.data / "mlflow").rglob(f"{version.run_id}/artifacts/result/metrics.json")
    kept.write_bytes(b"{}")
    (folder / "metrics.json").write_bytes(b"{}")
    with pytest.raises(DatasetDamagedError, match=r"metrics\.json was changed"):
        fetch_run(client, version.run_id, folders.data)
    assert not folder.exists()


@pytest.mark.parametrize("change", [["promote", "linear", "2"], ["rollback", "linear"]])
def test_no_change_is_made_once_another_version_is_production_than_was_looked_at(
    folders: Registered, production: tuple[Any, Version], monkeypatch: pytest.MonkeyPatch, change: list[str]
) -> None:
    client, version = production
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    monkeypatch.setenv("LOG_DIR", str(folders.logs))
    assert main(STAGE, [*change, "--expected", "7", "--data-dir", str(folders.data)]) == 1
    assert find_alias(client, "linear") == version.number
