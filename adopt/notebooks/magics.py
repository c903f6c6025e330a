"""From a cell as it is written to plain Python, with every magic and shell line named."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from adopt.notebooks.records import Magic, MagicUse

DISPLAY_ONLY = {
    "matplotlib", "config", "load_ext", "reload_ext", "unload_ext", "autoreload", "aimport", "pinfo", "pinfo2",
    "pdoc", "psource", "pfile", "pdef", "psearch", "precision", "who", "whos", "who_ls", "lsmagic", "history",
    "hist", "xmode", "pdb", "debug", "colors", "doctest_mode", "page", "pwd", "timeit", "prun", "memit", "mprun",
    "lprun", "notebook", "quickref", "magic", "pprint", "automagic", "logstart", "logstop", "logoff", "logon",
    "watermark",
}  # fmt: skip
"""Line magics without which every value stays the same. `%timeit` runs its statement in a scope of its own."""
DISPLAY_CELLS = {
    "html", "HTML", "javascript", "js", "markdown", "latex", "svg", "SVG", "timeit", "prun", "memit", "mprun",
    "lprun",
}  # fmt: skip
"""Cell magics of which the same is true."""
WRAPPERS = frozenset(("time", "capture"))
"""Magics that run the statements inside them as if they were not there."""
INSTALLERS = frozenset(("pip", "pip3", "conda", "mamba", "uv"))
_INSTALLER = r"\b(?:pip3?|conda|mamba|uv|apt|apt-get|brew|yum)\b(?:\s+-\S+)*\s+(?:un)?install\b"
INSTALL = re.compile(_INSTALLER)
BARE_INSTALL = re.compile(r"^(\s*)(?=(?:pip3?|conda|mamba)\s+(?:un)?install\b)", re.MULTILINE)
TAKE_A_WORD = re.compile(r"-[rceifnt]|--(?:extra-)?index.url|--find.links|--channel|--name|--target")
"""Options of pip and conda that take the next word."""


@dataclass(frozen=True)
class _Edit:
    """A call of `get_ipython()`, and what stands in its place."""

    node: ast.Call
    magic: Magic
    text: str | None = None
    """Nothing: the call stays."""


def parse(text: str) -> ast.Module:
    """The tree of a cell, in which `await` may stand at the top as in a notebook.

    Raises:
        SyntaxError: It is not Python 3.
    """
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return cast("ast.Module", compile(text, "<cell>", "exec", flags, dont_inherit=True))


def find_plain_text(source: str, number: int) -> tuple[str, tuple[Magic, ...]]:
    """The text of a cell as plain Python, and its magics. What cannot be parsed comes back as it is.

    Args:
        source: The cell as it is written.
        number: The number of the cell.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        transformer = TransformerManager()  # type: ignore[no-untyped-call]
        text = transformer.transform_cell(BARE_INSTALL.sub(r"\1%", source))
    except SyntaxError:
        return source, ()
    try:
        tree = parse(text)
    except SyntaxError:
        return text, ()
    magics: list[Magic] = []
    # From the end, so that the places of those before stay true.
    for edit in sorted(_find_edits(tree, number), key=lambda edit: (-edit.node.lineno, -edit.node.col_offset)):
        inner: tuple[Magic, ...] = ()
        if edit.text is not None:
            is_code = edit.magic.use is MagicUse.UNWRAPPED
            words, inner = find_plain_text(edit.text, number) if is_code else (edit.text, ())
            text = _replace(text, edit.node, words.rstrip("\n"))
        magics[:0] = [edit.magic, *inner]
    return text, tuple(magics)


def _find_edits(tree: ast.Module, number: int) -> Iterator[_Edit]:
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            is_call = isinstance(node.func.value, ast.Call) and ast.unparse(node.func.value) == "get_ipython()"
            if is_call and len(words) == len(node.args):
                empty = "pass" if id(node) in statements else "[]"
                yield from _find_edit(node, (node.func.attr, *map(str, words)), number, empty)


def _find_edit(node: ast.Call, words: tuple[str, ...], number: int, empty: str) -> Iterator[_Edit]:
    """What becomes of one call; `empty` is what nothing is written as in its place."""
    match words:
        case ("system" | "getoutput", command):
            if INSTALL.search(command):
                packages = tuple(_find_packages(command))
                yield _Edit(node, Magic(number, f"!{command}", MagicUse.REQUIREMENT, packages), empty)
            else:
                yield _Edit(node, Magic(number, f"!{command}", MagicUse.KEPT))
        case ("run_line_magic", name, line):
            yield _find_line_edit(node, name, line, number, empty)
        case ("run_cell_magic", name, line, body):
            written = f"%%{name} {line}".strip()
            if name in WRAPPERS:
                yield _Edit(node, Magic(number, written, MagicUse.UNWRAPPED), body if body.strip() else "pass")
            elif name in DISPLAY_CELLS:
                yield _Edit(node, Magic(number, written, MagicUse.DROPPED), "pass")
            else:
                yield _Edit(node, Magic(number, written, MagicUse.KEPT))


def _find_line_edit(node: ast.Call, name: str, line: str, number: int, empty: str) -> _Edit:
    written = f"%{name} {line}".strip()
    if name in INSTALLERS:
        is_install = INSTALL.search(f"{name} {line}") is not None
        packages = tuple(_find_packages(f"{name} {line}")) if is_install else ()
        return _Edit(
            node, Magic(number, written, MagicUse.REQUIREMENT if is_install else MagicUse.DROPPED, packages), empty
        )
    if name == "time" and _fits(line, is_statement=empty == "pass"):
        return _Edit(node, Magic(number, written, MagicUse.UNWRAPPED), line)
    if name in DISPLAY_ONLY or (name == "time" and not line.strip()):
        return _Edit(node, Magic(number, written, MagicUse.DROPPED), empty if empty == "pass" else "None")
    return _Edit(node, Magic(number, written, MagicUse.KEPT))


def _fits(line: str, *, is_statement: bool) -> bool:
    """Whether a text can be in the place of a call: in an expression only another expression can."""
    try:
        body = parse(line).body
    except SyntaxError:
        return False
    return len(body) > 0 and (is_statement or (len(body) == 1 and isinstance(body[0], ast.Expr)))


def _find_packages(command: str) -> Iterator[str]:
    """The packages of each `install` in a command line, as they are written."""
    for single in re.split(r"&&|\|\||[;|\n]", command):
        found = INSTALL.search(single)
        if (
            found is None
            or found[0].rstrip().endswith("uninstall")
            or re.search(r"\b(apt|apt-get|brew|yum)\b", found[0])
        ):
            continue
        try:
            words = shlex.split(single[found.end() :])
        except ValueError:
            words = single[found.end() :].split()
        is_value = False
        for word in words:
            if not is_value and re.match(r"\w", word):
                yield word
            is_value = TAKE_A_WORD.fullmatch(word) is not None


def _replace(text: str, node: ast.Call, replacement: str) -> str:
    """The text with other words in the place of a node; further lines of them are indented as the first."""
    last, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    lines = [line.encode() for line in text.split("\n")]
    before, after = lines[node.lineno - 1][: node.col_offset], lines[last - 1][end:]
    indent = before.decode() if before.isspace() else ""
    new = replacement.replace("\n", "\n" + indent).encode() if indent else replacement.encode()
    return b"\n".join((*lines[: node.lineno - 1], before + new + after, *lines[last:])).decode()
