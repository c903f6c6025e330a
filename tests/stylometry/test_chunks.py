import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylometry.chunks import Chunks, cut_joined, cut_within, keep_whole
from stylometry.errors import StylometryError

TEXTS = ["abcdefgh", "xy", "אבגדה"]
LABELS = ["anna", "ben", "chaim"]


def test_a_document_is_cut_into_whole_chunks_and_never_across_its_border() -> None:
    chunks = cut_within(TEXTS, LABELS, 3)
    assert chunks.texts() == ["abc", "def", "אבג"]
    assert chunks.first_document.tolist() == chunks.last_document.tolist() == [0, 0, 2]
    assert chunks.labels == ("anna", "anna", "chaim")
    assert chunks.offsets.tolist() == [0, 3, 6, 12]


def test_what_cutting_leaves_out_is_counted() -> None:
    chunks = cut_within(TEXTS, LABELS, 3)
    assert (chunks.remainder_chars, chunks.short_documents, chunks.short_chars) == (4, 1, 2)


def test_joined_texts_are_cut_as_the_course_notebook_cuts_them() -> None:
    chunks = cut_joined(TEXTS, LABELS, chunks=4)
    joined = " ".join(TEXTS)
    size = len(joined) // 4
    assert chunks.texts() == [joined[start : start + size] for start in range(0, 4 * size, size)]
    assert (chunks.chunk_chars, chunks.remainder_chars) == (4, len(joined) - 4 * size)


def test_a_joined_chunk_knows_the_first_and_last_document_it_touches() -> None:
    chunks = cut_joined(TEXTS, LABELS, chunks=4)
    assert chunks.first_document.tolist() == [0, 0, 0, 2]
    assert chunks.last_document.tolist() == [0, 0, 1, 2]


def test_the_blank_between_two_documents_belongs_to_the_one_before_it() -> None:
    chunks = cut_joined(["ab", "cd"], ["anna", "ben"], chunks=5)
    assert chunks.texts() == ["a", "b", " ", "c", "d"]
    assert chunks.labels == ("anna", "anna", "anna", "ben", "ben")


def test_a_joined_chunk_takes_the_label_with_the_most_characters() -> None:
    chunks = cut_joined(["a", "bbbb", "c"], ["anna", "ben", "anna"], chunks=1)
    assert chunks.labels == ("ben",)


def test_of_two_labels_level_in_characters_the_one_met_first_counts() -> None:
    assert cut_joined(["aa", "bbb"], ["zoe", "anna"], chunks=1).labels == ("zoe",)


def test_an_unknown_label_is_a_value_of_its_own() -> None:
    assert cut_joined(["a", "bbbb"], ["anna", None], chunks=1).labels == (None,)


def test_whole_documents_may_be_chunks() -> None:
    chunks = keep_whole(TEXTS, LABELS)
    assert chunks.texts() == TEXTS
    assert (len(chunks), chunks.labels) == (3, tuple(LABELS))


@pytest.mark.parametrize("cut", [lambda t: cut_within(t, LABELS, 3), lambda t: cut_joined(t, LABELS, chunks=4)])
def test_bytes_with_offsets_give_the_same_chunks_as_strings(cut) -> None:
    joined = "".join(TEXTS).encode()
    offsets = np.cumsum([0, *(len(text.encode()) for text in TEXTS)])
    expected, actual = cut(TEXTS), cut((np.frombuffer(joined, np.uint8), offsets))
    assert actual.texts() == expected.texts()
    assert actual.labels == expected.labels


def test_a_tuple_of_strings_is_texts_and_not_bytes() -> None:
    assert keep_whole(("ab", "cd"), [None, None]).texts() == ["ab", "cd"]


def test_text_passes_the_border_of_a_slab_unharmed() -> None:
    text = "aé日𝄞" * 300_000
    chunks = cut_within([text, text], ["anna", "ben"], 399_999)
    size = chunks.chunk_chars
    assert chunks.texts() == [text[start : start + size] for start in (0, size, 2 * size)] * 2


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: cut_joined(["ab"], [None], chunks=3), "found 2 characters, expected at least one for each of 3"),
        (lambda: cut_within(["ab", "c"], [None, None], 3), "found at most 2 characters .* expected at least 3"),
        (lambda: cut_within(["ab"], [None], 0), "chunk_chars is too small: found 0"),
        (lambda: cut_joined(["ab"], [None], chunks=0), "chunks is too small: found 0"),
        (lambda: cut_within(["ab"], [], 1), "found 0 labels for 1 documents"),
        (lambda: cut_joined([], [], chunks=1), "found 0 documents"),
        (
            lambda: cut_within(["ok", "a\ud800"], [None, None], 1),
            r"document 1 .* lone surrogate U\+D800 at character 1",
        ),
        (lambda: keep_whole((np.frombuffer("é".encode(), np.uint8), np.array([0, 1, 2])), [None] * 2), "document 0 .*"),
    ],
)
def test_what_cannot_be_cut_is_refused_with_what_was_found_and_expected(ask, message: str) -> None:
    with pytest.raises(StylometryError, match=message):
        ask()


@pytest.mark.property
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), st.integers(1, 9))
def test_any_texts_are_cut_as_python_slices_them(texts: list[str], chunks: int) -> None:
    joined = " ".join(texts)
    size = len(joined) // chunks
    if not size:
        return
    cut: Chunks = cut_joined(texts, [None] * len(texts), chunks=chunks)
    owner = [index for index, text in enumerate(texts) for _ in text + " "]
    assert cut.texts() == [joined[start : start + size] for start in range(0, chunks * size, size)]
    assert cut.first_document.tolist() == [owner[start] for start in range(0, chunks * size, size)]
    assert cut.last_document.tolist() == [owner[start + size - 1] for start in range(0, chunks * size, size)]
