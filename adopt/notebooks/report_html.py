"""The report as one HTML file without scripts; every text that comes from a notebook is escaped."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

from adopt.notebooks.report import LeftOutLine, Report, summarise
from adopt.notebooks.report_style import STYLE
from adopt.notebooks.verdicts import Item, ItemKind

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
REASONS = {
    "shows": "only shows something",
    "exploration": "explores the data",
    "unused": "nothing uses it",
    "figure": "a figure on data that does not cross",
    "file": "writes a file that nothing reads",
    "settings": "changes how things are shown",
    "request": "asks for something",
    "magic": "a magic or shell line",
}
LONGEST_TEXT = 2_000


def write_html(report: Report) -> str:
    """The whole document."""
    parts = [
        _head(report),
        _compared(report),
        _metrics(report),
        _without_leak(report),
        _frames(report),
        _figures(report),
        _stale(report),
        _remarks(report),
        _division(report),
        _left_out(report),
        _runs(report),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.name)}: notebooks and recipe compared</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _head(report: Report) -> str:
    look = "bad" if not report.is_settled else "warn" if any(item.accepted for item in report.items) else "good"
    books = ", ".join(f"<code>{escape(name)}</code>" for name in report.notebooks)
    return (
        f"<h1>{escape(report.name)}</h1>\n"
        f'<p class="soft">What {books} {"computes" if len(report.notebooks) == 1 else "compute"}, and what the recipe '
        f'computes.</p>\n<p class="outcome {look}">{escape(summarise(report))}</p>'
    )


def _compared(report: Report) -> str:
    rows = [
        (
            escape(item.kind),
            f"<code>{escape(item.name)}</code>",
            escape(item.stage),
            escape(report.name_cell(item.cell)) if item.cell else "",
            _mark(item),
            _notes(item),
        )
        for item in report.items
    ]
    return _section("Compared", _table(("What", "Name", "Stage", "Made in", "Result", ""), rows))


def _mark(item: Item) -> str:
    look = "good" if item.is_equal else "warn" if item.accepted else "bad"
    accepted = ' <span class="mark warn">accepted</span>' if item.accepted else ""
    return f'<span class="mark {look}">{escape(item.verdict)}</span>{accepted}'


def _notes(item: Item) -> str:
    notes = [escape(item.why[:1].upper() + item.why[1:] + ".")] if item.why else []
    notes += [f"Accepted: {escape(item.accepted)}."] if item.accepted else []
    notes += [f"The stored output differs: {escape(item.stale)}."] if item.stale else []
    notes += [escape(f"{text[:1].upper()}{text[1:]}.") for text in item.differences[:1]] if not item.is_equal else []
    return " ".join(notes)


def _metrics(report: Report) -> str:
    rows = [
        (f"<code>{escape(item.name)}</code>", _number(item.values[0]), _number(item.values[1]), _mark(item))
        for item in report.items
        if item.kind == ItemKind.METRIC
    ]
    return _section("Metrics", _table(("Name", "Notebook", "Recipe", "Result"), rows)) if rows else ""


def _without_leak(report: Report) -> str:
    rows = [
        (f"<code>{escape(one.name)}</code>", _number(one.notebook), _number(one.corrected))
        for one in report.without_leak
    ]
    words = (
        "<p>The recipe was proved with the leak. What was written fits on the training rows only, so that its metrics "
        "are others than those of the notebook.</p>"
    )
    return _section("Without the leak", words + _table(("Name", "Notebook", "Without the leak"), rows)) if rows else ""


def _frames(report: Report) -> str:
    parts = []
    for item in (one for one in report.items if one.kind == ItemKind.FRAME):
        size = f"{item.values[0]} in the notebook, {item.values[1]} in the recipe" if item.values[0] else ""
        parts.append(
            f"<h3><code>{escape(item.name)}</code> {_mark(item)}</h3>\n<p class='soft'>{escape(size)}</p>"
            + _list("Differences", item.differences)
            + _list("Changed by the recipe's types, without a difference", item.changes)
        )
    return _section("Frames", "\n".join(parts)) if parts else ""


def _figures(report: Report) -> str:
    parts = []
    for item in (one for one in report.items if one.kind == ItemKind.FIGURE):
        pair = "".join(
            f"<figure><figcaption>{side}</figcaption>{_image(image, f'{item.name}, {side.lower()}')}</figure>"
            for side, image in (("Notebook", item.images.notebook), ("Recipe", item.images.recipe))
        )
        parts.append(
            f"<h3><code>{escape(item.name)}</code> {_mark(item)}</h3>\n<div class='pair'>{pair}</div>"
            + _list("Differences", item.differences)
        )
    return _section("Figures", "\n".join(parts)) if parts else ""


def _image(image: bytes | None, label: str) -> str:
    if image is None:
        return "<p class='soft'>No image.</p>"
    return f'<img alt="{escape(label)}" src="data:image/png;base64,{b64encode(image).decode()}">'


def _stale(report: Report) -> str:
    if not report.stale:
        return ""
    rows = [
        (escape(report.name_cell(one.cell)), f"<pre>{_text(one.stored)}</pre>", f"<pre>{_text(one.now)}</pre>")
        for one in report.stale
    ]
    words = (
        "<p>The notebook was saved with other output than these cells give now: by another version of a library, or "
        "after an edit. The recipe computes what they give now.</p>"
    )
    return _section("Stored output that differs", words + _table(("Cell", "Stored", "Now"), rows))


def _remarks(report: Report) -> str:
    rows = [
        f"{escape(one.text)}{f' <span class=soft>({escape(report.name_cells(one.cells))})</span>' if one.cells else ''}"
        for one in report.remarks
    ]
    return _section("To know", f"<ul>{''.join(f'<li>{row}</li>' for row in rows)}</ul>") if rows else ""


def _division(report: Report) -> str:
    rows = [
        (
            escape(part.stage),
            f"<code>{escape(part.function)}</code>",
            escape(report.name_cells(part.cells)) or "none",
            escape(part.border),
        )
        for part in report.parts
    ]
    return _section("How the cells became stages", _table(("Stage", "Function", "Cells", "Border"), rows))


def _left_out(report: Report) -> str:
    if not report.left_out:
        return ""
    rows = [
        (escape(report.name_cell(one.cell)), f"<code>{_text(one.text)}</code>", _reason(one)) for one in report.left_out
    ]
    words = "<p class='soft'>No result of the recipe needs these statements.</p>"
    return _section("Left out", words + _table(("Cell", "Statement", "Why"), rows))


def _reason(line: LeftOutLine) -> str:
    return escape(REASONS.get(line.reason, line.reason))


def _runs(report: Report) -> str:
    sentences = [
        *report.runs,
        "Frames are equal when rows, order and bits are equal after the cast to the recipe's types; figures when data, "
        "colours, sizes, transparency, texts and limits are; metrics when the number that the notebook shows is.",
    ]
    files = [f"<code>{escape(path)}</code>" for path in report.files]
    written = f"<p>Written: {', '.join(files)}.</p>" if files else ""
    return _section("How it was checked", "".join(f"<p>{escape(one)}</p>" for one in sentences) + written)


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>\n{body}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells are HTML already."""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f'<div class="scroll"><table>\n<tr>{head}</tr>\n{lines}</table></div>'


def _list(title: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    return f"<p>{escape(title)}:</p><ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def _number(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _text(text: str) -> str:
    return escape(text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…")
