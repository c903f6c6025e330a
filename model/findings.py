"""What a result says in words: written as `findings.md`, read again when nothing has changed.

Needs no numerical library: an unchanged stage reads findings only.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from model.wording import list_words

FILE = "findings.md"

_PICTURE = re.compile(r"!\[(?P<shows>.*)\]\((?P<file>[^()]+)\)")


@dataclass(frozen=True)
class Findings:
    """Sentences, and what each picture shows; the first picture is the one to look at."""

    sentences: tuple[str, ...]
    pictures: tuple[tuple[str, str], ...]
    """File name and what it shows."""


def format_findings(findings: Findings) -> str:
    """The findings as Markdown: a paragraph a sentence, then the pictures."""
    pictures = [f"![{shows}]({file})" for file, shows in findings.pictures]
    return "\n\n".join(["# Findings", *findings.sentences, *pictures]) + "\n"


def parse_findings(text: str) -> Findings:
    """The findings in a Markdown text that `format_findings` wrote."""
    paragraphs = [paragraph for paragraph in text.strip().split("\n\n") if not paragraph.startswith("# ")]
    matches = [(paragraph, _PICTURE.fullmatch(paragraph)) for paragraph in paragraphs]
    return Findings(
        sentences=tuple(paragraph for paragraph, match in matches if match is None),
        pictures=tuple((match["file"], match["shows"]) for _, match in matches if match is not None),
    )


def read_lines(folder: Path) -> list[str]:
    """The findings of a folder as lines for the log; the last one says where the plot is and what it shows."""
    findings = parse_findings((folder / FILE).read_text(encoding="utf-8"))
    (first, shows), *others = findings.pictures
    beside = f" (beside it: {list_words(file for file, _ in others)})" if others else ""
    return [*findings.sentences, f"the plot {folder / first} shows {shows}{beside}"]
