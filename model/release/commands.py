"""Models by hand: `python -m model list|history|card|fetch|promote|rollback|track RECIPE`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from model.release.card import choose_version, make_card
from model.release.fetch import fetch_run
from model.release.probation import add_probation_options, prepare_end
from model.release.signing import UNSIGNED
from model.release.track import Finished, track, warn_unserved
from relay.handoff.errors import DatasetMissingError, UsageError
from relay.handoff.files import Fingerprints, write_atomically
from relay.handoff.log import try_log
from relay.handoff.receipt import Receipt
from relay.handoff.recipe import Recipe, load_recipe
from relay.handoff.settings import OFF, PROMOTE, Settings
from relay.handoff.user import name_user
from relay.handoff.verbs import VerbAnswer, add_recipe_options, read_verb_settings
from relay.registry.connection import explain_mlflow, find_registry, open_registry
from relay.registry.errors import PromotionError, RegistryEmptyError
from relay.registry.promotion import promote, read_history, roll_back, settle
from relay.registry.versions import Version, find_alias, list_versions, name_model
from relay.results.blocks import to_html, to_markdown

if TYPE_CHECKING:
    from mlflow import MlflowClient

WRITING = ("promote", "rollback", "track", "fetch")
"""The subcommands that change something, which a log must record."""

OFF_NEXT = "Unset it, or set it to the address of a server"


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:
    """Declare what the command line of a subcommand may hold."""
    add_recipe_options(parser)
    if verb == "promote":
        parser.add_argument("version", type=int, metavar="VERSION", help="its number, see `list`")
    if verb == "card":
        parser.add_argument("version", type=int, nargs="?", metavar="VERSION", help="default: the one in production")
        parser.add_argument("--html", type=Path, metavar="FILE", help="write a page of HTML instead")
    if verb == "fetch":
        parser.add_argument("run", metavar="RUN", help="the id of an MLflow run, see `list --json`")
    if verb in ("promote", "rollback"):
        parser.add_argument(
            "--expected", type=int, metavar="VERSION", help="do it only while this version is production (0: none)"
        )
        parser.add_argument("--why", default="by hand", help="the reason, kept in the history")
    if verb == "rollback":
        parser.add_argument("--undo", action="store_true", help="promote the version again that was rolled back last")
        add_probation_options(parser)
    if verb == "track":
        parser.add_argument(
            "--promote", choices=PROMOTE.words, default=PROMOTE.default, help="whether the gate may promote it"
        )


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Do what a subcommand asks.

    Raises:
        RelayError: it cannot be done.
    """
    settings = read_verb_settings(options)
    unlogged = try_log("model", settings.log_dir, settings.log_level)
    if unlogged is not None and options.verb in WRITING:
        raise unlogged
    recipe = load_recipe(options.recipe, settings.overrides, data_dir=settings.data_dir)
    return ACTIONS[options.verb](recipe, settings, options)


