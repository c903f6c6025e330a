"""What the pictures of a map of styles are drawn from."""

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from projects import DOCUMENTS, WORDS, document_columns

from model.training.authorship.keywords import Preference, find_preferences
from model.training.plots.neighbours import sort_chunks
from model.training.plots.style import render
from model.training.plots.time import find_runs, measure_before, smooth
from model.training.plots.tree import MOST_NAMED, draw_tree, name_joins
from model.training.plots.words import choose_words
from relay.results.signs import COLOURS, choose_signs, shorten_label
from stylometry.chunks import keep_whole
from stylometry.tree import grow_tree
from stylometry.words import count_words

LINE = np.abs(np.subtract.outer([0.0, 1.0, 5.0, 7.0], [0.0, 1.0, 5.0, 7.0]))


def test_a_join_has_a_label_only_if_all_below_it_share_it() -> None:
    # 0 and 1 are joined first, then 5 and 7, then all.
    assert name_joins(grow_tree(LINE), ["A", "A", "A", "B"]) == ["A", None, None]
    assert name_joins(grow_tree(LINE), ["A", "A", "A", "A"]) == ["A", "A", "A"]


@pytest.mark.parametrize(("leaves", "named"), [(MOST_NAMED, True), (MOST_NAMED + 1, False)])
def test_leaves_are_named_while_their_names_can_be_read(leaves: int, named: bool) -> None:
    places = np.arange(float(leaves))
    labels = ["A" if place < 20 else "B" for place in range(leaves)]
    tree = grow_tree(np.abs(places[:, np.newaxis] - places))
    figure = draw_tree(
        tree, [f"leaf {place}" for place in range(leaves)], labels, choose_signs(labels), title="Leaves"
    ).figure
    texts = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert texts == ([f"leaf {leaf}" for leaf in tree.leaves] if named else [])
    marked = {to_hex(colour).upper() for one in figure.axes[0].collections[1:] for colour in one.get_facecolors()[:1]}
    assert marked == set(COLOURS[:2])


def test_long_names_keep_both_ends() -> None:
    assert shorten_label("short", 28) == "short"
    assert shorten_label("sqlalchemy.dialects.postgresql.base (12)", 28) == "sqlalchemy.di…sql.base (12)"


def test_chunks_are_sorted_by_label_and_within_it_by_the_tree() -> None:
    assert sort_chunks(["B", "A", "B", "A"], ["A", "B"], np.array([2, 3, 0, 1])).tolist() == [3, 1, 2, 0]


def test_a_chunk_is_compared_with_those_before_it_only() -> None:
    before = measure_before(LINE, 2)
    assert np.isnan(before[:2]).all()
    assert before[2:].tolist() == [4.5, 4.0]  # 5 to 0 and 1; 7 to 1 and 5
    assert smooth(before, 2)[3] == 4.25
    assert np.isnan(smooth(before, 2)[:3]).all()


def test_runs_of_equal_labels_are_periods() -> None:
    assert find_runs(["A", "A", "B", "A"]) == [(0, 2), (2, 3), (3, 4)]


def test_a_label_prefers_its_own_words() -> None:
    texts = ["whilst whilst on the", "upon upon upon the", "upon the the the"]
    chunks = keep_whole(texts, ["M", "H", "H"])
    found = find_preferences(count_words(chunks), chunks)
    first = found["M"][0]
    assert (first.word, first.per_10_000, first.per_10_000_of_rest) == ("whilst", 5_000.0, 0.0)
    assert found["H"][0].word == "upon"
    assert found["H"][0].per_10_000 == 5_000.0
    assert [one.word for one in found["H"]] == ["upon", "the"]


def test_words_that_differ_in_hebrew_accents_only_are_drawn_once() -> None:
    accented, other, plain = (Preference(word, z, 1.0, 0.0) for word, z in (("אֶ֥ת", 3.0), ("כֹּל", 2.0), ("אֶת", 1.0)))
    assert choose_words([accented, other, plain]) == [("את", accented), ("כל", other)]


def test_the_table_of_words_holds_each_labels_own(project: Any) -> None:
    rows = project(DOCUMENTS, document_columns()).train().tables["words"].to_pylist()
    strongest = {label: [row["word"] for row in rows if row["label"] == label][:3] for label in WORDS}
    assert all(set(words) <= set(WORDS[label]) for label, words in strongest.items())


def test_every_picture_can_be_drawn_and_is_not_empty(project: Any) -> None:
    recipe = DOCUMENTS.replace("chunk_chars = 300", 'chunk_chars = 300\norder = "time"')
    for picture in project(recipe, document_columns()).train().pictures:
        with Image.open(io.BytesIO(render(picture)[f"{picture.name}.png"])) as drawn:
            colours = drawn.convert("RGB").getcolors(1 << 24) or []
        assert len(colours) > 50, picture.name
