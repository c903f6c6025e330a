"""One label against another by Zeta, as a recipe asks for it."""

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from projects import DOCUMENTS, WORDS, document_columns, make_project

from model.style_parameters import OpposeSection
from model.training.authorship.oppose import PRIMARY, SECONDARY, find_zetas
from model.training.plots.style import render
from model.training.result import Results
from relay.handoff.errors import ModelError, RecipeError
from relay.results.findings import Topic
from relay.results.signs import choose_signs
from stylometry.chunks import keep_whole
from stylometry.words import count_words

ASKED = 'chunk_chars = 300\n[model.oppose]\nprimary = "Ann"\nsecondary = "Ben"'
RECIPE = DOCUMENTS.replace("chunk_chars = 300", ASKED)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return make_project(tmp_path_factory.mktemp("oppose"), RECIPE, document_columns()).train()


def test_both_scores_come_out_as_by_hand() -> None:
    # In chunks of one side: a 2, b 1 of 2; of the other: b 2, c 2, a 1 of 3; d occurs once only.
    texts = ["a a", "a b", "b c", "b c a", "d d", "c d"]
    sides = [PRIMARY, PRIMARY, SECONDARY, SECONDARY, None, SECONDARY]
    counts = count_words(keep_whole(texts, sides))
    found = find_zetas(counts, sides, OpposeSection(primary="one", secondary="other", least=0.5, rare=2))
    assert found.words == ["a", "b", "c"]
    assert found.craig.tolist() == pytest.approx([1 + 1 - 1 / 3, 1 / 2 + 1 - 2 / 3, 0])
    assert found.eder[:2].tolist() == pytest.approx([(1 - 1 / 3) / (1 + 1 / 3), (1 / 2 - 2 / 3) / (1 / 2 + 2 / 3)])
    assert np.isnan(found.eder[2])
    assert ([found.words[index] for index in found.preferred()], found.avoided()) == (["a"], [2])
    assert found.markers.tolist() == [[1, 0], [0.5, 0], [0, 0.5], [1 / 3, 1 / 3], [0, 0], [0, 0.5]]


def test_the_markers_of_each_side_are_its_own_words(results: Results) -> None:
    rows = results.tables["zeta"].to_pylist()
    assert {row["word"] for row in rows if row["craig_zeta"] > 1.1} <= set(WORDS["Ann"])
    assert {row["word"] for row in rows if row["craig_zeta"] < 0.9} <= set(WORDS["Ben"])
    chunks = results.tables["markers"].to_pylist()
    for row in chunks:
        assert (row["preferred"] > 0.5, row["avoided"] > 0.5) == (row["label"] == "Ann", row["label"] == "Ben")


def test_the_finding_holds_the_words_that_it_names(results: Results) -> None:
    said, *_ = (finding for finding in results.findings if finding.topic == Topic.OPPOSE)
    assert said.figures["primary"] == "Ann"
    assert all(word in said.text for word in said.figures["preferred"] + said.figures["avoided"])


def test_the_bars_have_the_colours_of_the_labels(results: Results) -> None:
    (picture,) = (picture for picture in results.pictures if picture.name == "oppose")
    with Image.open(io.BytesIO(render(picture)["oppose.png"])) as drawn:
        assert len(drawn.convert("RGB").getcolors(1 << 24) or []) > 50
    bars = picture.figure.axes[1].patches
    expected = [sign.colour for sign in choose_signs(["Ann", "Ben", "Cid"]).of(["Ann", "Ben"])]
    assert list(dict.fromkeys(to_hex(bar.get_facecolor()).upper() for bar in bars)) == expected


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (('"Ann"', '"An"'), ModelError, r'no chunk of known label "An" \(did you mean "Ann"\?\)'),
        (('"Ben"', '"Ann"'), RecipeError, "cannot be held against itself"),
    ],
)
def test_labels_that_cannot_be_opposed_are_refused(
    tmp_path: Any, change: tuple[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        make_project(tmp_path, RECIPE.replace(*change), document_columns()).train()


def test_where_every_word_stands_everywhere_it_is_said_and_not_listed(tmp_path: Any) -> None:
    columns = document_columns()
    columns["text"] = [" ".join(WORDS["Ann"] * 20)] * len(columns["text"])
    results = make_project(tmp_path, RECIPE.replace(ASKED, ASKED + "\nrare = 1"), columns).train()
    said = next(finding for finding in results.findings if finding.topic == Topic.OPPOSE)
    assert "cut shorter chunks" in said.text
    assert said.figures["preferred"] == said.figures["avoided"] == []


def test_without_a_second_label_all_others_stand_against_the_first(tmp_path: Any) -> None:
    recipe = RECIPE.replace('\nsecondary = "Ben"', "")
    rows = make_project(tmp_path, recipe, document_columns()).train().tables["zeta"].to_pylist()
    avoided = {row["word"] for row in rows if row["craig_zeta"] < 0.9}
    assert avoided.isdisjoint(WORDS["Ann"])
    assert avoided >= {*WORDS["Ben"], *WORDS["Cid"]}
