"""What counts as prose in a docstring, one rule a test; the data of each is in sight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.prose import extract_prose, module_docstrings

SENTENCE = "The result has the shape of the first argument."
OTHER = "It is computed once and then kept."


def test_docstrings_come_in_order_of_appearance() -> None:
    source = '''"""Module."""
class A:
    """Class."""
    def method(self):
        """Method."""
        def inner():
            """Inner."""
if A:
    async def f():
        "Function."
else:
    def f(): """Other branch."""
def without(): return """No docstring."""
'''
    assert module_docstrings(source) == ["Module.", "Class.", "Method.", "Inner.", "Function.", "Other branch."]


def test_formatted_and_byte_strings_are_no_docstrings() -> None:
    assert module_docstrings('def f():\n    f"""Not {1}."""\ndef g():\n    b"Nor this."\n') == []


@pytest.mark.filterwarnings("error")
def test_an_invalid_escape_in_a_source_gives_no_warning() -> None:
    assert module_docstrings('"""A \\d in it."""') == [r"A \d in it."]


@pytest.mark.parametrize(
    "source",
    [b'"""One\ntwo."""', b'"""One\r\ntwo."""', b'\xef\xbb\xbf"""One\ntwo."""'],
    ids=["unix", "windows", "byte order mark"],
)
def test_line_ends_and_byte_order_mark_make_no_difference(source: bytes) -> None:
    assert module_docstrings(source) == ["One\ntwo."]


def test_bytes_are_decoded_by_their_declaration() -> None:
    assert module_docstrings("# coding: latin-1\n'Prüfer.'".encode("latin-1")) == ["Prüfer."]


def test_a_source_that_is_not_python_is_refused() -> None:
    with pytest.raises(SyntaxError):
        module_docstrings("def f(:")


def test_the_lines_of_a_paragraph_become_one_line() -> None:
    assert extract_prose("The result has the shape\n    of the first argument.") == SENTENCE


def test_paragraphs_are_separated_by_an_empty_line() -> None:
    assert extract_prose(f"{SENTENCE}\n\n    {OTHER}\n") == f"{SENTENCE}\n\n{OTHER}"


def test_indentation_of_the_docstring_makes_no_difference() -> None:
    shallow, deep = f"{SENTENCE}\n\n  {OTHER}\n", f"\n\t\t{SENTENCE}\n\n\t\t{OTHER}\n\t\t"
    assert extract_prose(shallow) == extract_prose(deep)


def test_a_tab_is_as_wide_as_eight_spaces() -> None:
    assert extract_prose(f"{SENTENCE}\n\n        .. code::\n\n\t    This is not prose at all.") == SENTENCE


def test_a_word_broken_at_its_hyphen_is_joined() -> None:
    assert extract_prose("Return all the non-\nzero elements.") == "Return all the non-zero elements."


REMOVED = {
    "doctest": ">>> print(a)\nThe output. This is not prose at all.",
    "doctest of several lines": ">>> for a in b:\n...     print(a)\nThe output. This is not prose at all.",
    "IPython example": "In [1]: a\nOut[1]: The output. This is not prose at all.",
    "code directive": ".. code-block:: python\n    :caption: x\n\n    This is not prose at all.\n\n    Nor is this.",
    "version mark": ".. versionadded:: 1.2\n   This is not prose at all.",
    "cross references": ".. seealso::\n\n    This is not prose at all.",
    "comment": ".. This is not prose at all.",
    "footnote": ".. [1] A. Author, This is not prose at all.\n   Second line of the reference.",
    "link target": ".. _tutorial: https://example.org/this/is/not/prose",
    "formula": ".. math::\n\n    This is not prose at all.",
    "type field": ":rtype: This is not prose\n    at all, it is a type.",
    "simple table": "=====  =====\nMean.  This is not prose at all.  Float.\n=====  =====",
    "grid table": "+------+------+\n| Mean. This is not prose at all. Float. |\n+------+------+",
    "columns": "Mean.      This is not prose at all.      Float.",
    "underlined heading": "This Is Not Prose At All.\n-------------------------",
    "overlined heading": "=========================\nThis Is Not Prose At All.\n=========================",
    "Google heading": "Example:",
    "references": "References\n----------\nThis is not prose at all.\n\nNor is this one here.",
    "see also": "See Also\n--------\nmean : This is not prose at all.\nother\n    Nor is this one here.",
    "errors": "Raises\n------\nValueError\n    If this is not prose at all.",
    "Google errors": "Raises:\n    ValueError: If this is not prose at all.",
    "signature": "concatenate((a1, a2, ...), axis=0, out=None)",
    "typed name": "axis : int, optional",
    "typed name described": "Parameters\n----------\nThis name is not prose at all.\n    A label.",
    "label": "Input array.",
}


@pytest.mark.parametrize("block", REMOVED.values(), ids=REMOVED.keys())
def test_what_is_not_prose_is_removed(block: str) -> None:
    indented = block.replace("\n", "\n    ")
    assert extract_prose(f"{SENTENCE}\n\n    {indented}\n") == SENTENCE


@pytest.mark.parametrize("block", REMOVED.values(), ids=REMOVED.keys())
def test_text_after_what_is_removed_stays(block: str) -> None:
    if block.startswith(("References", "See Also", "Raises\n", "Parameters")):
        block += f"\n\nNotes\n-----\n{OTHER}"
    else:
        block += f"\n\n{OTHER}"
    assert extract_prose(block) == OTHER


def test_code_after_two_colons_is_removed_with_the_sentence_that_announces_it() -> None:
    text = f"{SENTENCE} It is used like this::\n\n    This is not prose at all.\n\n{OTHER}"
    assert extract_prose(text) == f"{SENTENCE}\n\n{OTHER}"


KEPT = {
    "note": f".. note::\n\n    {OTHER}",
    "note that begins beside its name": ".. warning:: It is computed once\n    and then kept.",
    "bullet": f"* {OTHER}",
    "number": f"1. {OTHER}",
    "section of notes": f"Notes\n-----\n{OTHER}",
    "text between examples": f">>> a = 1\n\n{OTHER}\n\n>>> a + 1\n2",
    "numpydoc parameter": "Parameters\n----------\naxis : int\n    It is computed once\n    and then kept.",
    "numpydoc result": f"Returns\n-------\n{OTHER}",
    "Google parameter": "Args:\n    axis (int): It is computed once\n        and then kept.\n    other: A label.",
    "Sphinx parameter": ":param axis: It is computed once\n    and then kept.\n:type axis: int",
    "definition": "axis : int\n    It is computed once and then kept.",
}


@pytest.mark.parametrize("block", KEPT.values(), ids=KEPT.keys())
def test_sentences_in_lists_notes_and_parameters_stay(block: str) -> None:
    assert extract_prose(f"{SENTENCE}\n\n{block}") == f"{SENTENCE}\n\n{OTHER}"


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("``axis``", "axis"),
        ("``'left'``", "'left'"),
        ("``mean()``", "mean()"),
        ("`axis`", "axis"),
        (":class:`Series`", "Series"),
        (":py:meth:`~pandas.Series.mean`", "mean"),
        (":meth:`.Session.commit`", "Session.commit"),
        (":class:`_orm.Session`", "Session"),
        (":ref:`the guide <guide_label>`", "the guide"),
        ("`the guide <https://example.org>`_", "the guide"),
        ("guide_", "guide"),
        ("*mean*", "mean"),
        ("**mean**", "mean"),
        (r"\*args", "args"),
        ("``**kwargs``", None),
        ("Prüfer's", "Prüfer's"),
    ],
)
def test_markup_becomes_its_words(markup: str, words: str | None) -> None:
    expected = f"In this function {words} is used for all." if words else ""
    assert extract_prose(f"In this function {markup} is used for all.") == expected


@pytest.mark.parametrize(
    "wordless",
    [
        *(
            "``a[i] = 3``",
            "a = b",
            ":math:`x^2`",
            "$x + y$",
            "$f. This is not prose at all. G$",
            ":ref:`guide_label`",
            ":pep:`249`",
            "|version|",
        ),
        *("https://example.org/a", "www.example.org", "me@example.org", "%(klass)s", "{klass}", "x_i", "_private"),
    ],
)
def test_a_sentence_with_something_that_has_no_words_goes_as_a_whole(wordless: str) -> None:
    assert extract_prose(f"{SENTENCE} But here {wordless} is used for everything. {OTHER}") == f"{SENTENCE} {OTHER}"


def test_a_citation_after_a_complete_sentence_is_removed() -> None:
    assert extract_prose("This is Dijkstra's algorithm for paths [1]_.") == "This is Dijkstra's algorithm for paths."


def test_a_sentence_that_needs_its_citation_goes() -> None:
    assert extract_prose(f"The algorithm is described in [Knuth97]_. {OTHER}") == OTHER


@pytest.mark.parametrize(
    "fragment",
    [
        "where the number of nodes is given.",
        "Return the number of nodes",
        "The following is an example, e.g.",
        "A bracket (that is never closed is an accident.",
        'A quote " alone is an accident too.',
        "A word was lost here , as one can see.",
        "F X1 3D Y2 9 8 Z4 Q7.",
    ],
)
def test_a_fragment_is_not_a_sentence(fragment: str) -> None:
    assert extract_prose(fragment) == ""


@pytest.mark.parametrize(
    "sentence",
    [
        "Use a structure, e.g. The Graph, as in Knuth et al. Or use none.",
        "The proof by D. E. Knuth is the shortest one.",
        'It says "no more nodes." and then it stops.',
    ],
)
def test_abbreviations_and_initials_do_not_end_a_sentence(sentence: str) -> None:
    assert extract_prose(f"{sentence} Where x = 1 is a formula.") == sentence


@pytest.mark.property
@given(st.text())
def test_any_text_is_accepted_and_gives_the_same_prose_each_time(text: str) -> None:
    assert extract_prose(text) == extract_prose(text)


MARKUP = st.sampled_from(
    [
        *(SENTENCE, OTHER, ">>> a", ".. note::", ".. code::", "::", "----", "Returns", "Args:", "axis : int", "* "),
        *("1. ", ":param x:", "``a``", "`", ":math:`x`", "[1]_", "*a*", "| a |", "=== ===", "\t", "    ", "\n", "\r"),
    ]
)


@pytest.mark.property
@given(st.lists(MARKUP).map("".join))
def test_any_mixture_of_markup_gives_whole_sentences_on_single_lines(text: str) -> None:
    prose = extract_prose(text)
    paragraphs = prose.split("\n\n") if prose else []
    assert all(paragraph and "\n" not in paragraph and paragraph[-1] in ".!?\"')" for paragraph in paragraphs)


@pytest.mark.property
@given(st.lists(st.sampled_from([SENTENCE, OTHER]), min_size=1).map(" ".join), st.integers(0, 8))
def test_clean_prose_is_left_as_it_is(paragraph: str, indent: int) -> None:
    assert extract_prose(" " * indent + paragraph) == paragraph
