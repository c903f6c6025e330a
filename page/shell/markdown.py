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


def with_commands(text: str) -> str:
    r"""A message of a program: what stands in back quotes is code, and Markdown finds nothing to do in the rest.

    >>> with_commands("`make run RECIPE=a_b` of a_b")
    '`make run RECIPE=a_b` of a\\_b'
    """
    # A pattern with one group gives what it found at odd places.
    return "".join(f"`{part}`" if number % 2 else plain(part) for number, part in enumerate(CODE.split(text)))


MARKS = frozenset("\\`*_{}[]<>#$~|:!&")
LIST = re.compile(r"^([ \t]*\d*)([-+.)])(?=[-+\s]|$)", re.MULTILINE)
"""What makes a line a list or a rule, at its beginning."""
CODE = re.compile(r"`([^`\n]+)`")
"""Markdown reads nothing inside."""


def begin_large(text: str) -> str:
    """A message as a sentence of its own.

    >>> begin_large("the API does not answer")
    'The API does not answer'
    """
    return text[:1].upper() + text[1:]
