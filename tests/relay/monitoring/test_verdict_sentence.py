"""A verdict as a sentence: columns keep the names that they have in the data."""

import pytest
from monitor_reports import make_break, make_few, make_quiet

from monitor.wording import to_markdown, to_text


@pytest.mark.parametrize("column", ["district", "änderung", "MonthlyIncome", "_x", "größe in m²"])
def test_a_column_keeps_its_name_at_the_beginning_of_a_sentence(column: str) -> None:
    report = make_break(column=column)
    assert f"  {column}: 5% of the records" in to_text(report)
    assert f"\n{column}: 5% of the records" in to_markdown(report)


def test_other_texts_begin_with_a_large_letter() -> None:
    said = make_few().verdict.model_copy(update={"text": "too few rows: 0 were counted"})
    assert said.sentence == "Too few rows: 0 were counted"
    assert make_quiet().verdict.model_copy(update={"text": ""}).sentence == ""
