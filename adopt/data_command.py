"""`python -m adopt FROM`: look at data, draft a recipe, have the three stages check it, and write it."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from adopt.ask import ask_questions
from adopt.data_path import Folders, copy_file
from adopt.draft_data import Wishes, draft_data
from adopt.examine import Examined, examine, place_source
from adopt.recipe.answering import Outcome, make_answer
from adopt.recipe.clusters import offer_clusters
from adopt.recipe.corrections import Corrections, read_corrections
from adopt.recipe.draft import Draft
from adopt.recipe.kept import count_kept
from adopt.recipe.names import is_recipe_name, make_words
from adopt.recipe.report import write_report
from adopt.recipe.toml_text import find_questions, write_toml, write_value
from adopt.recipe.write import check_recipe, find_module, locate_module, refuse_name, write_recipe
from adopt.scratch import open_scratch
from relay.handoff.errors import RecipeError, UsageError
from relay.handoff.recipe_file import SUBCOMMANDS, data_recipes, is_in_data, list_recipes, show_path
from relay.handoff.settings import DATA_DIR, RECIPES_DIR, read_settings
from relay.handoff.verbs import VerbAnswer

LONGEST_NAME = 40
LONGEST_COMMAND = 500
SOURCE_KEYS = {
    "sheet": ("NAME", "Excel: the sheet"),
    "member": ("NAME", "ZIP: which of its files, such as *.csv"),
    "records": ("PATH", "JSON: dotted path to the list of records"),
    "table": ("NAME", "database: the table"),
    "query": ("SQL", "database: one statement that gives the rows"),
}
"""Keys of `[ingest]` that choose among what a source holds -> how an option shows its value, and what it means."""


def add_options(_: str, parser: argparse.ArgumentParser) -> None:
    """Declare what the command line may hold."""
    parser.description = (
        "Reads a data file, a folder or a table of a database, and drafts recipes/NAME.toml:\n"
        "columns with types and roles, a target and an estimator. Prints a profile of the data\n"
        "and what a person should look at. Never overwrites a file."
    )
    parser.epilog = (
        "Example: python -m adopt data/churn.csv --target churn. "
        "Notebooks become stages: see python -m adopt NOTEBOOK.ipynb --help"
    )
    parser.add_argument("given", nargs="+", metavar="FROM", help="a file, a folder, a URL, or a database URL")
    parser.add_argument("--name", default="", help="name of the recipe (default: from the name of the data)")
    parser.add_argument("--target", default="", metavar="COLUMN", help='what a model learns; "none" for no target')
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE",
        help='correct a guess, such as columns.zip.type="text" or model.use="linear"; repeatable',
    )  # fmt: skip
    parser.add_argument(
        "--unset", action="append", default=[], metavar="KEY", help="leave a key out, such as columns.zip.min"
    )
    parser.add_argument("--ask", action="store_true", help="ask about each uncertain guess")
    parser.add_argument("--dry-run", action="store_true", help="print the recipe and write nothing")
    parser.add_argument(
        "--quick", action="store_true", help="with --dry-run: do not ask the stages whether they accept the recipe"
    )
    for key, (metavar, text) in SOURCE_KEYS.items():
        parser.add_argument(f"--{key}", metavar=metavar, help=f"{text}; the same as --set ingest.{key}=…")
    parser.add_argument("--into", type=Path, metavar="DIR", help="folder of the recipe (default: recipes/)")
    parser.add_argument("--copy", action="store_true", help="copy the file into the data folder first")
    parser.add_argument(
        "--most-columns", type=int, metavar="N", help="refuse data with more columns before its rows are read"
    )
    parser.add_argument(
        "--remember", type=Path, metavar="DIR", help="keep what is found there; an unchanged file is not read again"
    )
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=DATA_DIR.option)


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Draft a recipe and write it, unless `--dry-run` says otherwise.

    Raises:
        UsageError: what is given, or a correction, names nothing; or the name of the recipe is taken.
        SourceError, SchemaError: the data cannot be read.
        RecipeError: a stage does not accept the recipe.
    """
    settings = read_settings()
    data_dir = (options.data_dir or settings.data_dir).absolute()
    given = _require_one(options.given)
    if options.quick and not options.dry_run:
        raise UsageError("--quick is only for --dry-run: a recipe is written only if the stages accept it")
    if options.name:
        _require_free(find_path(options.name, data_dir, options.into), data_dir, options)
    corrections = read_corrections(options.set, options.unset)
    chosen = {f"ingest.{key}": value for key in SOURCE_KEYS if (value := getattr(options, key)) is not None}
    corrections = corrections.with_values(chosen)
    given = copy_file(given, data_dir) if options.copy and not options.dry_run else given
    _say(f"reading {urlsplit(given).hostname if '://' in given else given} …", options)
    with open_scratch() as scratch:
        examined = examine(given, scratch, corrections, memory=options.remember, most_columns=options.most_columns)
    path = find_path(options.name or name_recipe(examined), data_dir, options.into)
    _require_free(path, data_dir, options)
    examined = place_source(examined, Folders(path.parent, data_dir, settings.data_dir.absolute()))
    wishes = Wishes(path.stem, options.target, Corrections(removed=corrections.removed)).with_values(corrections.values)
    if options.ask:
        wishes = ask_questions(examined, wishes)
    draft = draft_data(examined, wishes)
    clusters = offer_clusters(draft, examined.profile, corrections) if _may_have_code(path, data_dir, options) else None
    draft, code = (draft, "") if clusters is None else (clusters.draft, clusters.code)
    text = write_toml(draft, describe_command(given, wishes))
    outcome = _finish(draft, path, (text, code), data_dir, options)
    if options.json:
        return VerbAnswer(asdict(make_answer(draft, examined.layout, examined.profile, outcome)))
    is_corrected = bool(wishes.target or wishes.corrections.values or wishes.corrections.removed)
    kept = count_kept(draft, examined.profile.sample) if is_corrected else None
    report = write_report(draft, examined.profile, given, kept=kept)
    return VerbAnswer(None, "\n".join([report, "", *_say_end(draft, outcome)]))


