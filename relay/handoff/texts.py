"""Texts made even before they are compared: one code for the texts that a model learns and for those it is asked."""

import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

from relay.handoff.preparation import NOTE, Preparation

SPACE = r"\s\v\p{Z}\x{85}"
"""All of Unicode's white space; RE2's own class is ASCII only, and without the vertical tab."""

LINK = rf"(?i)\b(?:https?://|www\.)[^{SPACE}]+"
WHITE_SPACE = f"[{SPACE}]+"

NOTEBOOK_LINK = r"^https?://.*"
NOTEBOOK_NULL = "none"

APOSTROPHES = "’‘‛ʼ′＇`´"
"""Characters that are typed for ', the apostrophe: right, left and reversed quotation mark, modifier letter
apostrophe, prime, full width, grave and acute accent."""


def note_preparation(item: pa.Field, preparation: Preparation) -> pa.Field:
    """The field of a text column with a note of how its texts were prepared."""
    return item.with_metadata({**(item.metadata or {}), NOTE: preparation.to_note()})


def prepare_texts(texts: pa.ChunkedArray, preparation: Preparation) -> pa.ChunkedArray:
    """The texts as the preparation says; null stays null, but for the notebook's cleaning."""
    if preparation.cleaning == "notebook":
        return clean_as_notebook(texts)
    texts = _normalise(texts, preparation)
    if preparation.apostrophes == "fold":
        texts = pc.replace_substring_regex(texts, f"[{APOSTROPHES}]", "'")
    if preparation.cleaning == "links":
        bare = pc.replace_substring_regex(texts, LINK, " ")
        texts = pc.utf8_trim_whitespace(pc.replace_substring_regex(bare, WHITE_SPACE, " "))
    # Again: a letter in lower case may compose with its accent where the capital does not.
    return _normalise(pc.utf8_lower(texts), preparation) if preparation.case == "lower" else texts


def prepare_text(text: str, preparation: Preparation) -> str:
    """One text as the preparation says."""
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair has no UTF-8
    prepared: str = prepare_texts(pa.chunked_array([pa.array([text], pa.string())]), preparation).to_pylist()[0]
    return prepared


def clean_as_notebook(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts as the course notebook left them.

    Line breaks become blanks first, so that a text that begins with a link is emptied to its end; links elsewhere
    stay; null becomes a word.
    """
    one_line = pc.replace_substring(pc.fill_null(texts, NOTEBOOK_NULL), "\n", " ")
    return pc.replace_substring_regex(one_line, NOTEBOOK_LINK, "")


def _normalise(texts: pa.ChunkedArray, preparation: Preparation) -> pa.ChunkedArray:
    """The texts in the preparation's normal form.

    Not by Arrow: its `utf8_normalize` takes letters apart and does not compose them (apache/arrow issue 51225).
    """
    form = preparation.normal_form
    if form == "keep" or pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return texts  # ASCII is the same in every form
    composed = [None if text is None else unicodedata.normalize(form, text) for text in texts.to_pylist()]
    return pa.chunked_array([pa.array(composed, texts.type)])
