"""`python -m monitor export RECIPE`: reference rows and records as Parquet files, for whatever reads them."""

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.decode import Answered, make_chunk, read_answered
from monitor.log.opening import open_log
from monitor.log.record import LogReader, Which
from monitor.places import find_serve_folder
from monitor.subject import Subject, find_subject
from relay.handoff.errors import UsageError
from relay.handoff.files import write_atomically
from relay.handoff.recipe import load_recipe
from relay.handoff.verbs import VerbAnswer, add_recipe_options, read_verb_settings
from relay.monitoring.opening import open_store
from relay.registry.contract import REFERENCE_FILE
from relay.registry.predictions import make_frame
from relay.registry.watched import SCORE, name_kept

if TYPE_CHECKING:
    import pandas as pd


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001 - the interface of all subcommands
    """Declare what the command line of the subcommand may hold."""
    add_recipe_options(parser)
    parser.add_argument("--window", default="", metavar="NAME", help="such as v3-2000 (default: the newest)")
    parser.add_argument("--rows", type=int, default=0, metavar="N", help="records up to its end (default: block_rows)")
    parser.add_argument(
        "--to", type=Path, default=Path(), metavar="DIR", help="folder of the files (default: this one)"
    )


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Write `<model>-reference.parquet` and `<model>-<window>.parquet`.

    Raises:
        RelayError: there is no such window, or the log has lost its records.
        OSError: the folder cannot be written.
    """
    settings = read_verb_settings(options)
    recipe = load_recipe(options.recipe, settings.overrides, data_dir=settings.data_dir)
    subject = find_subject(recipe, settings)
    folder = find_serve_folder(settings)
    with open_store(folder, settings.database_url, is_reader=True) as store:
        windows = [one for one in store.list_windows(subject.model, 200) if one.version == subject.version]
    chosen = next((one for one in windows if options.window in ("", one.name)), None)
    if chosen is None or not chosen.rows:
        known = ", ".join(one.name for one in windows[:10]) or "no window yet"
        raise UsageError(f'"{options.window}" is no window of version {subject.version}; the newest windows: {known}')
    with open_log(folder, settings.database_url) as log:
        frame = read_window(subject, log, chosen.at_unix, options.rows or subject.section.block_rows)
    if not len(frame):
        raise UsageError(f"the prediction log holds no record of window {chosen.name} any more")
    options.to.mkdir(parents=True, exist_ok=True)
    written = {f"{subject.model}-{chosen.name}.parquet": _to_parquet(frame)}
    if REFERENCE_FILE in subject.contract.monitored:
        written[f"{subject.model}-reference.parquet"] = (subject.folder / REFERENCE_FILE).read_bytes()
    for name, content in written.items():
        write_atomically(options.to / name, content)
    paths = [str(options.to / name) for name in written]
    return VerbAnswer({"files": paths, "rows": len(frame), "window": chosen.name}, "\n".join(paths))


def read_window(subject: Subject, log: LogReader, until_unix: float, most: int) -> "pd.DataFrame":
    """The last counted records up to a time: inputs, score and predicted value, prediction id and time."""
    found: list[Answered] = []
    records = 0
    for row in log.rows(Which(subject.model, subject.version), None, float("inf")):
        if row.position.at_unix > until_unix:
            continue
        one = read_answered(row, subject.contract, subject.section.unit)
        found.append(one)
        records += len(one.numbers)
        while records - len(found[0].numbers) >= most:
            records -= len(found.pop(0).numbers)
    frame = make_frame(subject.contract.inputs, [record for one in found for record in one.records])
    if not found:
        return frame
    chunk = make_chunk(subject.contract, subject.profile, found)
    frame.columns = name_kept(list(frame.columns))
    frame[SCORE] = chunk.score if chunk.score is not None else None
    frame["(prediction)"] = [str(one) for one in chunk.answers.predictions]
    frame["(record)"] = chunk.ids
    frame["(asked_at_unix)"] = chunk.at_unix
    return frame


def _to_parquet(frame: "pd.DataFrame") -> bytes:
    sink = io.BytesIO()
    frame.to_parquet(sink, index=False)
    return sink.getvalue()
