"""Folders of a project for the page to look at, and a small recipe of documents."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from handoff.settings import ENVIRONMENT, ROOT, Settings

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

WORDS = {
    "Ann": "the sea was calm and the light upon the water lay like glass",
    "Ben": "who knows why men quarrel over such things as kings or crowns",
    "Cid": "zinc xylem quartz joking wizards vex big fjord hymns quickly",
}


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
    def settings(self) -> Settings:
        return Settings(data_dir=self.data, log_dir=self.logs)

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            "DATA_DIR": str(self.data),
            "LOG_DIR": str(self.logs),
            "RECIPES": f"linear,{self.styles}",
            "HOME": str(self.root),
        }
        return {name: text for name, text in os.environ.items() if name not in ENVIRONMENT} | ours

    def start(self, stage: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a stage as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", stage, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, stage: str, *arguments: str) -> None:
        """Run a stage to its end."""
        assert self.start(stage, *arguments).wait() == 0


def write_documents(folder: Path) -> None:
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
