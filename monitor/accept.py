"""`python -m monitor accept RECIPE --why TEXT`: the records since the change become the new reference."""

import argparse
import time

from monitor.gate import tell_gate
from monitor.places import find_serve_folder
from monitor.subject import find_subject
from monitor.wording import show_time
from relay.handoff.errors import UsageError
from relay.handoff.recipe import load_recipe
from relay.handoff.user import name_user
from relay.handoff.verbs import VerbAnswer, add_recipe_options, read_verb_settings
from relay.monitoring.answers import LONGEST_WHO, LONGEST_WHY, explain_no_reference, explain_no_text, make_baseline
from relay.monitoring.opening import open_store


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001 - the interface of all subcommands
    """Declare what the command line of the subcommand may hold."""
    add_recipe_options(parser)
    kept = f"kept with the baseline; at most {LONGEST_WHY:,} characters"
    parser.add_argument("--why", required=True, metavar="TEXT", help=f"why the change is meant, {kept}")
    who = f"who accepts it, at most {LONGEST_WHO} characters (default: the user)"
    parser.add_argument("--by", default="", metavar="NAME", help=who)


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Keep the baseline; the next run of the monitor begins from it.

    Raises:
        RelayError: there is nothing to accept, or registry or store cannot be used.
    """
    settings = read_verb_settings(options)
    why = options.why.strip()
    if refusal := explain_no_text(why, LONGEST_WHY):
        raise UsageError(f"--why {refusal}: say why the change is meant")
    by = options.by.strip()
    if by and (refusal := explain_no_text(by, LONGEST_WHO)):
        raise UsageError(f"--by {refusal}: say who accepts it")
    recipe = load_recipe(options.recipe, settings.overrides, data_dir=settings.data_dir)
    subject = find_subject(recipe, settings)
    with open_store(find_serve_folder(settings), settings.database_url) as store:
        report = store.find_report(subject.model, subject.version)
        if report is None or report.rows.counted == 0:
            raise UsageError(
                f"no record of {subject.model} version {subject.version} was counted yet: there is nothing to accept",
                next_step=f"Run `python -m monitor {recipe.argument}` first",
            )
        if refusal := explain_no_reference(report):
            raise UsageError(
                refusal,
                next_step="Correct what sends these records; if the verdict is wrong, train on data that has them",
            )
        who = by or name_user()
        baseline = make_baseline(report, who, why, time.time())
        store.accept(baseline)
    tell_gate(settings, baseline)
    since = show_time(report.verdict.since_unix or report.rows.first_unix)
    text = f"Accepted by {who}: records since {since} are the reference from the monitor's next run on."
    body = {"model": subject.model, "version": subject.version, "window": report.window, "who": who, "why": why}
    return VerbAnswer(body | {"at_unix": baseline.at_unix}, text)