def _say(text: str, options: argparse.Namespace) -> None:
    """Tell a person who waits at a terminal what is going on; a log or a program needs none of it."""
    if sys.stderr.isatty() and not options.json:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def find_path(name: str, data_dir: Path, chosen: Path | None) -> Path:
    """Where a recipe of that name belongs: in `recipes/`, or in the data folder where that is not writable.

    Args:
        name: of the recipe.
        data_dir: the data folder.
        chosen: the folder that a person chose instead.

    Raises:
        UsageError: no recipe can have the name.
    """
    if not is_recipe_name(name):
        raise UsageError(
            f'--name {name}: no recipe can be called "{name}"; expected at most 64 of a-z, 0-9, - and _, and a letter '
            "or a digit first"
        )
    if name in SUBCOMMANDS:
        raise UsageError(
            f'--name {name}: "{name}" is a subcommand of `python -m model`, so no recipe may have that name',
            next_step="Choose another name",
        )
    usual = RECIPES_DIR if os.access(RECIPES_DIR, os.W_OK) else data_recipes(data_dir)
    return (usual if chosen is None else chosen.absolute()) / f"{name}.toml"


def name_recipe(examined: Examined) -> str:
    """A recipe's name from the name of the data."""
    name = make_words(examined.layout.title, LONGEST_NAME) or "data"
    return f"{name}_data" if name in SUBCOMMANDS else name


