"""Notebook files: `.ipynb`, and `.py` files in the percent format."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adopt.notebooks.magics import find_plain_text, parse
from adopt.notebooks.plan import CellRef, NotebookError, Refusal, RefusalKind
from adopt.notebooks.records import Cell, Notebook

PYTHON_2 = re.compile(
    r"(?P<print>^\s*(?:print|exec)\s+[^\s(=.,])|(?P<except>^\s*except\s+[\w.()\s,]+,\s*\w+\s*:)|(?P<unequal><>)"
    r"|(?P<octal>\b0[0-7]+\b)|(?P<long>\b\d+[lL]\b)|(?P<raise>^\s*raise\s+\w+\s*,)|(?P<text>\b[uU][rR][\"'])|(?P<quote>`)"
)
"""What Python 3 does not parse and Python 2 does, on one line."""
MARKER = re.compile(r"^#\s?%%(?!\w)(?P<rest>.*)$")
"""The line that begins a cell of the percent format."""
TAGS = re.compile(r"tags=(\[.*?\])")
KIND = re.compile(r"\[(markdown|md|raw)\]")
COMMENTED_MAGIC = re.compile(r"^(\s*)# (?=%{1,2}[a-zA-Z]|![\w{])")


@dataclass(frozen=True)
class _Block:
    """A cell of a file: code, Markdown or raw text."""

    kind: str
    source: str
    tags: tuple[str, ...] = ()
    outputs: tuple[Mapping[str, Any], ...] = ()


def read_notebooks(paths: Sequence[Path]) -> tuple[Notebook, ...]:
    """The notebooks, in the order in which they are given.

    Raises:
        NotebookError: A file is not a notebook, is in another language, has no code, or is not Python 3. All that is
            known of all files is in it.
    """
    refusals: list[Refusal] = []
    notebooks = []
    for book, path in enumerate(paths):
        found = _read_blocks(path)
        if isinstance(found, Refusal):
            refusals.append(found)
            continue
        notebook = Notebook(path, tuple(_find_cells(found)))
        notebooks.append(notebook)
        refusals += _find_faults(notebook, book)
    if refusals:
        raise NotebookError(tuple(refusals))
    return tuple(notebooks)


def read_outputs(outputs: Iterable[Mapping[str, Any]]) -> str:
    """The text of a cell's outputs: what it printed, and the plain text of what it shows."""
    texts = []
    for output in outputs:
        if output.get("output_type") == "stream" and output.get("name") == "stdout":
            texts.append(_join(output.get("text", "")))
        elif "data" in output:
            texts.append(_join(output["data"].get("text/plain", "")))
    return "\n".join(text.rstrip("\n") for text in texts if text)


