"""Texts as Streamlit's Markdown shows them."""

import re


def plain(text: str) -> str:
    r"""A text in which Markdown finds nothing to do: `2 * x` is no emphasis, `$` begins no formula.

    >>> plain("a_b costs $5")
    'a\\_b costs \\$5'
    """
    marked = "".join(f"\\{sign}" if sign in MARKS else sign for sign in text)
    marked = LIST.sub(r"\1\\\2", marked)
    return marked.replace(" %", "\N{NO-BREAK SPACE}%")  # the number and its sign stay on one line


MARKS = frozenset("\\`*_{}[]<>#$~|:!&")
LIST = re.compile(r"^([ \t]*\d*)([-+.)])(?=[-+\s]|$)", re.MULTILINE)
"""What makes a line a list or a rule, at its beginning."""


def begin_large(text: str) -> str:
    """A message as a sentence of its own.

    >>> begin_large("the API does not answer")
    'The API does not answer'
    """
    return text[:1].upper() + text[1:]
