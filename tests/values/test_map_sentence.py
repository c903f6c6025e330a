"""The sentence below a map: the permutation test decides it, and it says when the map looks better than that."""

import json
from typing import Any

import numpy as np
import pytest
from checkout import Project
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import StandardScaler
from styles import SOURCES


def find_nearest(distances: Any) -> Any:
    """Index of the nearest other row (rows,)."""
    return (distances + np.diag([np.inf] * len(distances))).argmin(axis=1)


def measure_by_hand(project: Project, name: str) -> dict[str, float]:
    """Agreement of nearest texts by Cosine Delta and on the map, and p over 5,000 permutations of the labels."""
    rows = [row for row in SOURCES[name][0] if row["author"] != "WHO"]
    labels = np.array([row["author"] for row in rows])
    counts = CountVectorizer().fit_transform(row["text"] for row in SOURCES[name][0]).toarray()
    scores = StandardScaler().fit_transform(counts / counts.sum(axis=1, keepdims=True))[: len(rows)]
    nearest = find_nearest(pairwise_distances(scores, metric="cosine"))
    points = [(row["x"], row["y"]) for row in project.rows(f"output/{name}/latest/chunks")][: len(rows)]
    agreement = np.mean(labels == labels[nearest])
    draw, beyond = np.random.default_rng(0), 0
    for _ in range(5_000):
        permuted = draw.permutation(labels)
        beyond += np.mean(permuted == permuted[nearest]) >= agreement - 1e-12
    on_map = np.mean(labels == labels[find_nearest(pairwise_distances(points))])
    return {"accuracy": float(agreement), "map_accuracy": float(on_map), "p": beyond / 5_000}


def read_sentence(project: Project, name: str) -> str:
    lines = project.text(f"output/{name}/latest/findings.md").splitlines()
    return next(line for line in lines if " lie nearest to a chunk of the same label" in line)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "verdict", "on_map"),
    [
        ("chance", "This may be chance (permutation test: ", "The map looks more separated than the distances are."),
        ("clear", "The distances tell the labels apart (permutation test: ", "The map reflects the distances."),
    ],
)
def test_figures_and_verdict_are_those_by_hand(styles: Project, name: str, verdict: str, on_map: str) -> None:
    found = measure_by_hand(styles, name)
    trust = json.loads(styles.text(f"output/{name}/latest/metrics.json"))["trust"]
    assert {key: trust[key] for key in ("accuracy", "map_accuracy")} == {
        key: pytest.approx(found[key]) for key in ("accuracy", "map_accuracy")
    }
    assert trust["test"]["p"] == pytest.approx(found["p"], abs=0.04)
    sentence = read_sentence(styles, name)
    assert verdict in sentence
    assert (found["p"] < 0.05) == ("tell the labels apart" in sentence)
    assert sentence.endswith(on_map)
    assert f"{100 * found['accuracy']:.0f} % lie nearest" in sentence


def test_periods_of_one_length_have_too_few_arrangements_for_a_verdict(styles: Project) -> None:
    sentence = read_sentence(styles, "odd")
    # 36 texts in 12 periods of 3: moved by 3, 6, 9 … they are the same periods, so at least 12 of 36 moves do as well.
    assert "too few different arrangements (shift test: " in sentence
    assert "the lowest possible p is 0.333)" in sentence


def judge(distances: Any, points: Any, labels: list[str | None]) -> str:
    """The sentence for documents of one chunk each."""
    from model.style_parameters import AuthorshipParameters
    from model.training.authorship.evidence import gather_evidence
    from model.training.authorship.trust import judge as judge_map
    from model.training.authorship.trust import say_trust
    from stylometry.chunks import keep_whole

    chunks = keep_whole(["text"] * len(labels), labels)
    parameters = AuthorshipParameters(kind="authorship", unknown=[], candidates=[])
    trust = judge_map(chunks, distances, points, window=0)
    evidence = None
    if trust is not None:
        words = np.full(len(labels), 9_999)
        evidence = gather_evidence(chunks, distances, words, parameters=parameters, seed=1)
    return say_trust(chunks, trust, evidence, parameters)[0].text


SPREAD = np.linspace(0, 1, 12)[:, np.newaxis]
APART = np.where(np.arange(12)[:, np.newaxis] < 6, SPREAD, 9 + SPREAD)
MIXED = np.random.default_rng(3).permutation(SPREAD)
TWO = ["A"] * 6 + ["B"] * 6


@pytest.mark.parametrize(
    ("places", "points", "labels", "said"),
    [
        (APART, APART, TWO, ("tell the labels apart", "reflects")),
        (APART, MIXED, TWO, ("tell the labels apart", "looks less separated")),
        (MIXED, APART, TWO, ("may be chance", "looks more separated")),
        (APART, APART, ["A"] * 12, ("only one label, so there is nothing to compare", "reflects")),
        (APART[4:8], APART[4:8], ["A", "A", "B", "B"], ("too few different arrangements", "reflects")),
        (APART, APART, [None] * 11 + ["A"], ("The map was not evaluated",)),
    ],
)
def test_the_verdict_goes_by_the_test_and_by_the_map(
    places: Any, points: Any, labels: list[str | None], said: tuple[str, ...]
) -> None:
    flat = np.column_stack([points, np.zeros(len(points))])
    sentence = judge(pairwise_distances(places), flat, labels)
    assert [part for part in said if part not in sentence] == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(6, 20), st.integers(2, 3), st.sampled_from([0.0, 1.0, 4.0]))
def test_no_sentence_claims_more_than_test_and_map_show(seed: int, texts: int, labels: int, apart: float) -> None:
    draw = np.random.default_rng(seed)
    names = [*"ABC"[:labels], *draw.choice(list("ABC"[:labels]), texts - labels)]
    places = draw.normal(size=(texts, 5)) + apart * np.array([[ord(name) - 65.0] for name in names])
    points = draw.normal(size=(texts, 2)) if seed % 2 else places[:, :2]
    sentence = judge(pairwise_distances(places), points, names)
    given_labels = np.array(names)
    own, drawn = (
        int((given_labels == given_labels[find_nearest(pairwise_distances(where))]).sum()) for where in (places, points)
    )
    if "looks more" in sentence:
        assert drawn - own >= max(2, 0.05 * texts)
    elif "looks less" in sentence:
        assert own - drawn >= max(2, 0.05 * texts)
    else:
        assert abs(own - drawn) < max(2, 0.05 * texts)
    p = float(sentence.split("p = ")[1].split(")")[0].split(";")[0])
    assert ("tell the labels apart" in sentence) == (p < 0.05)
