"""The main program of every stage: read the command line, run what has changed, say what happened."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from loguru import logger

from relay.handoff import interrupt
from relay.handoff.answer import JSON, print_error
from relay.handoff.command import Options, make_parser, read_options, show_recipes
from relay.handoff.disk import explain_refusal, is_refusal
from relay.handoff.errors import INTERRUPTED, OK, USAGE, RelayError, UsageError
from relay.handoff.files import Fingerprints
from relay.handoff.log import configure_terminal, try_log
from relay.handoff.logbook import make_run_id
from relay.handoff.place import become_owner
from relay.handoff.recipe import Recipe, find_recipe, load_recipe, locate_beside
from relay.handoff.report import open_report, refuse
from relay.handoff.run import Parameters, Run
from relay.handoff.settings import Settings
from relay.handoff.stage import Stage
from relay.handoff.up_to_date import bring_up_to_date
from relay.handoff.verbs import run_verb


def main(stage: Stage[Parameters], argv: Sequence[str] | None = None) -> int:
    """Run the stage for the recipes of the command line, or the subcommand that comes first on it.

    Returns:
        0 when all went well, 1 when a recipe failed, 2 for bad usage, 130 when interrupted.
    """
    given = sys.argv[1:] if argv is None else argv
    become_owner(stage.name, given)
    parser = make_parser(stage, is_json=JSON in given)
    if given and given[0] in parser.verbs:
        return run_verb(stage.name, given[0], parser.verbs[given[0]], given[1:])
    configure_terminal("INFO")
    try:
        arguments = parser.parse_args(given)
    except UsageError as error:  # without --json the parser itself says it and ends
        print_error(error)
        return USAGE
    try:
        options = read_options(stage, arguments)
        if arguments.list:
            show_recipes(options.settings.data_dir, is_json=options.is_json)
            return OK
        unlogged = try_log(stage.name, options.settings.log_dir, options.settings.log_level)
        options = replace(options, unlogged=unlogged)
        _require_recipes(stage, options.settings)
    except RelayError as error:
        return refuse(stage.name, arguments, error)
    except OSError as error:
        return refuse(stage.name, arguments, explain_refusal(error))
    interrupt.listen()  # it ends with the temporary files removed
    codes = []
    for name in options.settings.recipes:
        codes.append(_run_recipe(stage, name, options))
        if codes[-1] == INTERRUPTED:
            break  # an interrupt means the command, not the recipe
    return max(codes)


def _require_recipes(stage: Stage[Parameters], settings: Settings) -> None:
    """Return when each name is a recipe's, and raise UsageError otherwise: a slip in one then runs nothing."""
    for name in settings.recipes:
        if name in stage.verbs:
            raise UsageError(
                f'"{name}" is a subcommand, so it is no recipe',
                next_step=f"Put it first: `python -m {stage.name} {name} …`",
            )
        try:
            find_recipe(name, data_dir=settings.data_dir)
        except UsageError as error:
            near = get_close_matches(name, stage.verbs, n=1)
            if not near:
                raise
            raise UsageError(
                f'"{name}" is neither a recipe nor a subcommand', next_step=f"Did you mean {near[0]}?"
            ) from error


def _run_recipe(stage: Stage[Parameters], name: str, options: Options) -> int:
    """Run or check one recipe; every way it may end is reported and becomes an exit code."""
    report, settings = open_report(stage.name, name, options), options.settings
    try:
        recipe = load_recipe(name, settings.overrides, data_dir=settings.data_dir)
        if stage.name not in recipe.sections:
            return _run_others(stage, recipe, options)
        run = _prepare(stage, recipe, options)
        if options.check:
            stage.check(run)
            own = None if options.quick else stage.own(run)
            if own is not None:
                from relay.handoff.own.check import check_own

                check_own(own, settings, run.name)
            report.confirm(run)
        else:
            receipt, outcome = bring_up_to_date(stage, run, is_forced=options.force, unlogged=options.unlogged)
            report.follow(stage, run, receipt, outcome)
            if options.reproduce:
                from relay.handoff.reproduce import reproduce

                reproduce(run, stage.location(run), receipt, is_source_repeated=stage.repeats_source(run))
        interrupt.check()
    except KeyboardInterrupt:
        return report.end_interrupted()
    except RelayError as error:
        return report.fail(error)
    except OSError as error:
        if not is_refusal(error):
            report.note_failure(error)
            raise
        return report.fail(explain_refusal(error, settings.data_dir, settings.log_dir))
    except Exception as error:  # a mistake of ours: it keeps its traceback, and the metrics tell of it
        report.note_failure(error)
        raise
    return OK


def _run_others(stage: Stage[Parameters], recipe: Recipe, options: Options) -> int:
    """A recipe without this stage: ingest runs the recipes that it reads, other stages have nothing to do."""
    others = [name for name in recipe.reads if name != recipe.name] if stage.reads is None else []
    if not others:
        logger.info("{} {}: it has no [{}]; there is nothing to do", stage.name, recipe.name, stage.name)
    # Each of them has an entry of its own in the journal, and the recipe one of them all.
    alone = replace(options, settings=replace(options.settings, overrides=()))
    ids: list[str] = []
    code = OK
    for path in [locate_beside(recipe, name) for name in others]:
        ids.append(make_run_id())
        code = _run_recipe(stage, str(path), replace(alone, run_id=ids[-1]))
        if code != OK:
            break
    open_report(stage.name, recipe.name, options).sum_up(ids, code)
    return code


def _prepare(stage: Stage[Parameters], recipe: Recipe, options: Options) -> Run[Parameters]:
    data_dir = options.settings.data_dir
    return Run(
        stage=stage.name,
        recipe=recipe,
        parameters=stage.parse(recipe),
        settings=options.settings,
        fingerprints=Fingerprints(data_dir / ".state", data_dir, verify=options.verify),
        chosen=options.chosen,
    )