def describe_command(given: str, wishes: Wishes) -> str:
    """The command that drafts the same recipe again; many corrections are left out."""
    words = ["python", "-m", "adopt", given, "--name", wishes.name]
    words += ["--target", wishes.target] if wishes.target else []
    sets = [
        word for key, value in wishes.corrections.values.items() for word in ("--set", f"{key}={write_value(value)}")
    ]
    whole = shlex.join([*words, *sets, *(f"--unset={key}" for key in sorted(wishes.corrections.removed))])
    return whole if len(whole) <= LONGEST_COMMAND else f"{shlex.join(words)} …"


def _require_one(given: Sequence[str]) -> str:
    if len(given) > 1:
        raise UsageError(
            f"{len(given)} names are given, {given[0]} first; expected one file, folder, URL or database URL",
            next_step="Put files of one table into a folder and give that, or adopt one after the other",
        )
    return given[0]


def _require_free(path: Path, data_dir: Path, options: argparse.Namespace) -> None:
    """Return where the name is free, or nothing will be written.

    Raises:
        NameTakenError: a recipe has it.
    """
    if not options.dry_run and (taken := _find_taken(path, data_dir)):
        raise refuse_name(taken)


def _may_have_code(path: Path, data_dir: Path, options: argparse.Namespace) -> bool:
    """Whether a module may lie beside the recipe: never in the data folder, and programs such as the page want none."""
    return not options.json and not path.resolve().is_relative_to(data_dir.resolve())


def _find_taken(path: Path, data_dir: Path) -> Path | None:
    others = [*list_recipes(data_dir=data_dir), *list_recipes(path.parent)]
    return next((other for other in others if other.stem.casefold() == path.stem.casefold()), None)


def _finish(draft: Draft, path: Path, texts: tuple[str, str], data_dir: Path, options: argparse.Namespace) -> Outcome:
    """Have the stages check the recipe with its module, and write both unless they are only tried."""
    text, code = texts
    is_dry = options.dry_run
    taken = _find_taken(path, data_dir) or (find_module(path) if code else None)
    if taken is not None and not is_dry:
        raise refuse_name(taken, path.stem)
    name = f"{draft.name}_new" if taken else draft.name  # a stage refuses a second recipe of one name
    is_unchecked = is_dry and options.quick
    if not is_unchecked:
        _say("checking the recipe with ingest, preprocess and model …", options)
    problem = "" if is_unchecked else check_recipe(text, name, is_in_data=is_in_data(path, data_dir), code=code)
    if problem and not is_dry:
        raise RecipeError(
            f"the drafted recipe is not accepted: {problem}. Nothing was written",
            next_step="See the recipe with --dry-run, and correct it with --set or --unset",
        )
    if not is_dry:
        write_recipe(text, path, code)
    is_named = path.parent in (RECIPES_DIR, data_recipes(data_dir))
    return Outcome(
        path=show_path(path),
        toml=text,
        next=f"make run RECIPE={draft.name if is_named else shlex.quote(str(path))}",
        is_written=not is_dry,
        problem=problem,
        taken=show_path(taken) if taken is not None else "",
        code=code,
        code_path=show_path(locate_module(path)) if code else "",
    )


def _say_end(draft: Draft, outcome: Outcome) -> list[str]:
    """Where the recipe is and what to do next; the recipe itself where nothing was written."""
    if not outcome.is_written:
        problem = [f"A stage does not accept it: {outcome.problem}"] if outcome.problem else []
        code = [f"{outcome.code_path} would be:", "", outcome.code] if outcome.code else []
        taken = [f"{outcome.taken} is there already: choose another --name."] if outcome.taken else []
        return [f"Nothing was written. {outcome.path} would be:", "", outcome.toml, *code, *problem, *taken]
    questions = len(find_questions(draft))
    many = "1 guess is" if questions == 1 else f"{questions} guesses are"
    marked = [f"{many} marked `# check:` in it."] if questions else []
    files, it = (f"{outcome.path} and {outcome.code_path}", "them") if outcome.code else (outcome.path, "it")
    return [
        f"Wrote {files}; ingest, preprocess and model accept {it}.",
        *marked,
        f"Next: {outcome.next}",
    ]
