"""Lists of words in a recipe: read beside it, in the key, and kept out of every feature."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from projects import DOCUMENTS, Project, document_columns

from model.__main__ import STAGE
from model.style_parameters import AuthorshipParameters
from model.training.authorship.word_lists import hash_lists, read_lists
from relay.handoff.errors import RecipeError
from relay.handoff.recipe import load_recipe

MakeProject = Callable[..., Project]

WORDS = DOCUMENTS.replace("chunk_chars = 300", 'chunk_chars = 300\nunits = "words"\nngram = 1\nprojection = "pcoa"')
EUCLIDEAN = WORDS + 'distance = "euclidean"\n'


def list_features(results: Any) -> list[str]:
    """The features that the map was made of: those of its axes."""
    return [row["ngram"] for row in results.tables["loadings"].to_pylist()]


def test_words_that_are_left_out_or_skipped_are_no_features(project: MakeProject) -> None:
    before = list_features(project(EUCLIDEAN, document_columns()).train())
    recipe = EUCLIDEAN + f'without = ["{before[3]}"]\nstart_at = 3\n'
    after = list_features(project(recipe, document_columns()).train())
    assert after == [word for word in before if word not in (before[0], before[1], before[3])]


def test_a_list_beside_the_recipe_says_what_is_compared(project: MakeProject) -> None:
    before = list_features(project(EUCLIDEAN, document_columns()).train())
    made = project(EUCLIDEAN + 'feature_list = "words.txt"\n', document_columns())
    (made.recipe.parent / "words.txt").write_text(f"# chosen by hand\n{before[2].upper()}\n{before[5]}\nnever\n")
    assert set(list_features(made.train())) == {before[2], before[5]}


@pytest.mark.slow
def test_a_changed_list_trains_again(project: MakeProject) -> None:
    made = project(EUCLIDEAN + 'without = ["names.txt"]\n', document_columns())
    names = made.recipe.parent / "names.txt"
    names.write_text("river\n")
    assert made.run() == 0
    first = made.receipt().key
    assert "names.txt" in first.inputs
    names.write_text("# a comment more\nriver\n")
    assert made.run() == 0
    assert made.receipt().key.inputs["names.txt"] != first.inputs["names.txt"]


def write(folder: Path, lines: str) -> Any:
    (folder / "made.toml").write_text(WORDS + lines)
    return load_recipe(str(folder / "made.toml"))


def test_the_digest_of_a_list_is_that_of_its_bytes(tmp_path: Path) -> None:
    recipe = write(tmp_path, 'without = ["a.txt", "the"]\nfeature_list = "b.txt"\n')
    parameters = STAGE.parse(recipe)
    assert isinstance(parameters, AuthorshipParameters)
    (tmp_path / "a.txt").write_text("Upon\n")
    with pytest.raises(RecipeError, match=r"b\.txt is not there; expected a file beside the recipe"):
        hash_lists(recipe, parameters)
    (tmp_path / "b.txt").write_text("upon\n\nwhilst\n")
    before = hash_lists(recipe, parameters)
    assert list(before) == ["a.txt", "b.txt"]
    chosen = read_lists(recipe, parameters).chosen
    assert (chosen.without, chosen.only) == (("upon", "the"), ("upon", "whilst"))
    (tmp_path / "a.txt").write_text("Upon\nmy\n")
    after = hash_lists(recipe, parameters)
    assert after["a.txt"] != before["a.txt"]
    assert after["b.txt"] == before["b.txt"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('without = ["../a.txt"]\n', "is no file beside the recipe"),
        ('feature_list = "words"\n', "is no text file"),
        ("start_at = 0\n", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        STAGE.parse(write(tmp_path, lines))


def test_characters_have_no_words_to_leave_out() -> None:
    with pytest.raises(ValueError, match="without leaves out words"):
        AuthorshipParameters(kind="authorship", without=["the"], unknown=[], candidates=[])


def test_an_unknown_list_an_empty_one_and_other_bytes_are_refused(tmp_path: Path) -> None:
    for name, content in (("empty.txt", b"# nothing\n"), ("latin.txt", b"\xe9t\xe9\n")):
        (tmp_path / name).write_bytes(content)
    for lines, said in (
        ('without = ["pronouns.xx"]\n', "no such list of words"),
        ('without = ["empty.txt"]\n', "holds no word"),
        ('feature_list = "latin.txt"\n', "is not UTF-8"),
    ):
        recipe = write(tmp_path, lines)
        with pytest.raises(RecipeError, match=said):
            read_lists(recipe, STAGE.parse(recipe))
