"""Words: written once, read again for the log."""

from pathlib import Path

from model.findings import FILE, Findings, format_findings, parse_findings, read_lines

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
