"""`python -m monitor demo`: two minutes with made-up borrowers."""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from monitor.demo.borrowers import RECIPE, break_incomes, draw, write_table
from monitor.demo.deployment import Deployment
from monitor.log.record import SETTLE_SECONDS
from relay.handoff.answer import say
from relay.handoff.errors import UsageError
from relay.handoff.verbs import VerbAnswer

TRAINING_ROWS, RECORDS, REPAIRED, SHIFTED = 6_000, 2_000, 2_000, 3_000
FACTOR, FACTOR_SHARE, YOUNG_SHARE = 12.0, 0.05, 0.4

WHY = "Younger borrowers are the new customers of this year"

Story = dict[str, Any]


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001 - the interface of all subcommands
    """Declare what the command line of the subcommand may hold."""
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="new folder for all files, kept at the end (default: they are deleted)"
    )


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Play it.

    Raises:
        RelayError: a program failed, or the folder is there already.
    """
    if options.keep is not None and options.keep.exists():
        raise UsageError(f"{options.keep} is there already", next_step="Name a folder that does not exist yet")
    folder = Path(tempfile.mkdtemp(prefix="relay-demo-")) if options.keep is None else options.keep.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    is_whole, tell = False, _be_silent if options.json else say
    try:
        with Deployment(folder) as deployment:
            story = play(deployment, tell)
        is_whole = True
    finally:
        if options.keep is None and is_whole:
            shutil.rmtree(folder)
    return VerbAnswer(story | {"folder": str(options.keep) if options.keep else None}, _end(folder, options.keep))


def play(deployment: Deployment, tell: Callable[[str], None]) -> Story:
    """Train, ask, break, repair, shift, train again; gives what was found.

    Args:
        deployment: not started yet.
        tell: takes a line for each step.
    """
    records, late = draw(TRAINING_ROWS, 1)
    write_table(deployment.table, records, late)
    tell(f"[1/5] Training on {TRAINING_ROWS:,} made-up borrowers, then serving version 1 on {deployment.url}")
    deployment.train()
    deployment.serve()
    story: Story = {"usual": _ask(deployment, tell, f"[2/5] {RECORDS:,} usual records", draw(RECORDS, 2)[0])}
    broken = break_incomes(draw(RECORDS, 3)[0], FACTOR_SHARE, FACTOR)
    title = f"[3/5] {RECORDS:,} records of which {FACTOR_SHARE:.0%} have an income by the year instead of the month"
    story["broken"] = _ask(deployment, tell, title, broken, acts=True)
    story["trainings_after_break"] = deployment.count_trainings()
    tell(f"      Trainings so far: {story['trainings_after_break']}, that of version 1.")
    story["repaired"] = _ask(deployment, tell, f"[4/5] {REPAIRED:,} records after the repair", draw(REPAIRED, 4)[0])
    shifted, truth = draw(SHIFTED, 5, young=YOUNG_SHARE)
    title = f"[5/5] {SHIFTED:,} records of another population, {YOUNG_SHARE:.0%} more young borrowers, and their labels"
    story["shifted"] = _ask(deployment, tell, title, shifted, truth)
    tell("      Training again as the monitor suggests: on the old borrowers and the newly labelled ones")
    write_table(deployment.table, [*records, *shifted], [*late, *truth])
    deployment.train()
    newest = deployment.list_versions()[0]
    verb = "is promoted" if newest["is_production"] else "is not promoted"
    tell(f"      The gate: version {newest['version']} {verb}: {newest['gate']['why']}")
    story["gate"] = {**newest["gate"], "version": newest["version"], "is_production": newest["is_production"]}
    if not newest["is_production"]:
        tell("      A person knows that these borrowers are here to stay, and promotes the version by hand")
        deployment.promote(newest["version"], WHY)
    story["served"] = deployment.wait_for(newest["version"])
    tell(f"      The service answers with version {story['served']} now.")
    return story


def _ask(
    deployment: Deployment,
    tell: Callable[[str], None],
    title: str,
    records: list[Any],
    late: list[int] | None = None,
    *,
    acts: bool = False,
) -> Story:
    """Send records, and let the monitor look; gives verdict and decision.

    Args:
        deployment: it serves.
        tell: takes a line for each step.
        title: of the step.
        records: to ask about.
        late: what turned out to be true of each.
        acts: whether the monitor is asked to do what its decision says (`--act`).
    """
    tell(f"\n{title}")
    asked = deployment.ask(records)
    if late is not None:
        deployment.label(asked, late)
    time.sleep(SETTLE_SECONDS + 1)  # the monitor leaves the last seconds of the log to its next run
    text, report = deployment.look(*(["--act"] if acts else []))
    tell("\n".join(f"      {line}".rstrip() for line in text.rstrip().splitlines()))
    if acts:
        tell(f"      Asked to act (`--act`), the monitor does: {report['acted']}")
    verdict = report["verdict"]
    return {
        "kind": verdict["kind"], "text": verdict["text"], "factor": verdict["factor"],
        "columns": [one["name"] for one in verdict["columns"]], "decision": report["decision"]["action"],
        "is_alarm": report["is_alarm"],
    }  # fmt: skip


def _end(folder: Path, kept: Path | None) -> str:
    where = [
        "",
        "What you saw: broken data is named and never trained on; a real change asks for a training, and the gate",
        "decides whether the new version answers. How to read a report: docs/drift.md.",
    ]
    if kept is None:
        return "\n".join([*where, "Nothing is left behind. To keep all of it: python -m monitor demo --keep DIR"])
    place = f"DATA_DIR={folder / 'data'} LOG_DIR={folder / 'logs'}"
    recipe = folder / f"{RECIPE}.toml"
    return "\n".join(
        [
            *where,
            f"Everything is in {folder}; delete it when you are done. Look at:",
            f"  {folder / 'data' / 'monitor' / RECIPE / 'latest' / 'report.md'}",
            f"  {place} python -m monitor {recipe}",
            f"  {place} python -m monitor lab {recipe}",
            f"  {place} python -m page      # screen Monitor",
        ]
    )


def _be_silent(_: str) -> None:
    pass
