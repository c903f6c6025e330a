"""Folders of a project for the page to look at, and two small recipes of documents."""

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from commands import Command, run
from variables import VARIABLES

from relay.handoff.settings import ROOT, Settings

STYLES = """
title = "Three ways of writing"
[ingest]
source = "file"
path = "styles.jsonl"
[preprocess]
kind = "documents"
[columns]
document = { type = "text", role = "id" }
author = { type = "category", role = "label", description = "Who wrote it" }
text = { type = "text", role = "input" }
[model]
kind = "authorship"
chunk_chars = 400
"""

PAPERS = """
title = "Two men, one subject"
[ingest]
source = "file"
path = "papers.jsonl"
[preprocess]
kind = "documents"
[columns]
paper = { type = "text", role = "id" }
author = { type = "category", role = "label" }
written_at_utc = { type = "time", role = "time" }
text = { type = "text", role = "input" }
[model]
kind = "authorship"
chunking = "whole"
units = "words"
ngram = 1
distance = "cosine_delta"
features = 40
order = "time"
stability = true
unknown = ["DISPUTED"]
caveat = "Both write of the same subject."
imposters = true
[model.oppose]
primary = "HAMILTON"
[model.consensus]
features = [20, 30, 40]
[model.rolling]
texts = ["No. 21", "No. 22", "No. 23"]
window = 200
step = 50
"""

WORDS = {
    "Ann": "the sea was calm and the light upon the water lay like glass",
    "Ben": "who knows why men quarrel over such things as kings or crowns",
    "Cid": "zinc xylem quartz joking wizards vex big fjord hymns quickly",
}


RUN_ALL = """
import json, sys
from importlib import import_module
from relay.handoff.program import main

for stage, *arguments in json.loads(sys.argv[1]):
    assert main(import_module(f"{stage}.__main__").STAGE, arguments) == 0
"""


@dataclass(frozen=True)
class Folders:
    """A project's data and logs, and the recipe that lies beside them."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def styles(self) -> str:
        return str(self.root / "styles.toml")

    @property
    def papers(self) -> str:
        return str(self.root / "papers.toml")

    @property
    def settings(self) -> Settings:
        return Settings(data_dir=self.data, log_dir=self.logs)

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            "DATA_DIR": str(self.data),
            "LOG_DIR": str(self.logs),
            "RECIPES": f"linear,{self.styles},{self.papers}",
            "HOME": str(self.root),
            "MLFLOW_TRACKING_URI": "off",
        }
        return {name: text for name, text in os.environ.items() if name not in VARIABLES} | ours

    def start(self, stage: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a stage as a process of its own."""
        return Command(
            [sys.executable, "-m", stage, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, stage: str, *arguments: str) -> None:
        """Run a stage to its end."""
        assert self.start(stage, *arguments).wait() == 0

    def run_all(self, *commands: list[str]) -> None:
        """Run stages one after the other in one process, which imports the libraries once."""
        command = [sys.executable, "-c", RUN_ALL, json.dumps(commands)]
        run(command, cwd=ROOT, env=self.environment, check=True, capture_output=True)


def write_documents(folder: Path) -> None:
    """The texts and recipes of `styles` and `papers`."""
    write_styles(folder)
    write_papers(folder)


def write_styles(folder: Path) -> None:
    """Eight documents of each of three authors, each made of the author's own few words in turning order."""
    documents = []
    for author, text in WORDS.items():
        words = text.split()
        for number in range(8):
            turned = [words[(place * (number + 3)) % len(words)] for place in range(200)]
            documents.append({"document": f"{author} {number}", "author": author, "text": " ".join(turned)})
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    (folder / "styles.jsonl").write_text(lines, encoding="utf-8")
    (folder / "styles.toml").write_text(STYLES, encoding="utf-8")


HABITS = {"HAMILTON": ("upon", "while", "enough"), "MADISON": ("on", "whilst", "sufficiently")}
SUBJECT = "the people of a state may give to its government power for war and law but not for trade or tax"


def write_paper(author: str, seed: int, words: int = 400) -> str:
    """A text of one subject with an author's habits: one word in five is a habit, one of these in ten the other's."""
    draw, subject = random.Random(seed), SUBJECT.split()
    other = next(name for name in HABITS if name != author)
    habits = [HABITS[other if draw.random() < 0.1 else author][draw.randrange(3)] for _ in range(words)]
    return " ".join(habit if draw.random() < 0.2 else draw.choice(subject) for habit in habits)


def write_papers(folder: Path) -> None:
    """Ten papers of each of two authors in the order of time, and three of MADISON's whose author nobody knows."""
    documents = []
    for number in range(23):
        author = "MADISON" if number >= 10 else "HAMILTON"
        text = write_paper(author, number, words=600 + 10 * number)
        label = "DISPUTED" if number >= 20 else author
        written = f"1788-01-{number + 1:02d}T00:00:00Z"
        documents.append({"paper": f"No. {number + 1}", "author": label, "written_at_utc": written, "text": text})
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    (folder / "papers.jsonl").write_text(lines, encoding="utf-8")
    (folder / "papers.toml").write_text(PAPERS, encoding="utf-8")
