"""Who writes like this? `python -m model ask federalist < text.txt` asks the model that a recipe left.

Reads a text from standard input and `data/output/<recipe>/latest/`: `model.skops` is loaded only after its SHA-256
was compared with the receipt. Writes the answer to standard output, for people or, with `--json`, for programs.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from handoff.errors import DatasetDamagedError, DatasetMissingError, ModelError, RelayError, UsageError
from handoff.log import configure_terminal
from handoff.receipt import Receipt
from handoff.recipe import Recipe, load_recipe
from handoff.settings import read_settings
from model.output import RECEIPT, OutputPlace
from model.wording import count, show, show_share

if TYPE_CHECKING:  # scikit-learn takes seconds to import, and most refusals need none of it
    from model.answer import Answer

READS = "output/{recipe}"

MOST_BYTES = 1_000_000
"""Of a text: a long novel; more would be compared by a few of its chunks only."""

FEWEST_CHARS = 100
"""Of a text: as short as the shortest chunk that a recipe may ask for."""

MODEL, METRICS = "model.skops", "metrics.json"


@dataclass(frozen=True)
class Trained:
    """The model in force, its bytes held against the receipt."""

    receipt: Receipt
    content: bytes
    chunk_chars: int
    """Characters of each chunk that it learned from; 0 if these were whole documents."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the model file."""
        return self.receipt.files[MODEL]

    @property
    def caveat(self) -> str:
        """What the recipe says that goes with the label; empty where it says nothing."""
        return str(self.receipt.parameters.get("caveat") or "")


def main(argv: Sequence[str]) -> int:
    """Answer a text from standard input; 0 when all went well, 1 without a usable model, 2 for an unusable question."""
    options = _parser().parse_args(argv)
    configure_terminal("INFO")
    try:
        settings = read_settings()
        data_dir = (options.data_dir or settings.data_dir).absolute()
        trained = load_trained(data_dir, load_recipe(options.recipe, settings.overrides))
        if sys.stdin.isatty():
            logger.info("type or paste the text, then end it with Ctrl-D on a line of its own")
        text = read_text(sys.stdin.buffer.read(MOST_BYTES + 1))
        from model.answer import answer_text

        answer = answer_text(trained, text, data_dir / ".state")
    except RelayError as error:
        if options.json:
            print(json.dumps({"error": str(error)}))  # noqa: T201 - the answer of a command
        else:
            logger.error("{}", error)
        return error.exit_code
    print(json.dumps(asdict(answer)) if options.json else "\n".join(say_answer(answer)))  # noqa: T201 - as above
    return 0


def load_trained(data_dir: Path, recipe: Recipe) -> Trained:
    """The model that the recipe's result in force holds.

    Raises:
        UsageError: the recipe is of another kind.
        DatasetMissingError: nothing was trained yet.
        DatasetDamagedError: a file was changed, cut or taken away.
        ModelError: the result holds no model.
    """
    kind = recipe.sections["model"]["kind"]
    if kind != "authorship":
        raise UsageError(f'recipe {recipe.name} has kind = "{kind}": only one with kind = "authorship" knows styles')
    latest = OutputPlace(data_dir, recipe.name).latest
    if not latest.exists():
        raise DatasetMissingError(f"nothing was trained yet: run `python -m model {recipe.name}`, then ask again")
    folder = latest.resolve()  # a training that ends meanwhile moves the link, never the folder's files
    try:
        receipt = Receipt.read(folder / RECEIPT)
    except FileNotFoundError:
        raise DatasetDamagedError(f"{folder / RECEIPT} is gone: run `python -m model {recipe.name} --force`") from None
    if MODEL not in receipt.files:
        raise ModelError(
            f"the result of {recipe.name} holds no model: it takes two labels with two documents each. "
            "Give it more labelled documents, or leave [model] candidates out"
        )
    metrics = json.loads(read_checked(folder, receipt, METRICS))
    return Trained(receipt, read_checked(folder, receipt, MODEL), int(metrics["chunks"]["chars"]))


def read_checked(folder: Path, receipt: Receipt, name: str) -> bytes:
    """The bytes of a file of the result, which are the receipt's.

    Raises:
        DatasetDamagedError: they are not, or the file is gone.
    """
    again = f"run `python -m model {receipt.recipe} --force`"
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        raise DatasetDamagedError(f"{folder / name} is gone, its receipt is there: {again}") from None
    found, expected = hashlib.sha256(content).hexdigest(), receipt.files[name]
    if found != expected:
        raise DatasetDamagedError(
            f"{folder / name} was changed: SHA-256 {found[:12]}…, the receipt says {expected[:12]}…: {again}"
        )
    return content


def read_text(content: bytes) -> str:
    """The text as `preprocess` usually cleans one: without links, a run of white space as one blank.

    Raises:
        UsageError: it is too long, no UTF-8, empty, or too short to count anything in it.
    """
    if len(content) > MOST_BYTES:
        raise UsageError(f"the text is too long: expected at most {MOST_BYTES:,} bytes. Give a part of it")
    try:
        raw = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"the text is not UTF-8 (byte {error.start:,}): save it as UTF-8") from None
    from stylometry.asking import clean_text

    text = clean_text(raw)
    if not text:
        raise UsageError("there is no text: give it on standard input, as in `python -m model ask RECIPE < text.txt`")
    if len(text) < FEWEST_CHARS:
        raise UsageError(
            f"the text is too short: found {count(len(text), 'character')}, expected at least {FEWEST_CHARS}. Give more"
        )
    return text


def say_answer(answer: "Answer") -> list[str]:
    """The answer as lines for people."""
    width = max(len(one.label) for one in answer.labels)
    lines = [f"{answer.recipe}: {say_extent(asdict(answer.text))}", ""]
    lines += [f"{'label':<{width}}  {'distance':>10}  probability"]
    lines += [
        f"{one.label:<{width}}  {show(one.distance):>10}  {show_share(one.probability):>11}" for one in answer.labels
    ]
    place = f"{show(answer.map.x)}, {show(answer.map.y)}"
    lines += ["", say_verdict(asdict(answer.verdict)), f"On the map (PCoA) it stands at {place}."]
    return [*lines, *(f"Warning: {warning}" for warning in answer.warnings), *answer.notes]


def say_extent(text: dict[str, Any]) -> str:
    """How much of the text was compared, in words."""
    chars = f"{count(text['words'], 'word')}, {count(text['chars'], 'character')}"
    if not text["chunk_chars"]:
        return f"the whole text was compared ({chars})."
    of = f"{count(text['chunks'], 'chunk')} of {text['chunk_chars']:,} characters"
    return f"{of} of the text {'was' if text['chunks'] == 1 else 'were'} compared ({chars} in all)."


def say_verdict(verdict: dict[str, Any]) -> str:
    """The verdict of the imposters, in words."""
    return (
        f"Imposters: {verdict['verdict']}. In {show_share(verdict['score'])} of the rounds it is nearer to "
        f"{verdict['label']} than to the imposters (no up to {show_share(verdict['no'])}, yes from "
        f"{show_share(verdict['yes'])})."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model ask",
        description="Says which known label a text is nearest to in style. Reads the text from standard input and "
        f"the model in {READS.format(recipe='<recipe>')}/latest.",
        epilog="Example: python -m model ask federalist < essay.txt",
    )
    parser.add_argument("recipe", metavar="RECIPE", help="a name in recipes/ or a path to a .toml file")
    parser.add_argument("--json", action="store_true", help="answer as JSON, errors too")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="folder of the datasets (default: data/)")
    return parser
