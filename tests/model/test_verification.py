"""The General Imposters on every unknown document and label, as a recipe asks for it."""

from typing import Any

import numpy as np
import pytest
from projects import DOCUMENTS, WORDS, document_columns, make_project

from model.training.result import Results
from relay.results.findings import Topic

RECIPE = DOCUMENTS.replace(
    "chunk_chars = 300",
    'chunk_chars = 300\nunits = "words"\nngram = 1\ndistance = "cosine_delta"\nfeatures = 40\nunknown = ["?"]\n'
    "imposters = true",
)


def unknown_columns() -> dict[str, Any]:
    """Known documents, one of Ben's without its label, and one that mixes all three."""
    columns, draw = document_columns(), np.random.default_rng(6)
    columns["document"].append("mixed")
    columns["text"].append(" ".join(draw.choice([word for words in WORDS.values() for word in words], 160)))
    columns["author"] = ["?" if name in ("Ben-4", "mixed") else name[:3] for name in columns["document"]]
    columns["written_at_utc"].append(columns["written_at_utc"][-1])
    return columns


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return make_project(tmp_path_factory.mktemp("imposters"), RECIPE, unknown_columns()).train()


def test_every_unknown_document_is_judged_for_every_label(results: Results) -> None:
    rows = results.tables["imposters"].to_pylist()
    assert [(row["document"], row["label"]) for row in rows] == [
        (document, label) for document in ("Ben-4", "mixed") for label in WORDS
    ]
    assert {row["label"]: row["verdict"] for row in rows if row["document"] == "Ben-4"} == {
        "Ann": "no",
        "Ben": "yes",
        "Cid": "no",
    }
    assert all(0 <= row["score"] <= 1 for row in rows)


def test_the_verdicts_follow_the_borders_that_are_said(results: Results) -> None:
    borders = results.metrics["imposters"]["borders"]
    for row in results.tables["imposters"].to_pylist():
        expected = "no" if row["score"] <= borders["no"] else "yes" if row["score"] >= borders["yes"] else "undecided"
        assert row["verdict"] == expected
    calibration, verdicts = (finding for finding in results.findings if finding.topic == Topic.IMPOSTERS)
    assert (calibration.figures["no"], calibration.figures["yes"]) == (borders["no"], borders["yes"])
    assert {label: sum(counts.values()) for label, counts in verdicts.figures["verdicts"].items()} == dict.fromkeys(
        WORDS, 2
    )


def test_without_unknown_documents_a_finding_says_that_nothing_is_asked(tmp_path: Any) -> None:
    results = make_project(tmp_path, RECIPE, document_columns()).train()
    assert "imposters" not in results.tables
    (said,) = (finding.text for finding in results.findings if finding.topic == Topic.IMPOSTERS)
    assert said.startswith("The imposters test had nothing to do: no document of unknown label")


def test_the_verdicts_hang_on_no_seed(results: Results, tmp_path: Any) -> None:
    """A score near a border was yes or undecided by the recipe's seed."""
    other = make_project(tmp_path, "seed = 9\n" + RECIPE, unknown_columns()).train()
    assert other.tables["imposters"].equals(results.tables["imposters"])