def _read_blocks(path: Path) -> list[_Block] | Refusal:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Refusal(RefusalKind.OTHER, f"{path} does not exist.", "Check the path.")
    except UnicodeDecodeError as error:
        return Refusal(RefusalKind.OTHER, f"{path} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.")
    if path.suffix.lower() == ".py":
        return list(_read_percent(text))
    try:
        document = json.loads(text)
        return _read_ipynb(document, path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Refusal(
            RefusalKind.OTHER, f"{path} is not a notebook: {error}.", "Open it in Jupyter and save it again."
        )


def _read_ipynb(document: dict[str, Any], path: Path) -> list[_Block] | Refusal:
    """The cells of a notebook file. The name of its kernel does not matter, its language does."""
    metadata = document.get("metadata", {})
    language = (metadata.get("language_info") or {}).get("name") or (metadata.get("kernelspec") or {}).get("language")
    if language and str(language).lower() not in ("python", "ipython", "python3"):
        message = f"{path.name} is written in {language}, not in Python."
        return Refusal(RefusalKind.LANGUAGE, message, "Adopt takes notebooks in Python 3 only.")
    if document.get("nbformat", 4) < 4:
        import nbformat

        document = nbformat.reads(json.dumps(document), as_version=4)  # type: ignore[no-untyped-call]
    return [
        _Block(
            cell["cell_type"],
            _join(cell["source"]),
            tuple(map(str, cell.get("metadata", {}).get("tags", ()))),
            tuple(cell.get("outputs", ())),
        )
        for cell in document["cells"]
    ]


def _read_percent(text: str) -> Iterator[_Block]:
    """The cells of a percent file; what is above its first marker is a cell of its own where it is code."""
    lines = text.split("\n")
    is_jupytext = False
    if lines[0].strip() == "# ---" and "# ---" in (line.strip() for line in lines[1:]):
        end = next(i for i, line in enumerate(lines[1:], 1) if line.strip() == "# ---")
        is_jupytext = any("jupyt" in line for line in lines[:end])
        lines = lines[end + 1 :]
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        marker = MARKER.match(line)
        if marker:
            blocks.append((marker["rest"], []))
        else:
            # Jupytext writes magics as comments; elsewhere a comment is a comment.
            blocks[-1][1].append(COMMENTED_MAGIC.sub(r"\1", line) if is_jupytext else line)
    for i, (rest, body) in enumerate(blocks):
        source = "\n".join(body).strip("\n")
        if i == 0 and not any(line.strip() and not line.startswith("#") for line in body):
            continue
        kind = KIND.search(rest)
        tags = TAGS.search(rest)
        names = tuple(map(str, json.loads(tags[1].replace("'", '"')))) if tags else ()
        if kind is None:
            yield _Block("code", source, names)
        else:
            yield _Block("raw" if kind[1] == "raw" else "markdown", _uncomment(source), names)


def _uncomment(source: str) -> str:
    """The text of a Markdown cell, which is written as comments or as a string."""
    quoted = re.fullmatch(r"\s*r?(\"\"\"|''')(.*)\1\s*", source, re.DOTALL)
    return quoted[2].strip("\n") if quoted else re.sub(r"^# ?", "", source, flags=re.MULTILINE)


def _find_cells(blocks: Sequence[_Block]) -> Iterator[Cell]:
    """The code cells, numbered from 1 among all cells, with the Markdown above them."""
    above: list[str] = []
    for number, block in enumerate(blocks, start=1):
        if block.kind == "markdown":
            above.append(block.source)
        elif block.kind == "code" and block.source.strip():
            text, magics = find_plain_text(block.source, number)
            errors = [str(output.get("ename", "")) for output in block.outputs if output.get("output_type") == "error"]
            yield Cell(
                number,
                block.source,
                text,
                "\n\n".join(above),
                block.tags,
                magics,
                read_outputs(block.outputs),
                errors[0] if errors else "",
            )
            above = []


def _find_faults(notebook: Notebook, book: int) -> Iterator[Refusal]:
    """Why a notebook cannot run at all, seen without running it. Python 2 is one reason, not one for each cell."""
    name = notebook.path.name
    if not notebook.cells:
        yield Refusal(RefusalKind.NO_RESULT, f"{name} has no code.", "Give a notebook with code cells.")
    old: list[tuple[int, str, str]] = []
    broken: list[tuple[int, str, str]] = []
    for cell in notebook.cells:
        try:
            parse(cell.text)
        except SyntaxError as error:
            line = (error.text or "").strip()
            is_old = PYTHON_2.search(error.text or "") or (
                "print" in str(error.msg) and "parentheses" in str(error.msg)
            )
            (old if is_old else broken).append((cell.number, line, error.msg))
    if old:
        number, line, _ = old[0]
        message = f"{name} is written in Python 2: cell {number} has `{line}`."
        cells = tuple(CellRef(book, cell) for cell, _, _ in old)
        yield Refusal(RefusalKind.PYTHON_2, message, "Convert it to Python 3 and run it once in Jupyter.", cells)
    else:
        for number, line, reason in broken:
            message = f"{name}, cell {number} is not valid Python: `{line}` ({reason})."
            yield Refusal(RefusalKind.SYNTAX, message, "Correct or delete the line.", (CellRef(book, number),))


def _join(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
