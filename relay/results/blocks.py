"""A document of words, lists, tables, code and pictures: as Markdown, and as one page of HTML that stands alone."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells under a row of names."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Code:
    """Lines to type."""

    text: str
    language: str = "python"


@dataclass(frozen=True)
class Picture:
    """A PNG and what it shows."""

    name: str
    shows: str
    content: bytes

    @property
    def uri(self) -> str:
        """The picture itself as an address."""
        return f"data:image/png;base64,{base64.b64encode(self.content).decode()}"


Block = Words | Items | Table | Code | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A title and sections."""

    title: str
    sections: tuple[Section, ...]

    @property
    def pictures(self) -> list[Picture]:
        """All pictures, in order."""
        return [block for section in self.sections for block in section.blocks if isinstance(block, Picture)]


MARKS = frozenset("\\`*_[]<>|~")
"""Signs by which Markdown changes the text between them; others mean something only where a line begins."""


def to_markdown(document: Document, *, with_pictures: bool = True) -> str:
    """The document as Markdown.

    Args:
        document: what to write.
        with_pictures: whether the pictures themselves follow, at the end, where they are in nobody's way; without
            them only their names and what they show stand in the text.
    """
    lines = [f"# {_mark(document.title)}", ""]
    for section in document.sections:
        lines += [f"## {_mark(section.title)}", ""]
        for block in section.blocks:
            lines += [*_mark_block(block, with_pictures=with_pictures), ""]
    if with_pictures:
        lines += [f"[{picture.name}]: {picture.uri}" for picture in document.pictures]
    return "\n".join(lines).rstrip() + "\n"


def _mark_block(block: Block, *, with_pictures: bool) -> list[str]:
    match block:
        case Words(text):
            return [_mark(text)]
        case Items(texts):
            return [f"- {_mark(text)}" for text in texts]
        case Table(names, rows):
            ruler = ["---"] * len(names)
            return [
                f"| {' | '.join(cells)} |" for cells in (map(_mark, names), ruler, *(map(_mark, row) for row in rows))
            ]
        case Code(text, language):
            return [f"```{language}", text, "```"]
        case Picture(name, shows, _):
            return [f"![{_mark(shows)}][{name}]" if with_pictures else f"- {_mark(name)}: {_mark(shows)}"]


def _mark(text: str) -> str:
    flat = " ".join(text.split())  # a line break would end a cell or a heading
    return "".join(f"\\{sign}" if sign in MARKS else sign for sign in flat)


def to_html(document: Document) -> str:
    """The document as one page of HTML, pictures and style within it."""
    body = "\n".join(_draw(document))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n"
        "</main>\n</body>\n</html>\n"
    )


def _draw(document: Document) -> Iterator[str]:
    yield f"<h1>{escape(document.title)}</h1>"
    for section in document.sections:
        yield f"<section>\n<h2>{escape(section.title)}</h2>"
        yield from map(_draw_block, section.blocks)
        yield "</section>"


def _draw_block(block: Block) -> str:
    match block:
        case Words(text):
            return f"<p>{escape(text)}</p>"
        case Items(texts):
            return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"
        case Table(names, rows):
            head, body = _draw_row(names, "th"), "".join(_draw_row(row, "td") for row in rows)
            return f'<div class="wide"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'
        case Code(text, _):
            return f"<pre><code>{escape(text)}</code></pre>"
        case Picture(_, shows, _):
            text = escape(shows)
            return f'<figure><img src="{block.uri}" alt="{text}"><figcaption>{text}</figcaption></figure>'


def _draw_row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


STYLE = """:root { color-scheme: light dark; --line: light-dark(#D5DBE1, #35414E); }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: light-dark(#1B2430, #E6EBF0);
  background: light-dark(#FFFFFF, #12171D); }
main { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.8rem; line-height: 1.2; }
h2 { font-size: 1.25rem; margin-top: 2.2rem; padding-top: 0.6rem; border-top: 1px solid var(--line); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.92rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid var(--line); }
th { overflow-wrap: normal; }
td { min-width: 5.5rem; }  /* words break anywhere, but not the names of stages */
pre { overflow-x: auto; padding: 0.8rem 1rem; border: 1px solid var(--line); border-radius: 0.4rem; }
figure { margin: 1.2rem 0; }
img { max-width: 100%; background: #FFFFFF; }
figcaption { font-size: 0.9rem; }
@media print { h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
"""
