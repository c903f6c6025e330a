"""A text is asked about: whom it is nearest to, how sure, and when there is no answer."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import commands
import numpy as np
import pytest
from projects import DOCUMENTS, LINEAR, WORDS, Project, document_columns, linear_columns

from model.ask.text import FEWEST_CHARS, read_text
from model.ask.text_answer import attribute_text
from model.ask.trained import Trained, load_trained
from relay.handoff.errors import DatasetDamagedError, DatasetMissingError, ModelError, RelayError, UsageError
from relay.handoff.recipe import load_recipe
from relay.results.text_attribution import MOST_BYTES, TextAttribution

ROOT = Path(__file__).resolve().parents[2]


def write_like(author: str, words: int = 200) -> str:
    """A text of an author's own few words, in an order of its own."""
    return " ".join(np.random.default_rng(99).choice(WORDS[author], words))


def find_trained(made: Project) -> Trained:
    return load_trained(made.data_dir, load_recipe(str(made.recipe)))


def ask(made: Project, text: str) -> TextAttribution:
    return attribute_text(find_trained(made), read_text(text.encode()), made.data_dir / ".state")


def run_command(made: Project, text: bytes, *more: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "model", "ask", str(made.recipe), "--data-dir", str(made.data_dir), *more]
    return commands.run(command, cwd=ROOT, env=dict(os.environ), input=text, capture_output=True, check=False)


@pytest.mark.parametrize("author", sorted(WORDS))
def test_a_text_is_nearest_to_its_own_author(trained_documents: Project, author: str) -> None:
    answer = ask(trained_documents, write_like(author))
    assert answer.labels[0].label == author
    assert answer.labels[0].probability > 0.9
    assert sum(one.probability for one in answer.labels) == pytest.approx(1.0)
    assert (answer.verdict.label, answer.verdict.verdict) == (author, "yes")


def test_a_text_of_words_that_none_of_them_uses_gets_no_answer(trained_documents: Project) -> None:
    strange = " ".join(np.random.default_rng(1).choice(["pojem", "hlava", "ruka", "dvojice", "smysl", "mluva"], 200))
    with pytest.raises(UsageError, match=r"this text cannot be compared: the [0-9,]+ most frequent"):
        ask(trained_documents, strange)


def test_it_stands_on_the_map_among_the_chunks_of_its_author(trained_documents: Project) -> None:
    place = ask(trained_documents, write_like("Cid")).map
    points, labels = np.array(place.points), np.array(place.labels)
    middles = {label: points[labels == label].mean(axis=0) for label in WORDS}
    gaps = {label: float(np.linalg.norm(middle - [place.x, place.y])) for label, middle in middles.items()}
    assert min(gaps, key=gaps.__getitem__) == "Cid"
    assert 0 < place.explained_variance[1] <= place.explained_variance[0] < 1


def test_a_result_with_the_old_words_for_its_parameters_gives_the_same_notes(trained_documents: Project) -> None:
    def note(**parameters: str) -> TextAttribution:
        trained = find_trained(trained_documents)
        receipt = trained.receipt
        key = receipt.key.model_copy(update={"parameters": receipt.key.parameters | parameters})
        asking = trained.asking.model_copy(update={"chunk_chars": 0})
        whole = replace(trained, receipt=receipt.model_copy(update={"key": key}), asking=asking)
        return attribute_text(whole, read_text(write_like("Ann").encode()), trained_documents.data_dir / ".state")

    new = note(distance="count_manhattan", caveat="One subject.")
    assert (new.notes[-1], "counts of whole documents" in new.warnings[-1]) == ("One subject.", True)
    assert note(distance="manhattan", caution="One subject.") == new


def test_links_and_line_breaks_change_nothing(trained_documents: Project) -> None:
    text = write_like("Ann")
    with_links = text.replace(" calm ", "\n\n https://example.org/sea?x=1 calm \t", 1)
    assert ask(trained_documents, with_links) == ask(trained_documents, text)


