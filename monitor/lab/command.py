"""`python -m monitor lab RECIPE`."""

import argparse
import json
from datetime import timedelta
from itertools import islice
from pathlib import Path

from loguru import logger

from monitor.lab.block_power import Plan, measure_blocks
from monitor.lab.population import Population, read_population
from monitor.lab.report import Lab, tabulate, to_markdown
from monitor.lab.shifts import list_shifts
from monitor.lab.stream_power import Streams, measure_losses, measure_streams
from monitor.log.opening import open_log
from monitor.log.record import Which
from monitor.places import find_serve_folder
from monitor.subject import Subject, find_subject
from monitor.tables import to_parquet
from relay.handoff.errors import UsageError
from relay.handoff.files import write_atomically
from relay.handoff.recipe import load_recipe
from relay.handoff.settings import Settings
from relay.handoff.verbs import VerbAnswer, add_recipe_options, read_verb_settings
from relay.registry.watched import PREDICTED

SIZES = (200, 1_000, 5_000, 20_000)
BATCHES, LEAST_BATCHES, MOST_BATCHES = 200, 20, 10_000
CHANGED_SHARE, STREAM_SHARE, STREAM_CHANGED_SHARE = 5, 10, 20
"""One in so many of the batches: blocks after each change, streams without a change, streams after each change."""
MOST_COLUMNS, MOST_MIXED = 6, 2
MOST_REQUESTS = 5_000
LEAST_SPAN = timedelta(hours=1)
DAY = timedelta(days=1)
FOLDER = "lab"


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001 - the interface of all subcommands
    """Declare what the command line of the subcommand may hold."""
    add_recipe_options(parser)
    parser.add_argument("--version", type=int, metavar="N", help="version to measure (default: the one in production)")
    parser.add_argument(
        "--batches", type=int, default=BATCHES, metavar="N",
        help=f"blocks of each size without a change, {LEAST_BATCHES} to {MOST_BATCHES:,} (default: {BATCHES}); a fifth "
        "of them after each change",
    )  # fmt: skip
    parser.add_argument(
        "--columns", default="", metavar="A,B", help=f"columns to change (default: the first {MOST_COLUMNS})"
    )
    parser.add_argument("--rows-per-day", type=float, metavar="N", help="records per day (default: as the log says)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn (default: 0)")


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Measure, write `data/monitor/<model>/lab/`, and answer with the report.

    Raises:
        RelayError: there is no version, or it keeps no reference rows.
        OSError: the folder cannot be written.
    """
    _check(options)
    settings = read_verb_settings(options)
    recipe = load_recipe(options.recipe, settings.overrides, data_dir=settings.data_dir)
    subject = find_subject(recipe, settings, options.version)
    population = read_population(subject)
    rate = options.rows_per_day or find_rate(subject, settings)
    lab = measure(subject, population, options, rate)
    folder = settings.data_dir / "monitor" / subject.model / FOLDER
    paths = write(folder, lab)
    text = to_markdown(lab) + "\n" + "\n".join([*lab.say(), "", "Files: " + ", ".join(map(str, paths))])
    return VerbAnswer(lab.to_json() | {"files": [str(path) for path in paths]}, text)


def measure(subject: Subject, population: Population, options: argparse.Namespace, rate: float | None) -> Lab:
    """All measurements of a version.

    Args:
        subject: the version.
        population: its reference rows.
        options: of the command line.
        rate: records per day.

    Raises:
        UsageError: a column is not one of the version.
    """
    section = subject.section
    columns = choose_columns(population, options.columns)
    shifts = list_shifts(population, columns, MOST_MIXED)
    batches = options.batches
    plan = Plan(SIZES, batches, max(batches // CHANGED_SHARE, 1), options.seed, section.alpha)
    counts = (max(batches // STREAM_SHARE, 1), max(batches // STREAM_CHANGED_SHARE, 1))
    streams = Streams(*counts, options.seed, section.alpha, section.look_rows)

    def tell(what: str) -> None:
        logger.info("lab {}: {}", subject.recipe, what)

    tell(f"{population.size:,} reference rows, {len(shifts)} changes of {len(columns)} columns")
    blocks = measure_blocks(population, shifts, plan, tell)
    delays = measure_streams(population, [one for one in shifts if one.kind != "permute"], streams, tell)
    losses = measure_losses(population, streams, tell)
    settings = {
        "seed": options.seed, "alpha": section.alpha, "look_rows": section.look_rows, "sizes": list(SIZES),
        "blocks": batches, "changed_blocks": plan.changed, "columns": columns,
    }  # fmt: skip
    return Lab(
        subject.model, subject.version, subject.recipe, settings, population.size, population.test_rows, rate,
        bool(losses), tuple(blocks), tuple(delays), tuple(losses),
    )  # fmt: skip


def choose_columns(population: Population, named: str) -> list[str]:
    """The columns to change.

    Raises:
        UsageError: one of them is not there.
    """
    known = [one.name for one in population.rows.columns]
    if not named:
        return [name for name in known if name != PREDICTED][:MOST_COLUMNS]
    chosen = [name.strip() for name in named.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        raise UsageError(f'--columns: no column "{", ".join(unknown)}"; the version has {", ".join(known)}')
    return list(dict.fromkeys(chosen))


def find_rate(subject: Subject, settings: Settings) -> float | None:
    """Records per day of the log's first requests of this version; None for less than an hour of them."""
    with open_log(find_serve_folder(settings), settings.database_url) as log:
        rows = list(islice(log.rows(Which(subject.model, subject.version), None, float("inf")), MOST_REQUESTS))
    if not rows:
        return None
    seconds = rows[-1].position.at_unix - rows[0].position.at_unix
    if seconds < LEAST_SPAN.total_seconds():
        return None
    records = sum(len(json.loads(row.input)) for row in rows[:-1])
    return float(f"{records / seconds * DAY.total_seconds():.4g}")


def write(folder: Path, lab: Lab) -> list[Path]:
    """Write the files; gives their paths."""
    from monitor.lab.plot import draw_lab

    files = {
        "report.md": to_markdown(lab).encode(),
        "report.json": (json.dumps(lab.to_json(), indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode(),
        "blocks.parquet": to_parquet(tabulate(lab)),
        "lab.png": draw_lab(lab),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_atomically(folder / name, content)
    return [folder / name for name in files]


def _check(options: argparse.Namespace) -> None:
    if not LEAST_BATCHES <= options.batches <= MOST_BATCHES:
        raise UsageError(f"--batches {options.batches}: expected {LEAST_BATCHES} to {MOST_BATCHES:,}")
    if options.rows_per_day is not None and not 0 < options.rows_per_day < float("inf"):
        raise UsageError(f"--rows-per-day {options.rows_per_day:g}: expected a number above 0")
    if options.seed < 0:
        raise UsageError(f"--seed {options.seed}: expected 0 or more")
