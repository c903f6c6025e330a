"""Findings on the page: their topics alone choose the tab, and results of version 0.1 are shown without topics."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from page_folders import Folders
from streamlit.testing.v1 import AppTest
from test_page_app import TITLES, open_page

from relay.handoff.receipt import Receipt
from relay.results.findings import FILE, Finding, Findings, Topic, read_lines
from relay.results.load import load_latest
from relay.results.output import RECEIPT, describe_files

ABOVE = "above the tabs"

PLACES = {
    Topic.NEIGHBOURS: {"Map", "Trust"},
    Topic.AXES: {"Map"},
    Topic.TIME_ORDER: {"Time", "Trust"},
    Topic.BOUNDARY: {"Time"},
    Topic.BALANCED_ACCURACY: {"Trust"},
    Topic.PERMUTATION_TEST: {"Trust"},
    Topic.SILHOUETTE: {"Trust"},
    Topic.TEXT_LENGTH: {"Trust"},
    Topic.STABILITY: {"Trust"},
    Topic.CLASSIFIERS: {"Trust"},
    Topic.COVERAGE: {"Trust"},
    Topic.OPPOSE: {"Markers"},
    Topic.IMPOSTERS: {"Unknown"},
    Topic.CONSENSUS: {"Consensus"},
    Topic.ROLLING: {"Rolling"},
    Topic.ATTRIBUTION: {"Unknown"},
    Topic.CANDIDATES: {"Unknown"},
    Topic.OTHER_DISTANCES: {"Unknown"},
    Topic.UNEQUAL: {"Unknown"},
    Topic.WORD_RANGE: {"Unknown"},
}
"""Topic -> the tabs that show it; every finding is among the details above the tabs as well."""


def list_places(app: AppTest, texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Tab and sentence of each of these sentences on the page."""
    tabs = {tab.label: [unmark(element.value) for element in tab.markdown] for tab in app.tabs if tab.label in TITLES}
    found = [(title, said) for title, elements in tabs.items() for said in elements if said in texts]
    everywhere = Counter(said for said in map(unmark, (element.value for element in app.markdown)) if said in texts)
    return found + [(ABOVE, said) for said in (everywhere - Counter(said for _, said in found)).elements()]


def unmark(text: str) -> str:
    return text.replace("\\", "").replace("\xa0", " ")


def make_old(folder: Path) -> None:
    """Turn a result folder into one of version 0.1, without its findings as data."""
    (folder / FILE).unlink()
    receipt = Receipt.read(folder / RECEIPT)
    files = {name: (folder / name).read_bytes() for name in receipt.files if name != FILE}
    (folder / RECEIPT).write_text(receipt.model_copy(update=describe_files(files)).to_json(), encoding="utf-8")


def test_each_topic_is_shown_on_its_tabs(full: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = tuple(Finding(topic, f"On {topic.value}") for topic in Topic)
    plots = load_latest(full.settings, "papers").findings.plots
    monkeypatch.setattr("relay.results.load.read_findings", lambda _: Findings(findings, plots))
    app = open_page(full, monkeypatch, "papers")
    texts = tuple(finding.text for finding in findings)
    found: dict[str, set[str]] = {}
    for place, said in list_places(app, texts):
        found.setdefault(said, set()).add(place)
    assert found == {f"On {topic.value}": PLACES.get(topic, set()) | {ABOVE} for topic in Topic}


@pytest.mark.parametrize("recipe", ["linear", "styles", "papers"])
def test_with_every_text_replaced_by_x_each_tab_shows_as_many_sentences(
    full: Folders, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    texts = load_latest(full.settings, recipe).findings.sentences
    before = Counter(place for place, _ in list_places(open_page(full, monkeypatch, recipe), texts))
    make = Finding.__init__

    def hide_text(self: Finding, topic: Topic, _: str, figures: Mapping[str, Any]) -> None:
        make(self, topic, "x", figures)

    monkeypatch.setattr(Finding, "__init__", hide_text)
    after = Counter(place for place, _ in list_places(open_page(full, monkeypatch, recipe), ("x",)))
    assert sum(before.values()) >= len(texts) > 0
    assert after == before


@pytest.mark.parametrize("recipe", ["linear", "papers"])
def test_a_result_of_version_0_1_is_shown_with_all_sentences_above_the_tabs(
    full: Folders, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    folder = full.data / "output" / recipe / "latest"
    before, lines = load_latest(full.settings, recipe).findings, read_lines(folder)
    make_old(folder)
    assert read_lines(folder) == lines
    app = open_page(full, monkeypatch, recipe)
    assert not app.error
    assert set(list_places(app, before.sentences)) == {(ABOVE, said) for said in before.sentences}
    assert load_latest(full.settings, recipe).findings.plots == before.plots
