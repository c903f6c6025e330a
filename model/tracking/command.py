"""Models by hand: `python -m model list|history|card|fetch|promote|rollback|track RECIPE`."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from handoff.errors import DatasetMissingError, RelayError, UsageError
from handoff.files import Fingerprints, write_atomically
from handoff.log import configure_log
from handoff.recipe import Recipe, load_recipe
from handoff.settings import Settings, read_settings
from model.page.blocks import to_html, to_markdown
from model.production import name_model
from model.tracking.card import choose_version, make_card
from model.tracking.fetch import fetch_run
from model.tracking.follow import PROMOTE, Finished, name_user, track
from model.tracking.verbs import VERBS
from registry.connection import OFF, explain_mlflow, find_registry, open_registry
from registry.errors import PromotionError, RegistryEmptyError
from registry.promotion import promote, read_history, roll_back, settle
from registry.versions import Version, find_alias, list_versions

if TYPE_CHECKING:
    from mlflow import MlflowClient


JSON = {
    "list": "answer in JSON",
    "history": "answer in JSON",
    "promote": "answer with the versions as they are then, as `list --json` does",
    "rollback": "answer with the versions as they are then, as `list --json` does",
}


def main(arguments: Sequence[str]) -> int:
    """Run one of the commands; gives the exit code."""
    chosen = _make_parser().parse_args(arguments)
    settings = read_settings()
    data_dir = (chosen.data_dir or settings.data_dir).absolute()
    settings = replace(settings, data_dir=data_dir)
    configure_log("model", settings.log_dir, settings.log_level)
    try:
        recipe = load_recipe(chosen.recipe, settings.overrides)
        ACTIONS[chosen.verb](recipe, settings, chosen)
    except RelayError as error:
        logger.error("model {}: {}", chosen.recipe, error)
        return error.exit_code
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model", description="The versions of a recipe's model.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, text in VERBS.items():
        one = verbs.add_parser(verb, help=text, description=f"{text[0].upper()}{text[1:]}.")
        one.add_argument("recipe", metavar="RECIPE", help="a name in recipes/ or a path to a .toml file")
        one.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of the datasets (default: data/)")
        if verb in ("list", "history", "promote", "rollback"):
            one.add_argument("--json", action="store_true", help=JSON[verb])
        if verb == "promote":
            one.add_argument("version", type=int, metavar="VERSION", help="its number, see `list`")
        if verb == "card":
            one.add_argument("version", type=int, nargs="?", metavar="VERSION", help="default: the one in production")
            one.add_argument("--html", type=Path, metavar="FILE", help="write a page of HTML instead")
        if verb == "fetch":
            one.add_argument("run", metavar="RUN", help="the id of an MLflow run, see `list --json`")
        if verb in ("promote", "rollback"):
            one.add_argument(
                "--expected", type=int, metavar="VERSION", help="do it only while this version is production (0: none)"
            )
            one.add_argument("--why", default="by hand", help="the reason, kept in the history")
        if verb == "rollback":
            one.add_argument("--undo", action="store_true", help="promote the version again that was rolled back last")
        if verb == "track":
            one.add_argument("--promote", choices=PROMOTE, default=PROMOTE[0], help="whether the gate may promote it")
    return parser


def show_versions(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> None:
    """Print the versions, the newest first."""

    def show(client: "MlflowClient", name: str) -> None:
        settle(client, name)
        versions = list_versions(client, name)
        if chosen.json:
            _print_versions(versions)
            return
        if not versions:
            raise RegistryEmptyError(f"no version of {name} yet: run `python -m model {recipe.argument}`")
        rows: list[tuple[str, ...]] = [("version", "state", "registered", "score", "data", "gate")]
        rows += [_describe(version) for version in versions]
        _tabulate(rows)

    _ask(recipe, settings, show)


def show_history(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> None:
    """Print who was production when, the newest first."""

    def show(client: "MlflowClient", name: str) -> None:
        entries = read_history(client, name)
        if not entries:
            raise RegistryEmptyError(
                f"no version of {name} was production yet: see `python -m model list {recipe.name}`"
            )
        if chosen.json:
            _print(json.dumps([_flatten(one.version) | asdict(one.period) for one in entries], indent=2))
            return
        rows: list[tuple[str, ...]] = [("version", "from", "until", "by", "score", "data", "why")]
        for one in entries:
            until = _minute(one.period.until) if one.period.until else "now"
            facts = (_score(one.version), one.version.data_sha256[:12])
            rows.append(
                (str(one.version.number), _minute(one.period.since), until, one.period.by, *facts, one.period.why)
            )
        _tabulate(rows)

    _ask(recipe, settings, show)


def promote_version(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> None:
    """Make a version production."""

    def do(client: "MlflowClient", name: str) -> None:
        expected = "any" if chosen.expected is None else chosen.expected or None
        version = promote(client, name, chosen.version, name_user(), chosen.why, expected=expected)
        logger.info("model {}: {} {} is production now", recipe.name, name, version.number)
        if chosen.json:
            _print_versions(list_versions(client, name))

    _ask(recipe, settings, do)


def roll_back_version(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> None:
    """Bring back the version before, or undo that."""

    def do(client: "MlflowClient", name: str) -> None:
        if chosen.expected is not None and (find_alias(client, name) or 0) != chosen.expected:
            raise PromotionError(f"version {chosen.expected} of {name} is not production any more: look at `list`")
        if chosen.undo:
            last = next(iter(read_history(client, name)), None)
            if last is None or last.period.undoes is None or last.period.until is not None:
                raise RegistryEmptyError(f"the last change of {name} was no rollback: nothing to undo")
            version = promote(client, name, last.period.undoes, name_user(), "the rollback is undone")
        else:
            version = roll_back(client, name, name_user(), chosen.why)
        logger.info("model {}: {} {} is production again", recipe.name, name, version.number)
        if chosen.json:
            _print_versions(list_versions(client, name))

    _ask(recipe, settings, do)


def track_result(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> None:
    """Send the result in force to the registry."""
    if settings.tracking_uri == OFF:
        raise UsageError(f"MLFLOW_TRACKING_URI={OFF}: tracking is off; unset it, or name a server")
    finished = Finished(recipe, settings, _find_result(recipe, settings), chosen.promote)
    track(finished)
    logger.info("model {}: the registry knows the result in {}", recipe.name, finished.place.latest)


def fetch_result(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> None:
    """Fetch the results of a run and print their folder."""
    _ask(recipe, settings, lambda client, _: _print(str(fetch_run(client, chosen.run, settings.data_dir))))


def show_card(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> None:
    """Print the model card of a version as Markdown, or write it as HTML."""

    def show(client: "MlflowClient", name: str) -> None:
        card = make_card(client, choose_version(client, name, chosen.version), settings)
        if chosen.html is None:
            # Base64 of pictures is for files: a person at a terminal gets the words.
            _print(to_markdown(card, with_pictures=not sys.stdout.isatty()).rstrip())
            return
        write_atomically(chosen.html, to_html(card).encode())
        logger.info("model {}: the card is in {}", recipe.name, chosen.html)

    _ask(recipe, settings, show)


def _find_result(recipe: Recipe, settings: Settings) -> Any:
    from model.output import OutputPlace

    data_dir = settings.data_dir
    receipt = OutputPlace(data_dir, recipe.name).current(Fingerprints(data_dir / ".state", data_dir))
    if receipt is None:
        raise DatasetMissingError(f"nothing was trained yet: run `python -m model {recipe.argument}`")
    return receipt


Action = Callable[[Recipe, Settings, argparse.Namespace], None]

ACTIONS: dict[str, Action] = {
    "list": show_versions,
    "history": show_history,
    "card": show_card,
    "fetch": fetch_result,
    "promote": promote_version,
    "rollback": roll_back_version,
    "track": track_result,
}


def _ask(recipe: Recipe, settings: Settings, action: Callable[["MlflowClient", str], None]) -> None:
    address = find_registry(settings.data_dir, settings.tracking_uri)
    if address is None:
        raise UsageError(f"MLFLOW_TRACKING_URI={OFF}: tracking is off; unset it, or name a server")
    client = open_registry(address)
    with explain_mlflow(address):
        action(client, name_model(recipe))


def _describe(version: Version) -> tuple[str, ...]:
    gate = version.gate
    state = "production" if version.is_production else "was production" if version.periods else ""
    word = "" if gate is None else ("passed: " if gate.get("passes") else "refused: ") + str(gate.get("why", ""))
    created = datetime.fromtimestamp(version.created_unix, UTC).strftime("%Y-%m-%d %H:%M")
    return (str(version.number), state, created, _score(version), version.data_sha256[:12], word)


def _print_versions(versions: list[Version]) -> None:
    _print(json.dumps([_flatten(version) for version in versions], indent=2))


def _flatten(version: Version) -> dict[str, Any]:
    score = version.score
    return {
        "model": version.name,
        "version": version.number,
        "run_id": version.run_id,
        "is_production": version.is_production,
        "created_unix": version.created_unix,
        "score": None if score is None else {"name": score[0], "value": score[1]},
        "data_sha256": version.data_sha256,
        "model_sha256": version.model_sha256,
        "gate": version.gate,
        "tags": dict(version.tags),
    }


def _score(version: Version) -> str:
    return "" if version.score is None else f"{version.score[0]} {version.score[1]:.4g}"


def _minute(utc: str) -> str:
    return utc[:16].replace("T", " ")


def _tabulate(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        _print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
