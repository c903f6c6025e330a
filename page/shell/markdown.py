"""Texts as Streamlit's Markdown shows them."""


def plain(text: str) -> str:
    r"""A text in which Markdown finds nothing to do: `2 * x` is no emphasis, `$` begins no formula.

    >>> plain("a_b costs $5")
    'a\\_b costs \\$5'
    """
    marked = "".join(f"\\{sign}" if sign in MARKS else sign for sign in text)
    return marked.replace(" %", "\N{NO-BREAK SPACE}%")  # the number and its sign stay on one line


MARKS = frozenset("\\`*_{}[]<>#$~|:!")
