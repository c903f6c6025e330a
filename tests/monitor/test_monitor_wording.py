"""A report in words: texts that people and data bring stay texts."""

import pytest
from monitor_reports import make_break

from monitor.wording import to_markdown, to_text
from relay.monitoring.report import Baseline, Report

HOSTILE = "x\n# big\x1b[2J\x00\u202e <img src=x onerror=y> [a](javascript:b) | ![c](d)\x07"


def make_hostile() -> Report:
    report = make_break(column=HOSTILE)
    verdict = report.verdict.model_copy(update={"text": f"{HOSTILE} differs"})
    baseline = Baseline(kind="accepted", window="v3-1", who=HOSTILE, when_unix=1e9, why=HOSTILE)
    return report.model_copy(update={"verdict": verdict, "baseline": baseline})


def test_a_terminal_gets_no_sign_that_steers_it() -> None:
    lines = to_text(make_hostile()).split("\n")
    assert all(line.isprintable() for line in lines)
    assert not any(line.strip().startswith("# big") for line in lines)
    assert "\\x1b[2J" in to_text(make_hostile())


@pytest.mark.parametrize("sign", ["\n# big", "<img", "\n[a](", " [a](", "![c](", "\x1b", "\x00", "\u202e"])
def test_markdown_finds_nothing_in_such_a_text(sign: str) -> None:
    assert sign not in to_markdown(make_hostile())


def test_a_table_keeps_its_cells() -> None:
    lines = [line for line in to_markdown(make_hostile()).splitlines() if line.startswith("| reference")]
    assert len(lines) == 1
    assert lines[0].replace("\\|", "").count("|") == 3
