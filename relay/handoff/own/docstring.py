"""The words of a docstring on each parameter, in the styles of Google and NumPy."""

import re
from dataclasses import dataclass, field
from textwrap import dedent

_GOOGLE = re.compile(r"^(?:Args|Arguments|Parameters):\s*$", re.MULTILINE)
_NUMPY = re.compile(r"^Parameters\s*\n-{3,}\s*$", re.MULTILINE)
_SECTION = re.compile(r"^(?:[A-Z][A-Za-z ]*:\s*$|[A-Z][A-Za-z ]*\n-{3,}\s*$)", re.MULTILINE)
_GOOGLE_ITEM = re.compile(r"^(?P<names>\*{0,2}\w+)\s*(?:\([^)]*\))?\s*:\s*(?P<words>.*)$")
_NUMPY_ITEM = re.compile(r"^(?P<names>\w+(?:\s*,\s*\w+)*)\s*(?::.*)?$")


@dataclass(frozen=True)
class Help:
    """What a docstring says."""

    summary: str = ""
    """Its first paragraph, as one line."""
    parameters: dict[str, str] = field(default_factory=dict)
    """Name -> words, as one line."""


def read_help(docstring: str) -> Help:
    """The summary and the words on each parameter; a docstring in another form has a summary only.

    Source: the Google Python Style Guide, 3.8.3; numpydoc's "Docstring Standard", section Parameters.
    """
    text = docstring.strip()
    if not text:
        return Help()
    summary = " ".join(text.split("\n\n")[0].split())
    if match := _NUMPY.search(text):
        return Help(summary, _read_items(_until_section(text[match.end() :]), _NUMPY_ITEM))
    if match := _GOOGLE.search(text):
        return Help(summary, _read_items(_until_section(text[match.end() :]), _GOOGLE_ITEM))
    return Help(summary)


def _until_section(text: str) -> str:
    following = _SECTION.search(text)
    return text[: following.start()] if following else text


def _read_items(text: str, pattern: re.Pattern[str]) -> dict[str, str]:
    """Lines without indent name parameters; indented ones go on with the words."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in dedent(text.strip("\n")).splitlines():
        item = pattern.match(line) if line and not line[0].isspace() else None
        if item:
            names = [name.strip().lstrip("*") for name in item["names"].split(",")]
            for name in names:
                found[name] = [item.groupdict().get("words") or ""]
        elif line.strip():
            for name in names:
                found[name].append(line.strip())
    return {name: " ".join(filter(None, words)) for name, words in found.items()}
