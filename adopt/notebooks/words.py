"""Docstrings from the Markdown above the cells."""

import re
from collections.abc import Sequence

from adopt.notebooks.records import Stage, Statement

DEFAULTS = {
    Stage.INGEST: "Read the data.",
    Stage.PREPROCESS: "Prepare the rows.",
    Stage.MODEL: "Model and draw.",
}
STAGE_WORDS = frozenset(("ingest", "preprocess", "model", "load", "data", "preprocessing", "modelling", "modeling"))
MOST_PARAGRAPHS = 6
LONGEST_LINE = 115
MARKS = re.compile(r"^#+\s*|[*`]{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|!?\[([^\]]*)\]\([^)]*\)")
"""Marks of Markdown; `unit_price` keeps its underscore."""


def describe_part(statements: Sequence[Statement], stage: Stage) -> str:
    """The docstring of a stage's function: the Markdown above its cells, in reading order."""
    lines = [line for statement in statements for line in _read(statement.markdown)]
    kept = [line for line in dict.fromkeys(lines) if line.lower().rstrip(".") not in STAGE_WORDS][:MOST_PARAGRAPHS]
    first = _end(kept[0]) if kept and len(kept[0]) < LONGEST_LINE - 4 else DEFAULTS[stage]
    rest = kept[1:] if kept and first == _end(kept[0]) else kept
    return "\n\n".join([first, *(_wrap(line) for line in rest)])


def _read(markdown: str) -> list[str]:
    """Headings and paragraphs as plain text."""
    blocks = re.split(r"\n\s*\n|\n(?=#)|(?<=\n)(?=[-*] )", markdown.strip())
    plain = [re.sub(r"\s+", " ", MARKS.sub(r"\1", block)).strip() for block in blocks]
    return [
        text.replace("\\", "/").replace('"""', "'''") for text in plain if text and not text.startswith(("<", "|", "$"))
    ]


def _end(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text.rstrip(':')}."


def _wrap(text: str) -> str:
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > LONGEST_LINE - 5:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line])
