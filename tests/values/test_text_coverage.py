"""A model answers only texts that its features cover as they cover the texts that it knows; repetition is named."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkout import CHECKOUT, Project
from hypothesis import given, settings
from hypothesis import strategies as st

SHARED = [
    *("the", "of", "and", "to", "a", "in", "that", "is", "it", "was", "for", "on", "with", "as", "by", "at", "be"),
    *("this", "from", "or"),
]
OWN = {
    "Ann": ["sea", "calm", "light", "water", "glass", "shore", "wind", "sail", "tide", "moon"],
    "Ben": ["king", "crown", "war", "men", "quarrel", "law", "court", "throne", "oath", "sword"],
}

RECIPE = """
title = "Coverage"
[ingest]
source = "file"
path = "{folder}/papers.csv"
[preprocess]
kind = "documents"
[columns]
name = { type = "text", role = "id" }
author = { type = "category", role = "label", null = true }
text = { type = "text", role = "input" }
[model]
kind = "authorship"
chunking = "whole"
units = "words"
ngram = 1
distance = "cosine_delta"
features = 25
unknown = ["WHO"]
"""

SPANISH = [
    *("entonces", "aquella", "señora", "miraba", "largamente", "hacia", "las", "montañas", "lejanas", "mientras"),
    *("caía", "lluvia"),
]


def write_like(author: str, seed: int, words: int = 150) -> str:
    """Two words of all authors for one of the author's own."""
    draw = np.random.default_rng(seed)
    return " ".join(draw.choice([*SHARED, *OWN[author]], words))


