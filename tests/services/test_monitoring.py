"""Rules and dashboards ask for figures that somebody gives, and say what they show."""

import re
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from monitoring_files import (
    DASHBOARDS,
    GRAFANA,
    PROMETHEUS,
    RULE_TESTS,
    Panel,
    find_names,
    find_panels,
    find_rules,
    read_dashboard,
    read_yaml,
)

from relay.handoff.journal import Entry, Outcome, format_metrics
from relay.monitoring.figures import HEADS
from serve.log.record import LogStats
from serve.metrics import Metrics
from services.backup.figures import format_figures

PANELS = find_panels()
# What is given by programs that are not ours: that they do is seen where they run, in tests/containers/.
OF_OTHERS = re.compile(
    r"(node|prometheus)_\w+|dask_(scheduler|worker)_\w+|up|ALERTS|scrape_duration_seconds|process_\w+"
)
DATA_SOURCE = read_yaml(GRAFANA / "provisioning" / "datasources" / "prometheus.yml")["datasources"][0]
LIMITS = PROMETHEUS / "rules" / "limits.yml"


def names_of(text: str) -> set[str]:
    """The names of the figures in Prometheus's text format."""
    return {match[1] for match in re.finditer(r"^([a-z_:]+)(?:\{.*\})? ", text, re.M)}


@pytest.fixture(scope="module")
def given() -> set[str]:
    """The names of all figures that our own programs and rules give."""
    metrics = Metrics()
    metrics.count_request("/predict", "POST", 200, 0.01)
    metrics.count_error("not-found")
    metrics.count_predictions("linear", "1", 1)
    metrics.note_state([], LogStats(), 0)
    # Labelled figures without a value yet are in the text by their head alone.
    api = metrics.render().decode()
    heads = set(re.findall(r"^# TYPE (\w+)", api, re.M))
    stage = format_metrics(Entry("ingest", "linear", Outcome.RAN, "2026-01-01T00:00:00Z", 1.0, 1.0), {})
    backup = names_of(format_figures(is_success=True, last=1.0))
    monitor = set(HEADS)
    return (
        names_of(api) | heads | names_of(stage) | backup | monitor | {rule["record"] for rule in find_rules("record")}
    )


@pytest.mark.parametrize("panel", PANELS, ids=str)
def test_a_panel_asks_for_figures_that_somebody_gives(panel: Panel, given: set[str]) -> None:
    asked = {name for query in panel.queries for name in find_names(query)}
    assert (asked != set(), {name for name in asked - given if not OF_OTHERS.fullmatch(name)}) == (True, set())


@pytest.mark.parametrize("rule", [*find_rules("alert"), *find_rules("record")], ids=lambda rule: rule["expr"])
def test_a_rule_asks_for_figures_that_somebody_gives(rule: Any, given: set[str]) -> None:
    assert {name for name in find_names(rule["expr"]) - given if not OF_OTHERS.fullmatch(name)} == set()


@pytest.mark.parametrize("rule", find_rules("alert"), ids=lambda rule: rule["alert"])
def test_what_an_alert_looks_up_for_its_words_is_given(rule: Any, given: set[str]) -> None:
    looked_up = re.findall(r'\(printf "([^"]*)"', " ".join(rule["annotations"].values()))
    names = {name for query in looked_up for name in find_names(re.sub(r"%\w", "", query))}
    assert (bool(names), names - given) == (rule["alert"] in ("DataBreak", "PopulationMoved"), set())


def test_the_names_of_a_query_are_found_between_its_words() -> None:
    query = 'sum by (job) (rate(a_total{x=~"b|c"}[5m])) / on (d) group_left (e) (f:g or vector(0)) > 1e3'
    assert find_names(query) == {"a_total", "f:g"}


@pytest.mark.parametrize("panel", PANELS, ids=str)
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: Panel) -> None:
    defaults = panel.json["fieldConfig"]["defaults"]
    assert [bool(text) for text in (panel.title, panel.json["description"], defaults["unit"])] == [True] * 3


