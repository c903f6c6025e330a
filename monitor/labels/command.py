"""`python -m monitor labels RECIPE FILE`: tell the API what turned out to be true."""

import argparse
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from monitor.labels.file import LabelFileError, make_label, name_columns, read_rows, require_columns
from monitor.labels.sending import Api, Numbered, Sent, say_states
from relay.handoff.errors import FAILED, OK, UsageError
from relay.handoff.recipe import load_recipe
from relay.handoff.settings import API_KEY_FILE, API_URL, read_settings
from relay.handoff.verbs import VerbAnswer, add_recipe_options
from relay.registry.versions import name_model

USUAL_API = "http://127.0.0.1:8000"
USUAL_SOURCE = "monitor labels"
MOST_SAID = 10


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001
    """Declare what the command line of the subcommand may hold."""
    add_recipe_options(parser)
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="Parquet, CSV or JSON lines: a column prediction_id (and record), or key or the recipe's id column; and a "
        "column value or the recipe's target",
    )
    parser.add_argument("--api", metavar="URL", help=f"the API (API_URL, otherwise {USUAL_API})")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="file with the API's key (API_KEY_FILE)")
    parser.add_argument(
        "--source", default=USUAL_SOURCE, help="who says so, for rows without a column source (default: %(default)s)"
    )


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Send the labels; exit code 1 where some were refused.

    Raises:
        RelayError: the file cannot be read, or the API does not answer.
    """
    settings = read_settings()
    recipe = load_recipe(options.recipe, settings.overrides, data_dir=options.data_dir or settings.data_dir)
    model, named = name_model(recipe), name_columns(recipe)
    api = Api((options.api or API_URL.of(os.environ) or USUAL_API).rstrip("/"), _read_key(options.key_file))
    sent = api.send(_list_labels(options.file, named, model, options.source))
    body = {
        "model": model,
        "api": api.url,
        "labels": sent.total,
        **{state: sent.states[state] for state in ("added", "known", "superseded", "refused")},
        "reasons": dict(sent.reasons),
        "refused_lines": sent.refused,
    }
    return VerbAnswer(body, _say(model, api.url, sent), exit_code=FAILED if sent.states["refused"] else OK)


def _list_labels(path: Path, named: dict[str, str], model: str, source: str) -> Iterator[Numbered]:
    rows = read_rows(path)
    first = next(rows, None)
    if first is None:
        raise LabelFileError(f"{path} holds no label", next_step="Name a file with a row for each label")
    require_columns(first[1], named, path)
    for number, cells in chain([first], rows):
        yield number, make_label(cells, named, model, source)


def _read_key(path: Path | None) -> str:
    found = path or API_KEY_FILE.of(os.environ)
    if not found:
        return ""
    try:
        return Path(found).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the file with the API's key, {found}, cannot be read: {error}") from error


def _say(model: str, url: str, sent: Sent) -> str:
    lines = [f"{sent.total:,} labels for {model} at {url}: {say_states(sent)}."]
    if sent.states["superseded"]:
        lines.append("Superseded: a later row of the file is about the same record, and the last one counts.")
    for reason, number in sent.reasons.most_common():
        lines.append(f"  {number:,} {reason}")
    lines += [f"  row {one['line']}: {one['detail']}" for one in sent.refused[:MOST_SAID]]
    if len(sent.refused) > MOST_SAID:
        lines.append(f"  … --json lists the first {len(sent.refused):,}")
    return "\n".join(lines)
