"""The command line of every stage, over what the environment says."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from relay.handoff.answer import JSON, say, say_json
from relay.handoff.errors import RelayError, UsageError
from relay.handoff.recipe import list_recipes, load_recipe
from relay.handoff.run import Parameters
from relay.handoff.settings import DATA_DIR, LOG_DIR, VARIABLES, Settings, read_settings, split_list
from relay.handoff.stage import Stage
from relay.handoff.variables import describe_variables
from relay.handoff.verbs import Parser


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    settings: Settings
    force: bool
    verify: bool
    check: bool
    quick: bool
    """Whether a check only reads."""
    reproduce: bool
    """Whether the stage runs a second time, to compare the bytes."""
    result_only: bool
    """Whether nothing follows the result: no tracking, no tables."""
    chosen: Mapping[str, str]
    """The stage's own options."""
    run_id: str = ""
    """Of the run's journal entry, as the program that starts the stage names it; empty: each run gets its own."""
    is_json: bool = False
    """Whether each entry of the journal is printed too, or what `--check` finds."""
    unlogged: OSError | None = None
    """Why no log can be written: then only what writes nothing runs."""


def read_options(stage: Stage[Parameters], arguments: argparse.Namespace) -> Options:
    """The command line over the environment.

    Raises:
        UsageError: no recipe is named in either, or a variable has an unsupported value.
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
        quick=arguments.quick,
        reproduce=arguments.reproduce,
        result_only=arguments.result_only,
        chosen={name: getattr(arguments, name) or one.of(os.environ) for name, one in stage.choices.items()},
        run_id=arguments.run_id,
        is_json=arguments.json,
    )


def make_parser(stage: Stage[Parameters], *, is_json: bool = False) -> Parser:
    """What the stage's command line may hold, and its `--help`; bad usage is raised where the answer must be JSON."""
    reads = stage.reads.format(recipe="<recipe>") if stage.reads else "the recipe's source"
    parser = Parser(
        stage.name,
        description=f"{stage.description} Reads {reads}, writes {stage.writes.format(recipe='<recipe>')}.",
        epilog=describe_variables(VARIABLES),
        verbs=stage.verbs,
        is_json=is_json,
    )
    parser.add_argument(
        "recipes", nargs="*", metavar="RECIPE", help="a name in recipes/ or data/recipes/, or a path to a .toml file"
    )
    parser.add_argument("--list", action="store_true", help="list the recipes and stop")
    parser.add_argument("--check", action="store_true", help="check the recipe and stop")
    parser.add_argument("--quick", action="store_true", help="with --check: only read, import no own code")
    parser.add_argument("--force", action="store_true", help="run even when nothing has changed")
    parser.add_argument("--verify", action="store_true", help="hash every file again instead of trusting size and time")
    parser.add_argument(
        "--reproduce", action="store_true", help="then run a second time in a scratch folder and compare the bytes"
    )
    parser.add_argument(
        "--result-only", action="store_true", help="only write the result: no tracking, no tables of a database"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe, such as model.chunks=50"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=DATA_DIR.option)
    parser.add_argument("--log-dir", type=Path, metavar="DIR", help=LOG_DIR.option)
    parser.add_argument("--run-id", default="", metavar="ID", help="id of the run in the journal (default: random)")
    parser.add_argument(
        JSON, action="store_true", help="answer with JSON: a line for each run or check, the list, or the error"
    )
    for name, variable in stage.choices.items():
        parser.add_argument(f"--{name}", choices=variable.words, help=variable.option)
    return parser


def show_recipes(data_dir: Path, *, is_json: bool = False) -> None:
    """Print the recipes with their titles, or what is wrong with one: the answer to `--list`."""
    entries, lines = [], []
    for path in list_recipes(data_dir=data_dir):
        entry: dict[str, Any] = {"recipe": path.stem, "path": str(path)}
        try:
            entry["title"] = load_recipe(path.stem, data_dir=data_dir).title
            lines.append(f"{path.stem:<12} {entry['title']}")
        except RelayError as error:
            entry["error"] = asdict(error.record)
            lines.append(f"{path.stem:<12} (broken) {error}")
        entries.append(entry)
    if is_json:
        say_json(entries)
    else:
        say("\n".join(lines))
