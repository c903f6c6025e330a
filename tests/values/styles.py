"""Three recipes of documents: labels of every kind, labels that say nothing, and two that differ."""

import json
import random
import sys
from pathlib import Path
from typing import Any

import commands
from checkout import CHECKOUT, HANG_SECONDS, Project

RECIPE = """
title = "Labels"
seed = 42
[ingest]
source = "file"
path = "{folder}/NAME.jsonl"
[preprocess]
kind = "documents"
[columns]
paper = { type = "text", role = "id" }
author = { type = "category", role = "label", null = true }
written_at_utc = { type = "time", role = "time" }
text = { type = "text", role = "input" }
[model]
kind = "authorship"
chunking = "whole"
units = "words"
ngram = 1
distance = "cosine_delta"
features = 100
MORE
"""

LONG = "A very long label of a work in many volumes, the second edition, volume"
ODD = ["_hidden", "__", "$", "$x^2$", f"{LONG} 1", f"{LONG} 2", "שלום עולם", "two\nlines", "nan", "Ann", "ann", "null"]
"""Labels of every kind, of which matplotlib alone would leave out two and set one as a formula."""

ODD_SHOWN = {
    f"{LONG} 1": "A very long lab…ition, volume 1",
    f"{LONG} 2": "A very long lab…ition, volume 2",
    "two\nlines": "two lines",
}
"""How a legend names those that it cannot name as they are."""

VOCABULARY = [f"{first}{rest}" for first in "bcdfgklmnprst" for rest in ("ad", "el", "im", "op", "ur", "ax")]
CHANCE_SEED = 232
"""Of texts drawn alike: labels agree with the nearest text in 67 % of the cases by chance, on a map in 79 %."""


def draw_chance() -> list[dict[str, Any]]:
    """24 texts, all drawn alike, under two labels in turn."""
    draw = random.Random(CHANCE_SEED)
    texts = [" ".join(draw.choice(VOCABULARY) for _ in range(400)) for _ in range(24)]
    return [name_document(number, ["one", "two"][number % 2], text) for number, text in enumerate(texts)]


def draw_own(labels: list[str | None], documents: int) -> list[dict[str, Any]]:
    """Documents of each label, drawn from words of its own and others, one label after the other."""
    draw = random.Random(5)
    rows: list[dict[str, Any]] = []
    for label in labels:
        own = draw.sample(VOCABULARY, 12)
        for _ in range(documents):
            words = [draw.choice(own if draw.random() < 0.4 else VOCABULARY) for _ in range(150)]
            rows.append(name_document(len(rows), label, " ".join(words)))
    return rows


def name_document(number: int, label: str | None, text: str) -> dict[str, Any]:
    """A row of a source, a day after the one before."""
    moment = f"1788-{1 + number // 28:02}-{1 + number % 28:02}T00:00:00Z"
    return {"paper": f"p{number}", "author": label, "written_at_utc": moment, "text": text}


SOURCES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "odd": (draw_own([*ODD, None], 3), 'order = "time"'),
    "chance": (draw_chance(), 'projection = "pcoa"'),
    "clear": (draw_own(["Ann", "Ben", "Cid", "WHO"], 6), 'unknown = ["WHO"]\ncandidates = ["Ben", "Cid"]'),
}
"""Recipe -> its documents, and what it says beyond the others."""


def make_styles(folder: Path) -> None:
    """Run the three recipes to the end in a folder."""
    project = Project(folder)
    recipes = []
    for name, (rows, more) in SOURCES.items():
        project.write(f"{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        recipes.append(project.recipe(RECIPE.replace("NAME", name).replace("MORE", more), name))
    for stage in ("ingest", "preprocess", "model"):
        ran = project.run(stage, *recipes)
        assert ran.exit_code == 0, ran.log


def ask(project: Project, name: str, text: str) -> Any:
    """What `python -m model ask --json` says of a text."""
    command = ["ask", str(project.folder / f"{name}.toml"), "--json", "--data-dir", str(project.folder / "data")]
    asked = [sys.executable, "-m", "model", *command]
    ran = commands.run(asked, cwd=CHECKOUT, input=text, capture_output=True, text=True, timeout=HANG_SECONDS)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
