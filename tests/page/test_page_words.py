"""Marks as people read them."""

from page.shell.markdown import plain


def test_markdown_finds_nothing_to_do_in_a_plain_text() -> None:
    assert plain("y = 2 * x, $5, a_b, <b>, [1]") == r"y = 2 \* x, \$5, a\_b, \<b\>, \[1\]"
