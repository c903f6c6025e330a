"""`python -m monitor compare RECIPE FIRST SECOND`: two windows of a model, or two versions, side by side."""

import argparse
from typing import Any

from monitor.places import find_serve_folder
from monitor.wording import show_time
from relay.handoff.errors import UsageError
from relay.handoff.recipe import load_recipe
from relay.handoff.verbs import VerbAnswer, add_recipe_options, read_verb_settings
from relay.monitoring.opening import open_store
from relay.monitoring.questions import Store
from relay.monitoring.report import Report
from relay.registry.versions import name_model

MOST_LISTED = 200


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001 - the interface of all subcommands
    """Declare what the command line of the subcommand may hold."""
    add_recipe_options(parser)
    for name in ("first", "second"):
        parser.add_argument(name, metavar=name.upper(), help="a window such as v3-2000, or a version such as 3")


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Both reports, and how each column was in the newest block of both.

    Raises:
        RelayError: there is no such window or version, or the store cannot be read.
    """
    settings = read_verb_settings(options)
    recipe = load_recipe(options.recipe, settings.overrides, data_dir=settings.data_dir)
    if "model" not in recipe.sections:
        raise UsageError(f"recipe {recipe.name} has no [model]: there is nothing to compare")
    with open_store(find_serve_folder(settings), settings.database_url, is_reader=True) as store:
        reports = [find(store, name_model(recipe), name) for name in (options.first, options.second)]
    first, second = reports
    columns = compare_columns(first, second)
    body = {"first": first.model_dump(mode="json"), "second": second.model_dump(mode="json"), "columns": columns}
    return VerbAnswer(body, "\n".join(_list_lines(first, second, columns)))


def find(store: Store, model: str, name: str) -> Report:
    """The report of a window's name, or the newest one of a version.

    Raises:
        UsageError: neither has this name.
    """
    windows = store.list_windows(model, MOST_LISTED)
    report = next((one.report for one in windows if one.name == name), None)
    report = report or store.find_report(model, name.removeprefix("v"))
    if report is None:
        known = ", ".join(one.name for one in windows[:10]) or "no window yet"
        raise UsageError(f'"{name}" is neither a window nor a version of {model}; the newest windows: {known}')
    return report


def compare_columns(first: Report, second: Report) -> list[dict[str, Any]]:
    """Each column of the newest blocks: what of it, in the reference, in the first and in the second."""
    found: dict[str, dict[str, Any]] = {}
    for place, report in (("first", first), ("second", second)):
        block = report.blocks[-1] if report.blocks else None
        for one in block.columns if block else []:
            psi = block.psi.get(one.name) if block else None
            entry = found.setdefault(one.name, {"column": one.name})
            entry[place] = {
                "what": one.what, "now": one.now, "evidence_log10": one.evidence_log10,
                "psi": psi.value if psi else None,
            }  # fmt: skip
    return list(found.values())


def _list_lines(first: Report, second: Report, columns: list[dict[str, Any]]) -> list[str]:
    rows: list[tuple[str, ...]] = [
        ("", first.window, second.window),
        ("verdict", first.verdict.kind.value, second.verdict.kind.value),
        ("records", f"{first.rows.counted:,}", f"{second.rows.counted:,}"),
        ("up to", show_time(first.rows.last_unix), show_time(second.rows.last_unix)),
        ("evidence (log10)", f"{first.evidence.log10:.2f}", f"{second.evidence.log10:.2f}"),
    ]
    for name in ("brier", "squared", "log", "error", "auc", "rate"):
        cells = [_show_score(report, name) for report in (first, second)]
        if cells != ["-", "-"]:
            rows.append((name, *cells))
    places = ("first", "second")
    rows += [(f"PSI {one['column']}", *(_show(one.get(place, {}).get("psi")) for place in places)) for one in columns]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _show_score(report: Report, name: str) -> str:
    found = report.labels.realised.get(name) if report.labels else None
    return _show(found.value if found else None)


def _show(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
