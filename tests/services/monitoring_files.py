"""What the monitoring is configured by, read for tests: panels, queries, rules, and the names that a query asks for."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS, GRAFANA = ROOT / "services" / "prometheus", ROOT / "services" / "grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))

LANGUAGE = {
    "and", "avg", "by", "count", "group", "histogram_quantile", "increase", "last_over_time", "max", "min", "on", "or",
    "rate", "scalar", "sort_desc", "sum", "time", "unless", "vector", "without",
}  # fmt: skip
"""Words of the query language that our queries use."""


@dataclass(frozen=True)
class Panel:
    """A panel that draws something, and the dashboard that it is on."""

    dashboard: str
    json: Any

    @property
    def title(self) -> str:
        return str(self.json["title"])

    @property
    def queries(self) -> list[str]:
        return [target["expr"] for target in self.json["targets"]]

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.title}"


@cache
def read_yaml(path: Path) -> Any:
    """What a file of YAML holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def read_dashboard(path: Path) -> Any:
    """What a dashboard's file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def find_panels() -> list[Panel]:
    """All panels that draw something."""
    return [
        Panel(path.stem, panel)
        for path in DASHBOARDS
        for panel in read_dashboard(path)["panels"]
        if panel["type"] != "row"
    ]


def find_rules(kind: str) -> list[Any]:
    """The rules of a kind, `alert` or `record`."""
    return [rule for path in RULES for group in read_yaml(path)["groups"] for rule in group["rules"] if kind in rule]


def find_names(query: str) -> set[str]:
    """The names of the figures that a query asks for.

    >>> sorted(find_names('sum by (job) (rate(a_total{x="b"}[5m])) / on (c) group_left (d) b:c > 2'))
    ['a_total', 'b:c']
    """
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]', "", query)
    bare = re.sub(r"\{[^}]*\}", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    return set(re.findall(r"(?<![\w.])[a-zA-Z_:][\w:]*", bare)) - LANGUAGE
