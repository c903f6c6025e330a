"""One letter is one letter, however it was typed: composed or not, with either apostrophe, learned or asked."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from checkout import Project
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = [
    *("l'été", "était", "très", "doux", "et", "naïf", "où", "la", "forêt", "s'étendait", "là-bas", "jusqu'à", "l'âme"),
    *("déjà", "brûlée", "pâle", "île", "Noël", "élève", "c'est", "señor", "über", "Öl", "façade", "crème", "hôtel"),
]

RECIPE = """
title = "Letters"
[ingest]
source = "file"
path = "{folder}/letters.csv"
[preprocess]
kind = "documents"
[columns]
name = { type = "text", role = "id" }
author = { type = "category", role = "label" }
text = { type = "text", role = "input" }
[model]
kind = "authorship"
chunking = "whole"
distance = "cosine_delta"
features = 200
"""


def write_texts(number: int, words: int = 150) -> list[str]:
    """Texts of the same words in a drawn order: the styles do not differ."""
    draw = np.random.default_rng(11)
    return [" ".join(draw.choice(WORDS, words)) for _ in range(number)]


def type_letters(texts: list[str]) -> list[str]:
    """The first half typed with composed letters and ', the second half without and with ’."""
    half = len(texts) // 2
    typed = [unicodedata.normalize("NFD", text).replace("'", "’") for text in texts[half:]]
    return [unicodedata.normalize("NFC", text) for text in texts[:half]] + typed


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, list[str]]:
    """A model of two authors whose texts differ in how letters were typed, and in nothing else."""
    project = Project(tmp_path_factory.mktemp("letters"))
    texts = [text.replace("’", "'") for text in type_letters(write_texts(20))]
    rows = [f'{index},{"Ann" if index < 10 else "Ben"},"{text}"' for index, text in enumerate(texts)]
    project.write("letters.csv", "\n".join(["name,author,text", *rows]) + "\n")
    recipe = project.recipe(RECIPE, "letters")
    for stage in ("ingest", "preprocess", "model"):
        assert project.run(stage, recipe).exit_code == 0
    return project, texts


def ask(project: Project, text: str) -> Any:
    return json.loads(project.ask("model", "ask", str(project.folder / "letters.toml"), "--json", content=text).output)


@pytest.mark.slow
def test_composed_and_decomposed_letters_do_not_tell_two_authors_apart(trained: tuple[Project, list[str]]) -> None:
    figures = json.loads(trained[0].text("output/letters/latest/metrics.json"))["trust"]
    assert figures["test"]["p"] > 0.05
    assert figures["balanced_accuracy"] < 0.9


@pytest.mark.slow
def test_the_processed_texts_are_in_the_normal_form_of_the_standard_library(
    trained: tuple[Project, list[str]],
) -> None:
    project, texts = trained
    expected = [unicodedata.normalize("NFC", text).lower() for text in texts]
    assert [row["text"] for row in project.rows("processed/letters")] == expected


@pytest.mark.slow
def test_a_known_text_is_at_no_distance_from_itself_however_it_is_typed(trained: tuple[Project, list[str]]) -> None:
    project, texts = trained
    typed = unicodedata.normalize("NFD", texts[3].upper()) + "\n\nhttps://example.org/?a=1 "
    answer = ask(project, typed)
    assert (answer["labels"][0]["label"], round(answer["labels"][0]["distance"], 9)) == ("Ann", 0)
    assert answer["text"]["chars"] == len(texts[3])


# In this process: what a recipe may say of spelling, and what the findings then say.


