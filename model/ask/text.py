"""Who writes like this? `python -m model ask federalist < text.txt` asks the model that a recipe left.

Reads a text from standard input and `data/output/<recipe>/latest/`: `model.skops` is loaded only after its SHA-256
was compared with the receipt. Writes the answer to standard output, for people or, with `--json`, for programs.
"""

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from loguru import logger

from model.ask.trained import load_trained
from relay.handoff.errors import UsageError
from relay.handoff.recipe import load_recipe
from relay.handoff.verbs import VerbAnswer, add_recipe_options, read_verb_settings
from relay.handoff.wording import count
from relay.results.text_attribution import MOST_BYTES, say_attribution

if TYPE_CHECKING:  # scikit-learn takes seconds to import, and most refusals need none of it
    pass

READS = "output/{recipe}"

FEWEST_CHARS = 100
"""Of a text: as short as the shortest chunk that a recipe may ask for."""


def add_options(_: str, parser: argparse.ArgumentParser) -> None:
    """Declare what the command line may hold."""
    parser.description = (
        "Says which known label a text is nearest to in style. Reads the text from standard input and "
        f"the model in {READS.format(recipe='<recipe>')}/latest."
    )
    parser.epilog = "Example: python -m model ask federalist < essay.txt"
    add_recipe_options(parser)


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Answer a text from standard input.

    Raises:
        UsageError: the recipe is of another kind, or the text cannot be compared.
        DatasetMissingError, DatasetDamagedError, ModelError: there is no usable model.
    """
    settings = read_verb_settings(options)
    data_dir = settings.data_dir
    trained = load_trained(data_dir, load_recipe(options.recipe, settings.overrides, data_dir=data_dir))
    if sys.stdin.isatty():
        logger.info("type or paste the text, then end it with Ctrl-D on a line of its own")
    fewest = 1 if trained.reads_rows else FEWEST_CHARS
    text = read_text(sys.stdin.buffer.read(MOST_BYTES + 1), fewest)
    from model.ask.text_answer import (
        attribute_text,  # scikit-learn takes seconds to import, and most refusals need none of it
    )

    found = attribute_text(trained, text, data_dir / ".state")
    return VerbAnswer(asdict(found), "\n".join(say_attribution(found)))


def read_text(content: bytes, fewest: int = FEWEST_CHARS) -> str:
    """The text as it was written.

    Args:
        content: what was given.
        fewest: characters that it needs.

    Raises:
        UsageError: it is too long, no UTF-8, empty, or too short to count anything in it.
    """
    if len(content) > MOST_BYTES:
        raise UsageError(f"the text is too long: expected at most {MOST_BYTES:,} bytes", next_step="Give a part of it")
    try:
        raw = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"the text is not UTF-8 (byte {error.start:,})", next_step="Save it as UTF-8") from None
    from stylometry.asking import clean_text

    text = clean_text(raw)  # links and blanks are no text, however the recipe prepares it
    if not text:
        raise UsageError(
            "there is no text", next_step="Give it on standard input, as in `python -m model ask RECIPE < text.txt`"
        )
    if len(text) < fewest:
        raise UsageError(
            f"the text is too short: found {count(len(text), 'character')}, expected at least {fewest}",
            next_step="Give more",
        )
    return raw