@pytest.mark.parametrize("panel", PANELS, ids=str)
def test_a_panel_asks_the_data_source_that_is_set_up(panel: Panel) -> None:
    asked = [panel.json["datasource"], *(target["datasource"] for target in panel.json["targets"])]
    assert {(source["type"], source["uid"]) for source in asked} == {(DATA_SOURCE["type"], DATA_SOURCE["uid"])}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_no_panel_lies_on_another_or_outside(path: Path) -> None:
    places = [(panel["title"], panel["gridPos"]) for panel in read_dashboard(path)["panels"]]
    cells = {title: {*cells_of(place)} for title, place in places}
    assert len(cells) == len(places)
    assert [pair for pair in combinations(cells, 2) if cells[pair[0]] & cells[pair[1]]] == []
    assert [title for title, place in places if place["x"] + place["w"] > 24] == []


def cells_of(place: dict[str, int]) -> Any:
    """The cells of the grid that a panel takes."""
    return (
        (x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])
    )


def test_dashboards_and_panels_have_names_of_their_own() -> None:
    boards = [read_dashboard(path) for path in DASHBOARDS]
    for key in ("uid", "title"):
        assert len({board[key] for board in boards}) == len(boards) == 4
    ids = [Counter(panel["id"] for panel in board["panels"]) for board in boards]
    assert [most for counted in ids for most in counted.values() if most > 1] == []


def test_a_line_of_a_limit_is_the_limit_of_an_alert() -> None:
    limits = {rule["record"] for group in read_yaml(LIMITS)["groups"] for rule in group["rules"]}
    used = {
        name for rule in find_rules("alert") for name in find_names(rule["expr"]) if name.startswith("relay:limit:")
    }
    assert used == limits


def test_a_colour_changes_at_the_limit_that_the_panel_names() -> None:
    # A colour cannot ask for a figure, so here, and only here, a limit is written twice.
    limits = {
        rule["record"]: float(rule["expr"].removeprefix("vector(").removesuffix(")"))
        for group in read_yaml(LIMITS)["groups"]
        for rule in group["rules"]
    }
    named = {
        str(panel): (
            limits[name],
            [step["value"] for step in panel.json["fieldConfig"]["defaults"]["thresholds"]["steps"]],
        )
        for panel in PANELS
        for name in re.findall(r"relay:limit:\w+", panel.json["description"])
    }
    assert (len(named), {name: pair for name, pair in named.items() if pair[0] not in pair[1]}) == (5, {})


@pytest.mark.parametrize("rule", find_rules("alert"), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_why_it_matters_and_what_to_do(rule: Any) -> None:
    assert sorted(rule["annotations"]) == ["reason", "runbook", "summary"]
    assert rule["labels"]["severity"] in ("warning", "critical")


@pytest.mark.parametrize("rule", find_rules("alert"), ids=lambda rule: rule["alert"])
def test_an_alert_is_seen_to_go_off_and_not_to(rule: Any) -> None:
    question = f'ALERTS{{alertname="{rule["alert"]}", alertstate="firing"}}'
    asked = [
        bool(case["exp_samples"])
        for path in RULE_TESTS
        for test in read_yaml(path)["tests"]
        for case in test["promql_expr_test"]
        if case["expr"] == question
    ]
    assert set(asked) == {True, False}


def test_the_commands_that_alerts_name_exist() -> None:
    promised = {word for rule in find_rules("alert") for word in find_make_targets(rule["annotations"]["runbook"])}
    makefile = (PROMETHEUS.parents[1] / "Makefile").read_text(encoding="utf-8")
    targets = {name for line in re.findall(r"^([\w -]+):(?!=)", makefile, re.M) for name in line.split()}
    assert (promised != set(), promised - targets) == (True, set())


find_make_targets: Callable[[str], list[str]] = re.compile(r"`make ([\w-]+)").findall