def show_versions(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> VerbAnswer:
    """The versions, the newest first."""

    def show(client: "MlflowClient", name: str) -> VerbAnswer:
        settle(client, name)
        versions = list_versions(client, name)
        if not versions and not chosen.json:
            raise _explain_empty(recipe)
        rows: list[tuple[str, ...]] = [("version", "state", "registered", "score", "data", "gate")]
        return VerbAnswer(list(map(_flatten, versions)), _tabulate([*rows, *map(_describe, versions)]))

    return _ask(recipe, settings, show, empty=VerbAnswer([]) if chosen.json else None)


def show_history(recipe: Recipe, settings: Settings, _: argparse.Namespace) -> VerbAnswer:
    """Which version was in production when, the newest first."""

    def show(client: "MlflowClient", name: str) -> VerbAnswer:
        entries = read_history(client, name)
        if not entries:
            raise RegistryEmptyError(
                f"no version of {name} was production yet", next_step=f"See `python -m model list {recipe.argument}`"
            )
        rows: list[tuple[str, ...]] = [("version", "from", "until", "by", "score", "data", "why")]
        for one in entries:
            until = _minute(one.period.until) if one.period.until else "now"
            facts = (_score(one.version), one.version.data_sha256[:12])
            rows.append(
                (str(one.version.number), _minute(one.period.since), until, one.period.by, *facts, one.period.why)
            )
        return VerbAnswer([_flatten(one.version) | asdict(one.period) for one in entries], _tabulate(rows))

    return _ask(recipe, settings, show)


def promote_version(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> VerbAnswer:
    """Make a version production; answers with the versions as they are then, as `list` does."""

    def do(client: "MlflowClient", name: str) -> VerbAnswer:
        expected = "any" if chosen.expected is None else chosen.expected or None
        version = promote(client, name, chosen.version, name_user(), chosen.why, expected=expected)
        logger.info("model {}: {} {} is production now", recipe.name, name, version.number)
        warn_unserved(f"model {recipe.name}", version)
        return VerbAnswer(list(map(_flatten, list_versions(client, name))))

    return _ask(recipe, settings, do)


def roll_back_version(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> VerbAnswer:
    """Bring back the version before, or undo that; answers with the versions as they are then, as `list` does."""
    if chosen.probation:
        return _ask(recipe, settings, prepare_end(recipe, chosen))

    def do(client: "MlflowClient", name: str) -> VerbAnswer:
        if chosen.expected is not None and (find_alias(client, name) or 0) != chosen.expected:
            raise PromotionError(
                f"version {chosen.expected} of {name} is not production any more",
                next_step=f"See `python -m model list {recipe.argument}`",
            )
        if chosen.undo:
            last = next(iter(read_history(client, name)), None)
            if last is None or last.period.undoes is None or last.period.until is not None:
                raise RegistryEmptyError(f"the last change of {name} was no rollback: nothing to undo")
            version = promote(client, name, last.period.undoes, name_user(), "the rollback is undone")
        else:
            version = roll_back(client, name, name_user(), chosen.why)
        logger.info("model {}: {} {} is production again", recipe.name, name, version.number)
        warn_unserved(f"model {recipe.name}", version)
        return VerbAnswer(list(map(_flatten, list_versions(client, name))))

    return _ask(recipe, settings, do)


def track_result(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> VerbAnswer:
    """Send the current result to the registry."""
    if settings.tracking_uri == OFF:
        raise _explain_off()
    finished = Finished(recipe, settings, _find_result(recipe, settings), chosen.promote)
    track(finished)
    folder = finished.location.latest.resolve()
    logger.info("model {}: the registry knows the result in {}", recipe.name, finished.location.latest)
    return VerbAnswer({"recipe": recipe.name, "folder": str(folder), "fingerprint": finished.receipt.fingerprint})


def fetch_result(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> VerbAnswer:
    """Fetch the results of a run; answers with their folder."""

    def fetch(client: "MlflowClient", _: str) -> VerbAnswer:
        folder = str(fetch_run(client, chosen.run, settings.data_dir))
        return VerbAnswer({"run_id": chosen.run, "folder": folder}, folder)

    return _ask(recipe, settings, fetch)


def show_card(recipe: Recipe, settings: Settings, chosen: argparse.Namespace) -> VerbAnswer:
    """The model card of a version as Markdown; `--html` writes it as HTML."""

    def show(client: "MlflowClient", name: str) -> VerbAnswer:
        version = choose_version(client, name, chosen.version)
        card = make_card(client, version, settings)
        data = {"model": name, "version": version.number, "markdown": to_markdown(card)}
        if chosen.html is None:
            # Base64 of pictures is for files: a person at a terminal gets the words.
            return VerbAnswer(data, to_markdown(card, with_pictures=not sys.stdout.isatty()))
        write_atomically(chosen.html, to_html(card).encode())
        logger.info("model {}: the card is in {}", recipe.name, chosen.html)
        return VerbAnswer(data | {"html": str(chosen.html)})

    return _ask(recipe, settings, show)


def _find_result(recipe: Recipe, settings: Settings) -> Receipt:
    from relay.results.output import ResultLocation

    data_dir = settings.data_dir
    receipt = ResultLocation(data_dir, recipe.name).current(Fingerprints(data_dir / ".state", data_dir))
    if receipt is None:
        raise DatasetMissingError("nothing was trained yet", next_step=f"Run `python -m model {recipe.argument}`")
    return receipt


Action = Callable[[Recipe, Settings, argparse.Namespace], VerbAnswer]

ACTIONS: dict[str, Action] = {
    "list": show_versions,
    "history": show_history,
    "card": show_card,
    "fetch": fetch_result,
    "promote": promote_version,
    "rollback": roll_back_version,
    "track": track_result,
}


def _ask(
    recipe: Recipe,
    settings: Settings,
    action: Callable[["MlflowClient", str], VerbAnswer],
    *,
    empty: VerbAnswer | None = None,
) -> VerbAnswer:
    """What an action answers; `empty`, or an error, where no training has made the registry yet."""
    address = find_registry(settings.data_dir, settings.tracking_uri)
    if address is None:
        raise _explain_off()
    if not address.is_made:
        if empty is not None:
            return empty
        raise _explain_empty(recipe)
    client = open_registry(address)
    with explain_mlflow(address):
        return action(client, name_model(recipe))


def _explain_empty(recipe: Recipe) -> RegistryEmptyError:
    return RegistryEmptyError(
        f"no version of {name_model(recipe)} yet", next_step=f"Run `python -m model {recipe.argument}`"
    )


def _explain_off() -> UsageError:
    return UsageError(f"MLFLOW_TRACKING_URI={OFF}: tracking is off", next_step=OFF_NEXT)


def _describe(version: Version) -> tuple[str, ...]:
    gate = version.gate
    state = "production" if version.is_production else "was production" if version.periods else ""
    notes = ("not servable" if version.unserved else "", "not signed" if version.signed_by == UNSIGNED else "")
    state = ", ".join(filter(None, (state, *notes)))
    word = "" if gate is None else ("passed: " if gate.get("passes") else "refused: ") + str(gate.get("why", ""))
    created = datetime.fromtimestamp(version.created_unix, UTC).strftime("%Y-%m-%d %H:%M")
    return (str(version.number), state, created, _score(version), version.data_sha256[:12], word)


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
        "unserved": version.unserved or None,
        "signed_by": version.signed_by or None,
        "tags": dict(version.tags),
    }


def _score(version: Version) -> str:
    return "" if version.score is None else f"{version.score[0]} {version.score[1]:.4g}"


def _minute(utc: str) -> str:
    return utc[:16].replace("T", " ")


def _tabulate(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
