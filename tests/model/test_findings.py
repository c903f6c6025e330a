"""Words: written once, read again for the log."""

from pathlib import Path

import pytest

from model.findings import FILE, Findings, count, format_findings, list_words, parse_findings, read_lines, show

FINDINGS = Findings(
    sentences=("It learned y (a line) from 1 input column.", "y = 2 x + 1."),
    pictures=(("fitted_line.png", "the line, with (all) points"), ("residuals.png", "what is left over")),
)


def test_findings_read_back_are_the_findings_written() -> None:
    assert parse_findings(format_findings(FINDINGS)) == FINDINGS


def test_the_last_line_says_where_the_first_plot_is_and_what_it_shows(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(format_findings(FINDINGS))
    assert read_lines(tmp_path) == [
        *FINDINGS.sentences,
        f"the plot {tmp_path}/fitted_line.png shows the line, with (all) points (beside it: residuals.png)",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.012345, "0.0123"), (12345.6, "12,346"), (2.0, "2"), (-0.5, "-0.5"), (999.9, "1,000"), (0.0, "0")],
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert show(value) == text


def test_nouns_follow_their_numbers() -> None:
    assert [count(1, "row"), count(2000, "row"), list_words(["a"]), list_words("abc")] == [
        "1 row",
        "2,000 rows",
        "a",
        "a, b and c",
    ]
