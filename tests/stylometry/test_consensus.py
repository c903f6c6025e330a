"""A tree of what most trees agree on, and the file that other programs read it from."""

import re
from typing import Any

import numpy as np
import pytest

from stylometry.chunks import keep_whole
from stylometry.consensus import (
    Group,
    build_consensus,
    find_groups,
    list_groups,
    order_leaves,
    quote_newick,
    try_choices,
    write_newick,
)
from stylometry.delta import DISTANCES, measure
from stylometry.errors import StylometryError
from stylometry.words import count_words

AB, CD, ABC, AC = 0b00011, 0b01100, 0b00111, 0b00101


TOKENS = re.compile(r"'(?:[^']|'')*'|[(),;]|[^()\[\]:;,'\s]+")


def read_newick(text: str) -> list[Any]:
    """A branch is [its branches, its name], a leaf its name; fails on what Newick does not allow."""
    tokens = TOKENS.findall(text)
    assert "".join(tokens) == text
    assert tokens.pop() == ";"

    def read_name() -> str:
        if not tokens or tokens[0] in "(),":
            return ""
        token = tokens.pop(0)
        return token[1:-1].replace("''", "'") if token[0] == "'" else token.replace("_", " ")

    def read_branch() -> Any:
        if tokens[0] != "(":
            return read_name()
        branches = []
        while tokens.pop(0) in ("(", ","):
            branches.append(read_branch())
        return [branches, read_name()]

    found = read_branch()
    assert not tokens
    return found


def test_groups_of_more_than_half_of_the_trees_are_kept_with_their_share() -> None:
    root = build_consensus([[AB, ABC], [AB, ABC], [AC, ABC], [AB, CD]], texts=5)
    assert [(group.members, group.share) for group in list_groups(root)] == [((0, 1, 2), 0.75), ((0, 1), 0.75)]
    assert root.leaves == (3, 4)
    assert root.children[0].leaves == (2,)


def test_half_of_the_trees_is_no_majority_and_all_of_them_always_is() -> None:
    trees = [[AB], [AC]]
    assert list_groups(build_consensus(trees, texts=5)) == []
    assert [group.share for group in list_groups(build_consensus([[AB], [AB]], texts=5, least=1.0))] == [1.0]


@pytest.mark.parametrize(("trees", "least"), [([], 0.5), ([[AB]], 0.4), ([[AB]], 1.1)])
def test_what_makes_no_consensus_is_refused(trees: list[list[int]], least: float) -> None:
    with pytest.raises(StylometryError, match=r"expected a tree and 0\.5 to 1"):
        build_consensus(trees, texts=5, least=least)


def test_the_groups_of_a_tree_are_its_joins_below_the_root() -> None:
    places = np.array([0.0, 1.0, 10.0, 12.0])
    assert find_groups(np.abs(np.subtract.outer(places, places))) == [0b0011, 0b1100]


def test_of_trees_that_agree_the_consensus_is_the_tree() -> None:
    places = np.array([0.0, 1.0, 10.0, 12.0, 40.0])
    trees = [find_groups(np.abs(np.subtract.outer(places, places)) * scale) for scale in (1.0, 2.0, 3.0)]
    root = build_consensus(trees, texts=5)
    assert write_newick(root, list("ABCDE")) == "(((A,B)100,(C,D)100)100,E);"
    assert order_leaves(root) == [0, 1, 2, 3, 4]


def test_random_trees_make_one_tree_in_which_every_text_stands_once() -> None:
    draw = np.random.default_rng(0)
    spots = draw.normal(size=(40, 3)) * [3, 1, 1]
    trees = []
    for _ in range(30):
        moved = spots + draw.normal(size=spots.shape) * 0.2
        trees.append(find_groups(np.linalg.norm(moved[:, np.newaxis] - moved, axis=2)))
    root = build_consensus(trees, texts=40)
    assert sorted(order_leaves(root)) == list(range(40))
    assert 5 < len(list_groups(root)) < 38
    assert all(0.5 < group.share <= 1 for group in list_groups(root))


@pytest.mark.parametrize("distance", sorted(DISTANCES))
def test_each_choice_gives_the_distances_of_that_choice(distance: str) -> None:
    draw = np.random.default_rng(1)
    counts = count_words(keep_whole([" ".join(draw.choice(list("abcdefghij"), 30)) for _ in range(5)], [None] * 5))
    choices = list(try_choices(counts, distance, [4, 7, 100], [0.0, 1.0]))
    assert [choice.features for choice in choices if choice.culling == 0.0] == [4, 7, 10]
    for choice in choices:
        expected = measure(counts, distance, features=choice.features, culling=choice.culling)
        assert np.allclose(choice.distances, expected, rtol=0, atol=1e-12)


def test_a_culling_that_leaves_no_word_gives_no_tree_unless_all_do() -> None:
    counts = count_words(keep_whole(["a b", "a c", "d e", "f g"], [None] * 4))
    assert [(one.features, one.culling) for one in try_choices(counts, "cosine", [2], [0.0, 0.5, 0.75])] == [
        (2, 0.0),
        (1, 0.5),
    ]
    with pytest.raises(StylometryError, match="no n-gram is left"):
        list(try_choices(counts, "cosine", [2], [0.75]))
    with pytest.raises(StylometryError, match="culling is a share"):
        list(try_choices(counts, "cosine", [2], [0.0, 1.5]))


NAMES = ["plain", "HAMILTON No. 1", "it's", "a_b", "(x),[y]:z;", "ברא שית", "", "two\nlines", "''"]


def test_any_name_comes_back_from_newick() -> None:
    root = Group((0, 1), 1.0, (), tuple(range(len(NAMES))))
    names, label = read_newick(write_newick(root, NAMES))
    assert names == ["plain", "HAMILTON No. 1", "it's", "a_b", "(x),[y]:z;", "ברא שית", "", "two lines", "''"]
    assert label == ""


@pytest.mark.parametrize(("name", "written"), [("A-1.b", "A-1.b"), ("A 1", "'A 1'"), ("O'Neill", "'O''Neill'")])
def test_names_are_quoted_where_they_must_be(name: str, written: str) -> None:
    assert quote_newick(name) == written


def test_branches_of_newick_bear_their_share_in_per_cent() -> None:
    root = build_consensus([[AB, ABC], [AB, ABC], [AC, ABC]], texts=4)
    assert read_newick(write_newick(root, list("ABCD"))) == [[[[[["A", "B"], "67"], "C"], "100"], "D"], ""]


def test_groups_may_lie_inside_each_other_as_deep_as_there_are_texts() -> None:
    chain = [(1 << size) - 1 for size in range(2, 300)]
    root = build_consensus([chain], texts=300)
    assert len(list_groups(root)) == 298
    assert order_leaves(root) == list(range(300))
    assert write_newick(root, [f"t{text}" for text in range(300)]).startswith("(" * 299 + "t0,t1)100,t2)100")


def test_copies_of_one_text_make_no_groups_within_each_other() -> None:
    """They could be joined in any order: eight equal texts had six groups, each in all trees."""
    assert find_groups(np.zeros((8, 8))) == []
    distances = np.ones((6, 6))
    distances[:3, :3] = distances[3:, 3:] = 0
    assert sorted(find_groups(distances)) == [0b000111, 0b111000]


def test_equal_texts_that_differ_by_rounding_make_no_groups_either() -> None:
    distances = np.ones((6, 6))
    distances[:4, :4] = np.random.default_rng(0).random((4, 4)) * 1e-15
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0)
    assert 0b001111 in find_groups(distances)
    assert not {group for group in find_groups(distances) if group & 0b001111 not in (0, 0b001111)}
