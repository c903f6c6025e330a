"""The command line of every stage, over what the environment says."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from relay.handoff.errors import RelayError, UsageError
from relay.handoff.recipe import list_recipes, load_recipe
from relay.handoff.run import Choice, Parameters, Stage
from relay.handoff.settings import ENVIRONMENT, Settings, read_settings, split_list
from relay.handoff.verbs import Parser, describe_verbs


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    settings: Settings
    force: bool
    verify: bool
    check: bool
    chosen: Mapping[str, str]
    """The stage's own options."""
    run_id: str = ""
    """Of the run's journal entry, as the program that starts the stage names it; empty: each run gets its own."""
    is_entry_printed: bool = False


def read_options(stage: Stage[Parameters], arguments: argparse.Namespace) -> Options:
    """The command line over the environment.

    Raises:
        UsageError: no recipe is named in either, or a variable has a value that is none of its own.
    """
    settings = read_settings()
    recipes = tuple(name for text in arguments.recipes for name in split_list(text)) or settings.recipes
    if not recipes and not arguments.list:
        raise UsageError("no recipe given: name one (`--list` shows them) or set RECIPES")
    return Options(
        settings=replace(
            settings,
            recipes=recipes,
            overrides=(*settings.overrides, *arguments.set),
            data_dir=(arguments.data_dir or settings.data_dir).absolute(),
            log_dir=(arguments.log_dir or settings.log_dir).absolute(),
        ),
        force=arguments.force,
        verify=arguments.verify,
        check=arguments.check,
        chosen={name: _choose(name, choice, arguments) for name, choice in stage.choices.items()},
        run_id=arguments.run_id,
        is_entry_printed=arguments.json,
    )


def _choose(name: str, choice: Choice, arguments: argparse.Namespace) -> str:
    given: str = getattr(arguments, name) or os.environ.get(choice.variable) or choice.values[0]
    if given not in choice.values:  # the command line was checked by argparse
        raise UsageError(f"{choice.variable}={given}: expected {', '.join(choice.values)}")
    return given


def make_parser(stage: Stage[Parameters], *, is_json: bool = False) -> argparse.ArgumentParser:
    """What the stage's command line may hold, and its `--help`; bad usage is raised where the answer must be JSON."""
    reads = stage.reads.format(recipe="<recipe>") if stage.reads else "the recipe's source"
    environment = "Environment:\n" + "\n".join(f"  {name:<22} {text}" for name, text in ENVIRONMENT.items())
    parser = Parser(
        prog=f"python -m {stage.name}",
        description=f"{stage.description} Reads {reads}, writes {stage.writes.format(recipe='<recipe>')}.",
        epilog="\n\n".join(filter(None, (describe_verbs(stage.name, stage.verbs), environment))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.is_json = is_json
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="a name in recipes/ or a path to a .toml file")
    parser.add_argument("--list", action="store_true", help="list the recipes and stop")
    parser.add_argument("--check", action="store_true", help="check the recipe and stop")
    parser.add_argument("--force", action="store_true", help="run even when nothing has changed")
    parser.add_argument("--verify", action="store_true", help="hash every file again instead of trusting size and time")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe, such as model.chunks=50"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of the datasets (default: data/)")
    parser.add_argument("--log-dir", type=Path, metavar="DIR", help="folder of the logs (default: logs/)")
    parser.add_argument("--run-id", default="", metavar="ID", help="id of the run in the journal (default: random)")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print each entry of the journal, or the error, as a line of JSON",
    )
    for name, choice in stage.choices.items():
        usual = f"{choice.help} (default: {choice.values[0]})"
        parser.add_argument(f"--{name}", choices=choice.values, help=usual)
    return parser


def show_recipes() -> None:
    """Print the recipes with their titles: the answer to `--list`."""
    for path in list_recipes():
        try:
            title = load_recipe(path.stem).title
        except RelayError as error:
            title = f"(broken) {error}"
        print(f"{path.stem:<12} {title}")  # noqa: T201 - the answer of a command
