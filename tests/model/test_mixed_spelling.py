"""Accents written in two ways, from the files on: every result and every answer is that of one way alone."""

import json
import random
import unicodedata
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from projects import Project

from ingest.__main__ import STAGE as INGEST
from model.ask.text import read_text
from model.ask.text_answer import attribute_text
from model.ask.trained import load_trained
from preprocess.__main__ import STAGE as PREPROCESS
from relay.handoff.program import main
from relay.handoff.recipe import load_recipe
from relay.results.text_attribution import TextAttribution

RECIPE = """
title = "Accented words"
[columns]
author = { type = "category", role = "label" }
name = { type = "text", role = "id", from = "item" }
text = { type = "text", role = "input" }
[ingest]
source = "file"
path = "TEXTS/*.txt"
item_pattern = '^(?P<author>[^_]+)_'
[preprocess]
kind = "documents"
[model]
kind = "authorship"
chunking = "whole"
units = "words"
ngram = 1
features = 25
distance = "cosine_delta"
unknown = ["who"]
classifiers = ["svm"]
exports = ["frequencies", "distances"]
"""

WORDS = [first + last for first in "éüñåç" for last in ("té", "lö", "nà", "rî", "sû")]

TABLES = (
    *("words", "chunks", "word_list", "distances", "by_distance", "attributions"),
    *("classifiers", "classifier_answers"),
)


def write_text(author: int, seed: int) -> str:
    """300 words; of every second word an author uses five times as many as the other."""
    weights = [1 + 4 * ((place + author) % 2) for place in range(len(WORDS))]
    return " ".join(random.Random(seed).choices(WORDS, weights, k=300))


def run_stages(folder: Path, decomposed: range) -> Project:
    """Sixteen files from ingest to the result, some of them in NFD; the last of either author is unknown."""
    texts = folder / "texts"
    texts.mkdir(parents=True)
    for number in range(16):
        form = "NFD" if number in decomposed else "NFC"
        author = "who" if number > 13 else ("anna", "ben")[number % 2]
        text = unicodedata.normalize(form, write_text(number % 2, number))
        (texts / f"{author}_{number:02d}.txt").write_text(text, "utf-8")
    made = Project(folder, folder / "accents.toml")
    made.recipe.write_text(RECIPE.replace("TEXTS", str(texts)), "utf-8")
    assert [main(stage, made.arguments()) for stage in (INGEST, PREPROCESS)] == [0, 0]
    assert made.run() == 0
    return made


def read_tables(made: Project) -> dict[str, list[dict[str, Any]]]:
    return {name: pq.read_table(made.latest / f"{name}.parquet").to_pylist() for name in TABLES}


def test_texts_of_which_half_are_decomposed_give_the_words_and_answers_of_composed_ones(tmp_path: Path) -> None:
    composed, mixed = run_stages(tmp_path / "nfc", range(0)), run_stages(tmp_path / "mixed", range(4, 12))
    tables = read_tables(mixed)
    assert {row["ngram"] for row in tables["word_list"]} == set(WORDS)
    assert {row["word"] for row in tables["words"]} <= set(WORDS)
    # The last two are of anna and ben, in this order, by every way to ask.
    nearest = [row["label"] for row in tables["attributions"] if row["is_nearest"]]
    assert nearest == [row["label"] for row in tables["classifier_answers"]] == ["anna", "ben"]
    assert read_tables(composed) == tables
    for name in ("metrics.json", "map.png", "tree.png"):
        assert (composed.latest / name).read_bytes() == (mixed.latest / name).read_bytes(), name
    assert json.loads((mixed.latest / "metrics.json").read_text())["trust"]["balanced_accuracy"] == 1.0
    asked = [unicodedata.normalize(form, write_text(1, 99)) for form in ("NFC", "NFD")]
    answers = [ask(made, text) for made in (composed, mixed) for text in asked]
    assert answers[0].labels[0].label == "ben"
    assert answers == [answers[0]] * 4


def ask(made: Project, text: str) -> TextAttribution:
    """The answer to a question about a text."""
    trained = load_trained(made.data_dir, load_recipe(str(made.recipe)))
    return attribute_text(trained, read_text(text.encode()), made.data_dir / ".state")