def test_a_long_text_is_cut_like_the_known_ones_and_a_short_one_warned_of(trained_documents: Project) -> None:
    answer = ask(trained_documents, write_like("Ben"))
    assert (answer.text.chunks, answer.text.chunk_chars) == (answer.text.chars // 300, 300)
    assert answer.text.words == 200
    assert answer.warnings[0].startswith("The text has 200 words. Attribution is unreliable below about 2,500")
    assert ask(trained_documents, write_like("Ben", 2_600)).warnings == ()


def test_counts_are_not_compared_with_those_of_a_shorter_text(trained_documents: Project) -> None:
    with pytest.raises(UsageError, match=r"too short: found 200 characters, expected at least 300\. The recipe"):
        ask(trained_documents, write_like("Ben")[:200])


def test_frequencies_are_with_a_warning(project: Any) -> None:
    made = project(DOCUMENTS + 'distance = "cosine_delta"\nfeatures = 60\n', document_columns())
    assert made.run() == 0
    answer = ask(made, write_like("Ben")[:200])
    assert (answer.labels[0].label, answer.text.chunk_chars) == ("Ben", 0)
    assert "shorter than the chunks that the model knows (300 characters)" in answer.warnings[1]


def test_the_second_question_finds_the_borders_of_the_first(
    trained_documents: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(trained_documents, write_like("Ann"))
    monkeypatch.setattr("model.ask.text_answer.AuthorshipClassifier.tune_borders", lambda *_: 1 / 0)
    assert ask(trained_documents, write_like("Ann")) == first
    kept = trained_documents.data_dir / ".state" / f"borders-{trained_documents.recipe.stem}.json"
    record = json.loads(kept.read_bytes())
    kept.write_text(json.dumps({**record, "made_by": {**record["made_by"], "model": "another"}}), encoding="utf-8")
    with pytest.raises(ZeroDivisionError):
        ask(trained_documents, write_like("Ann"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "there is no text"),
        (b" \n https://example.org/only-a-link \n", "there is no text"),
        (b"x" * (FEWEST_CHARS - 1), "too short: found 99 characters, expected at least 100"),
        (b"\xff\xfe" + b"x" * 200, r"not UTF-8 \(byte 0\)"),
        (b"x" * (MOST_BYTES + 1), "too long: expected at most 1,000,000 bytes"),
    ],
)
def test_a_text_that_cannot_be_asked_about_is_refused_in_words(content: bytes, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_text(content)


def test_a_text_of_signs_alone_is_refused_in_words(project: Any) -> None:
    made = project(DOCUMENTS + 'units = "words"\nngram = 1\ndistance = "cosine"\n', document_columns())
    assert made.run() == 0
    with pytest.raises(UsageError, match="cannot be compared"):
        ask(made, "+-*/ " * 100)


def test_a_recipe_of_another_kind_and_one_without_a_model_are_told_apart(project: Any) -> None:
    with pytest.raises(UsageError, match='has kind = "estimator"'):
        find_trained(project(LINEAR, linear_columns(), "line"))
    made = project(DOCUMENTS, document_columns())
    with pytest.raises(DatasetMissingError, match=r"nothing was trained yet\. Run `python -m model case`"):
        find_trained(made)
    assert made.run("--set", 'model.unknown=["Ann","Ben"]') == 0
    with pytest.raises(ModelError, match="holds no model"):
        find_trained(made)


@pytest.mark.parametrize("name", ["model.skops", "metrics.json", "receipt.json"])
def test_a_damaged_file_is_named_and_nothing_in_it_is_loaded(
    trained_documents: Project, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Callable[..., Any]] = []
    monkeypatch.setattr("model.ask.text_answer.read_model", loaded.append)
    path = trained_documents.latest / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetDamagedError, match=name):
        ask(trained_documents, write_like("Ann"))
    path.unlink()
    with pytest.raises(RelayError, match=f"{name} is gone"):
        ask(trained_documents, write_like("Ann"))
    assert loaded == []


@pytest.mark.slow
def test_the_command_answers_people_and_programs(trained_documents: Project) -> None:
    text = write_like("Ann").encode()
    done = run_command(trained_documents, text)
    lines = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert lines[0].startswith("documents: ")
    assert lines[2].split() == ["label", "distance", "probability"]
    assert lines[3].split()[0] == "Ann"
    assert any(line.startswith("Imposters: yes.") for line in lines)
    answer = json.loads(run_command(trained_documents, text, "--json").stdout)
    assert answer["labels"][0]["label"] == "Ann"
    assert answer["model_sha256"] == trained_documents.receipt().files["model.skops"]


def test_a_refusal_is_one_line_or_one_object_and_an_exit_code(trained_documents: Project) -> None:
    done = run_command(trained_documents, b"hello")
    assert (done.returncode, done.stdout) == (2, b"")
    assert "the text is too short: found 5 characters" in done.stderr.decode().splitlines()[-1]
    done = run_command(trained_documents, b"hello", "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["kind"], error["next"]) == (2, "usage", "Give more")
    assert error["message"].startswith("the text is too short: found 5 characters")