def train_here(folder: Path, texts: list[str], preprocess: str = "", model: str = "") -> tuple[Any, Any]:
    """Results, and the classifier with its contract, of texts prepared and learned in this process."""
    from model.parameters import parse_parameters
    from model.training.authorship.train import map_styles
    from preprocess.documents import prepare_documents
    from preprocess.parameters import parse_parameters as parse_section
    from relay.handoff.recipe import load_recipe
    from relay.handoff.schema import arrow_schema
    from relay.registry.model_file import read_model

    path = folder / "letters.toml"
    text = RECIPE.replace('kind = "documents"\n', f'kind = "documents"\n{preprocess}\n') + model
    path.write_text(text.replace("{folder}", str(folder)), encoding="utf-8")
    recipe = load_recipe(str(path))
    half = len(texts) // 2
    columns = {"name": [str(index) for index in range(len(texts))], "author": ["Ann"] * half + ["Ben"] * half}
    batch = pa.record_batch({**columns, "text": texts}, schema=arrow_schema(recipe.columns))
    (block,) = prepare_documents(iter([batch]), recipe.columns, parse_section(recipe))  # type: ignore[arg-type]
    results = map_styles(block.table, recipe, parse_parameters(recipe))
    assert results.contract is not None
    assert results.model is not None
    return results, (read_model(results.model, results.contract.files["model.skops"], "model"), results.contract)


def spelling_of(results: Any) -> list[str]:
    return [finding.text for finding in results.findings if finding.topic == "spelling"]


APOSTROPHES_DIFFER = "The apostrophe is written in 2 forms, which count as different characters"


@pytest.mark.parametrize(
    ("preprocess", "model", "says", "apart"),
    [
        ("", "", [APOSTROPHES_DIFFER], True),
        ('apostrophes = "fold"', "", ["All forms of the apostrophe were read as '"], False),
        ('apostrophes = "fold"\nnormal_form = "NFKC"', "", ["All forms of the apostrophe"], False),
        ('apostrophes = "fold"\nnormal_form = "keep"', "", ["All forms", "10 documents of 20 are not in"], True),
        ("", 'units = "words"\nngram = 1', [], False),
        ('normal_form = "keep"\ncase = "keep"', "", [APOSTROPHES_DIFFER, "10 documents of 20 are not in"], True),
    ],
)
def test_findings_name_the_spelling_and_a_pasted_text_is_prepared_like_the_known_ones(
    tmp_path: Path, preprocess: str, model: str, says: list[str], apart: bool
) -> None:
    from relay.registry.asking import ask_model

    texts = type_letters(write_texts(20))
    results, (classifier, contract) = train_here(tmp_path, texts, preprocess, model)
    said = spelling_of(results)
    assert [line.startswith(start) for line, start in zip(said, says, strict=True)] == [True] * len(says)
    assert (results.metrics["trust"]["balanced_accuracy"] >= 0.9) == apart
    for text in (texts[2], texts[15]):  # as they were written
        style = ask_model(classifier, text, contract.asking)
        assert round(float(style.distances.min()), 9) == 0


@pytest.mark.property
@settings(max_examples=200)
@given(text=st.text(), case=st.sampled_from(["lower", "keep"]), form=st.sampled_from(["NFC", "NFKC", "keep"]))
def test_preparing_twice_is_preparing_once_and_gives_the_normal_form(text: str, case: Any, form: Any) -> None:
    from relay.handoff.preparation import Preparation
    from relay.handoff.texts import APOSTROPHES, prepare_text

    preparation = Preparation(cleaning="none", case=case, normal_form=form, apostrophes="fold")
    once = prepare_text(text, preparation)
    assert prepare_text(once, preparation) == once
    assert not set(once) & set(APOSTROPHES)
    if form != "keep":
        assert unicodedata.is_normalized(form, once)


@pytest.mark.parametrize("key", ['normal_form = "NFC"', 'apostrophes = "fold"', 'case = "lower"'])
def test_what_the_notebooks_cleaning_cannot_do_is_refused(tmp_path: Path, key: str) -> None:
    from relay.handoff.errors import RecipeError

    with pytest.raises(RecipeError, match='has no effect with cleaning = "notebook"; remove one of the two'):
        train_here(tmp_path, write_texts(4), f'cleaning = "notebook"\n{key}')
