"""A report as series for Prometheus: every value that it holds, under a name that has a meaning."""

from monitor_reports import make_break, make_labelled, make_quiet
from prometheus_client.parser import text_string_to_metric_families

from relay.monitoring.figures import HEADS, format_figures, list_samples


def read(text: str, name: str) -> dict[tuple[str, ...], float]:
    """The samples of a series: values of its labels but model and version -> value, as Prometheus reads them."""
    return {
        tuple(
            value for label, value in sorted(sample.labels.items()) if label not in ("model", "version")
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def test_a_break_is_an_alarm_with_its_column_and_factor() -> None:
    text = format_figures(make_break(), 1_790_000_000.0)
    assert read(text, "relay_monitor_alarm") == {("break",): 1.0, ("harm",): 0.0, ("shift",): 0.0}
    assert read(text, "relay_monitor_factor") == {("MonthlyIncome",): 12.0}
    assert read(text, "relay_monitor_column_evidence_log10")[("MonthlyIncome", "values")] == 9.5
    assert read(text, "relay_monitor_last_success_timestamp_seconds") == {(): 1_790_000_000.0}


def test_scores_have_a_kind_and_bounds_and_what_is_unknown_is_left_out() -> None:
    text = format_figures(make_labelled())
    assert read(text, "relay_monitor_score")[("low", "realised", "brier")] == 0.07
    assert read(text, "relay_monitor_score")[("value", "reference", "auc")] == 0.84
    assert ("low", "expected", "auc") not in read(text, "relay_monitor_score")
    assert read(text, "relay_monitor_last_success_timestamp_seconds") == {}
    assert read(format_figures(make_quiet()), "relay_monitor_label_coverage") == {}


def test_a_name_with_quotes_and_line_ends_stays_one_label() -> None:
    report = make_break(column='a "b"\\\nc')
    assert ('a "b"\\\nc',) in read(format_figures(report), "relay_monitor_factor")


def test_every_series_has_a_meaning_and_every_meaning_a_series() -> None:
    samples = [*list_samples(make_break(), 1.0), *list_samples(make_labelled(), 1.0)]
    assert {name for name, _, _ in samples} == set(HEADS)
