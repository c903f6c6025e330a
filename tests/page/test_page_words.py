"""Marks as people read them."""

import re

import pytest

from page.shell.markdown import plain, with_commands


def test_markdown_finds_nothing_to_do_in_a_plain_text() -> None:
    assert plain("y = 2 * x, $5, a_b, <b>, [1]") == r"y = 2 \* x, \$5, a\_b, \<b\>, \[1\]"


HOSTILE = (
    "# heading", "- item", "+ item", "1. item", "12) item", "---", "+ - +", "> quoted", "~~struck~~", "**bold**",
    "`code`", "[link](https://evil.test)", "![x](https://evil.test/x.png)", "<b>html</b>", "<script>alert(1)</script>",
    "&lt;b&gt;", ":red[colour]", ":material/delete:", "$x^2$", "a | b", "| a |", "a\\*b", "* item", "_em_", "-5 and -",
    ". x", "2024. year",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_finds_nothing_in_an_escaped_text(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    reader = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    kinds = [token.type for token in reader.parse(plain(text))]
    assert kinds == ["paragraph_open", "inline", "paragraph_close"]
    [inline] = [token for token in reader.parse(plain(text)) if token.type == "inline"]
    assert {part.type for part in inline.children} <= {"text", "text_special"}
    assert "".join(part.content for part in inline.children) == text
    assert re.search(r"(?<!\\)[:$]", plain(text)) is None  # by which Streamlit adds to Markdown


@pytest.mark.parametrize(
    "text", [*HOSTILE, "Run `make run RECIPE=a_b`, or set `retrain = 'auto'`: a_b", "``x``", "a`b", "a\\`b`"]
)
def test_a_message_has_its_commands_as_code_and_no_other_marks(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    reader = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    [inline] = [token for token in reader.parse(with_commands(text)) if token.type == "inline"]
    parts = [(part.type, part.content) for part in inline.children]
    assert {kind for kind, _ in parts} <= {"text", "text_special", "code_inline"}
    assert [content for kind, content in parts if kind == "code_inline"] == re.findall("`([^`]+)`", text)
    assert "".join(f"`{content}`" if kind == "code_inline" else content for kind, content in parts) == text
