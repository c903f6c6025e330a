"""Findings: data in `findings.json`, and `findings.md` rendered from it, which results of version 0.1 have alone."""

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import Project

from relay.handoff.settings import ROOT
from relay.results.findings import (
    FILE,
    RENDERED,
    Finding,
    Findings,
    Plot,
    Topic,
    format_findings,
    parse_findings,
    read_findings,
    read_lines,
    render_findings,
)

FINDINGS = Findings(
    findings=(
        Finding(Topic.DATA, "It learned y (a line) from 1 input column.", {"inputs": 1}),
        Finding(Topic.OWN, "y = 2 x + 1.\n\nA second paragraph: “ü”.", {"slope": 2.0, "intercept": 1.0}),
        Finding(Topic.CAVEAT, "![no plot](of this result)"),
    ),
    plots=(
        Plot("fitted_line.png", "the line, with (all) points"),
        Plot("residuals.png", "what is left over"),
    ),
)

OF_VERSION_0_1 = """# Findings

It learned y (a line) from 1 input column.

y = 2 x + 1.

![the line, with (all) points](fitted_line.png)

![what is left over](residuals.png)
"""


def test_findings_read_back_are_the_findings_written() -> None:
    assert parse_findings(format_findings(FINDINGS)) == FINDINGS


def test_the_file_is_a_list_of_topics_texts_and_figures_beside_the_plots() -> None:
    found = json.loads(format_findings(FINDINGS))
    assert found["findings"][0] == {"topic": "data", "text": FINDINGS.sentences[0], "figures": {"inputs": 1}}
    assert found["plots"][1] == {"file": "residuals.png", "caption": "what is left over"}


def test_a_topic_of_a_later_version_is_other() -> None:
    content = format_findings(FINDINGS).replace('"own"', '"leverage"')
    assert [finding.topic for finding in parse_findings(content).findings] == [Topic.DATA, Topic.OTHER, Topic.CAVEAT]


def test_the_document_is_never_read_beside_the_data(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(format_findings(FINDINGS), encoding="utf-8")
    (tmp_path / RENDERED).write_text("nonsense", encoding="utf-8")
    assert read_findings(tmp_path) == FINDINGS


def test_the_last_line_says_where_the_first_plot_is_and_what_it_shows(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(format_findings(FINDINGS), encoding="utf-8")
    assert read_lines(tmp_path) == [
        *FINDINGS.sentences,
        f"the plot {tmp_path}/fitted_line.png shows the line, with (all) points (beside it: residuals.png)",
    ]


def test_a_result_of_version_0_1_has_sentences_without_topics_plots_and_the_same_lines(tmp_path: Path) -> None:
    (tmp_path / RENDERED).write_text(OF_VERSION_0_1, encoding="utf-8")
    found = read_findings(tmp_path)
    assert found.findings == (
        Finding(Topic.OTHER, "It learned y (a line) from 1 input column."),
        Finding(Topic.OTHER, "y = 2 x + 1."),
    )
    assert found.plots == FINDINGS.plots
    assert read_lines(tmp_path) == [
        "It learned y (a line) from 1 input column.",
        "y = 2 x + 1.",
        f"the plot {tmp_path}/fitted_line.png shows the line, with (all) points (beside it: residuals.png)",
    ]


@pytest.mark.parametrize("case", ["line", "mixed", "numbers", "documents"])
def test_a_training_leaves_its_findings_as_data_and_the_document_rendered_from_it(
    trained_once: Callable[[str], Project], case: str
) -> None:
    folder = trained_once(case).latest
    found = parse_findings((folder / FILE).read_text(encoding="utf-8"))
    assert (folder / RENDERED).read_text(encoding="utf-8") == render_findings(found)
    assert all((folder / plot.file).is_file() for plot in found.plots)
    assert found.plots
    assert Topic.OTHER not in {finding.topic for finding in found.findings}


def test_every_finding_names_its_topic_where_it_is_made_and_every_topic_is_used() -> None:
    made = [
        ast.unparse(node.args[0])
        for path in sorted((ROOT / "model").rglob("*.py"))
        if path.name != "findings.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding"
    ]
    assert set(made) == {f"Topic.{topic.name}" for topic in Topic if topic is not Topic.OTHER}


def test_a_label_with_line_breaks_begins_no_paragraph_in_the_document_and_own_words_keep_theirs() -> None:
    label = "two\n\n# lines\r\nand\u2028more"
    found = Findings(
        (Finding(Topic.ATTRIBUTION, f"Nearest: {label}."), *FINDINGS.findings[1:2]), (Plot("a.png", label),)
    )
    assert render_findings(found).splitlines() == [
        *("# Findings", "", "Nearest: two # lines and more.", ""),
        *("y = 2 x + 1.", "", "A second paragraph: “ü”.", ""),
        "![two # lines and more](a.png)",
    ]
    assert parse_findings(format_findings(found)) == found