ASKED = {
    "like the known ones": (write_like("Ann", 90), True),
    "Hebrew": ("בראשית ברא אלהים את השמים ואת הארץ והארץ היתה תהו ובהו " * 10, False),
    "Spanish": (" ".join(np.random.default_rng(4).choice(SPANISH, 150)), False),
    "Chinese": ("道可道，非常道。名可名，非常名。無名天地之始；有名萬物之母。" * 10, False),
    "a table of codes": (" ".join(f"x{number}y{number * 7}" for number in range(150)), False),
    "half known, half Spanish": (write_like("Ben", 91, 60) + " " + " ".join(SPANISH * 5), False),
}


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A model of two authors; two documents of unknown label, one of them Spanish."""
    project = Project(tmp_path_factory.mktemp("papers"))
    rows = [(f"{author}-{seed}", author, write_like(author, seed)) for author in OWN for seed in range(8)]
    rows += [("who-1", "WHO", write_like("Ben", 50)), ("who-2", "WHO", ASKED["Spanish"][0])]
    project.write("papers.csv", "\n".join(["name,author,text", *(",".join(row) for row in rows)]) + "\n")
    recipe = project.recipe(RECIPE, "papers")
    for stage in ("ingest", "preprocess", "model"):
        assert project.run(stage, recipe).exit_code == 0
    return project


def ask(project: Project, text: str, name: str = "papers") -> Any:
    return json.loads(project.ask("model", "ask", str(project.folder / f"{name}.toml"), "--json", content=text).output)


def test_a_text_in_another_language_gets_no_answer_from_the_command(papers: Project) -> None:
    error = ask(papers, ASKED["Hebrew"][0])["error"]
    assert error["kind"] == "usage"
    assert error["message"].startswith("this text cannot be compared: the 25 most frequent words of the known texts")


@pytest.mark.slow
def test_repetition_is_named(papers: Project) -> None:
    answer = ask(papers, "The sea was calm and the light of the moon was on the water. " * 90)
    assert answer["text"]["repetition"] > 0.9
    assert answer["warnings"][0].startswith("The text repeats itself: 99")


def test_an_unknown_document_that_cannot_be_compared_is_named_and_given_to_no_label(papers: Project) -> None:
    latest = "output/papers/latest"
    findings = json.loads(papers.text(f"{latest}/findings.json"))["findings"]
    said = [finding["text"] for finding in findings if finding["topic"] in ("coverage", "attribution")]
    assert said[1].startswith("1 document of unknown label cannot be compared, because the features cover too little")
    assert "who-2 (0" in said[1]
    assert said[2] == "1 document labelled WHO: nearest in style to Ben 1."


def learn(texts: list[str], labels: list[str], **parameters: Any) -> Any:
    from stylometry.attribution import AuthorshipClassifier

    return AuthorshipClassifier("word", 1, **({"features": 25} | parameters)).fit(texts, labels)


@pytest.mark.parametrize(("text", "is_answered"), ASKED.values(), ids=ASKED)
def test_only_texts_that_the_features_cover_are_answered(text: str, is_answered: bool) -> None:
    from stylometry.coverage import NotComparableError

    texts = [write_like(author, seed) for author in OWN for seed in range(8)]
    model = learn(texts, [author for author in OWN for _ in range(8)])
    lowest = model.find_lowest_coverage(texts)
    assert model.ask(text).coverage >= 0  # without a border every text is answered
    if is_answered:
        assert model.ask(text, lowest_coverage=lowest).coverage >= 0.8 * lowest
    else:
        with pytest.raises(NotComparableError, match="may be in another language, or of another kind"):
            model.ask(text, lowest_coverage=lowest)


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 100_000), features=st.sampled_from([1, 3, 10, 500]), culling=st.sampled_from([0.0, 0.3, 0.6])
)
def test_the_lowest_coverage_is_that_of_a_plain_search(seed: int, features: int, culling: float) -> None:
    """Each document is held against the most frequent words of the others, counted by the standard library."""
    from stylometry.chunks import keep_whole
    from stylometry.coverage import find_lowest_coverage
    from stylometry.words import count_words

    draw = np.random.default_rng(seed)
    vocabulary = [chr(97 + index) * 2 for index in range(12)]
    texts = [" ".join(draw.choice(vocabulary[: draw.integers(1, 13)], draw.integers(1, 15))) for _ in range(7)]
    documents = draw.integers(0, 4, 7)
    documents[:2] = [0, 1]
    expected = []
    for document in set(documents.tolist()):
        own = Counter(" ".join(text for text, of in zip(texts, documents, strict=True) if of == document).split())
        others = [text.split() for text, of in zip(texts, documents, strict=True) if of != document]
        totals = Counter(word for words in others for word in words)
        kept = [word for word in totals if sum(word in words for words in others) >= culling * len(others) - 1e-9]
        chosen = sorted(kept, key=lambda word: (-totals[word], word))[:features]
        expected.append(sum(own[word] for word in chosen) / own.total())
    counts = count_words(keep_whole(texts, [None] * 7))
    assert find_lowest_coverage(counts, documents, features=features, culling=culling) == min(expected)


def test_repetition_is_the_share_of_a_text_that_stood_in_it_before() -> None:
    from stylometry.shingles import measure_repetition

    once = write_like("Ann", 3, 400)
    assert measure_repetition(once) < 0.05
    assert measure_repetition(f"{once} {once}") == pytest.approx(0.5, abs=0.03)
    assert measure_repetition(" ".join([once] * 10)) == pytest.approx(0.9, abs=0.03)
    assert [measure_repetition(text) for text in ("", "short", "… …")] == [0, 0, 0]


# The real texts: only with the data.


def read_real(recipe: str, folder: Path) -> str:
    """A recipe that ships, reading the file instead of the address."""
    text = (CHECKOUT / f"recipes/{recipe}.toml").read_text(encoding="utf-8")
    return re.sub(r'^url = ".*"$', f'path = "{folder}/{recipe}.txt"', text.replace('"http"', '"file"'), flags=re.M)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["federalist", "docstrings"])
def test_five_hebrew_books_get_no_answer_from_an_english_model(project: Project, real_data: Path, recipe: str) -> None:
    path = project.recipe(read_real(recipe, real_data), "control")
    for stage in ("ingest", "preprocess", "model"):
        assert project.run(stage, path).exit_code == 0
    books = sorted((real_data / "tanakh").glob("*.txt"))[:5]
    assert len(books) == 5
    for book in books:
        answer = ask(project, book.read_text(encoding="utf-8")[:300_000], "control")
        assert "this text cannot be compared: the " in answer["error"]["message"]


@pytest.mark.real
@pytest.mark.slow
def test_no_essay_of_the_federalist_is_refused_by_a_model_of_the_others(project: Project, real_data: Path) -> None:
    path = project.recipe(read_real("federalist", real_data), "control")
    for stage in ("ingest", "preprocess"):
        assert project.run(stage, path).exit_code == 0
    essays = project.rows("processed/control")
    assert len(essays) == 85
    for left_out in essays:
        others = [essay for essay in essays if essay is not left_out and essay["author"] in ("HAMILTON", "MADISON")]
        texts = [essay["text"] for essay in others]
        model = learn(texts, [essay["author"] for essay in others], features=150)
        lowest = model.find_lowest_coverage(texts)
        assert model.ask(left_out["text"], lowest_coverage=lowest).coverage >= 0.8 * lowest
