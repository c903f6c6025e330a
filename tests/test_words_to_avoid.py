"""Words that a reader cannot search for: each file's count of them may only fall.

`tests/words_to_avoid.json` holds today's counts. After a sentence was improved or a file was renamed, run
`python tests/test_words_to_avoid.py --write`; it refuses to raise a count.
"""

import ast
import io
import json
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from test_conventions import ROOT, find_files

TABLE = ROOT / "tests/words_to_avoid.json"
COMMAND = "python tests/test_words_to_avoid.py --write"

AVOIDED = (
    r"anew", r"whoever", r"nobody", r"somebody", r"is told", r"are told", r"by lot", r"stands? aside",
    r"makes? up for", r"holds? good", r"in force", r"parted by", r"its share", r"(is|are) none", r"the map knows",
    r"the map shows what", r"a moment later", r"here kind is", r"(as usual)", r"once more", r"brings? along",
    r"does as well",
)  # fmt: skip
PATTERNS = {words: re.compile(rf"\b(?:{words})\b".replace(" ", r"\s+")) for words in AVOIDED}

RAREST = {words: re.compile(max(re.findall(r"[a-z]+\??", words), key=len)) for words in AVOIDED}
"""A word of each: a file without it need not be parsed."""

THESE = {"tests/test_words_to_avoid.py"}
"""Files that name the words on purpose."""

HASH_COMMENTS = {".toml", ".yml", ".yaml", ".Dockerfile", ".conf", ".template", ".example", ".in"}
HASH_NAMES = {"Makefile", "run"}

Counts = dict[str, dict[str, int]]
"""Path -> words -> how often they occur there; nothing for a file without any."""


def read_prose(path: str, text: str) -> Iterator[str]:
    """The passages of a file that people read, without what stands there as code or as a quotation."""
    file = Path(path)
    if file.suffix == ".py":
        passages = read_python(text)
    elif file.suffix == ".md":
        passages = read_markdown(text)
    elif file.suffix == ".ipynb":
        passages = read_notebook(text)
    elif file.suffix in HASH_COMMENTS or file.name in HASH_NAMES:
        passages = join_comments(text)
    else:
        return
    for passage in passages:
        for paragraph in re.split(r"\n\s*\n", passage):
            yield re.sub(r"``?[^`]+``?|“[^”]*”|\"[^\"\n]*\"", " … ", paragraph)


def read_python(text: str) -> Iterator[str]:
    """Comments, those on consecutive lines as one, and strings; an f-string with a mark for each value."""
    lines = {
        token.start[0]: token.string.lstrip("#: ")
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    }
    yield from join_lines(lines)
    tree = ast.parse(text)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


def read_markdown(text: str) -> Iterator[str]:
    """The text without blocks of code and without block quotations."""
    text = re.sub(r"^( *)(```|~~~).*?^\1\2", "", text, flags=re.DOTALL | re.MULTILINE)
    yield re.sub(r"(?<=\n\n)(?: {4}.*\n?)+|^ {0,3}>.*$", "", text, flags=re.MULTILINE)


def read_notebook(text: str) -> Iterator[str]:
    """Text and code of the cells, without the commands to the shell."""
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield from read_markdown(source)
        else:
            yield from read_python(re.sub(r"^( *)[!%].*", r"\1pass", source, flags=re.MULTILINE))


def join_comments(text: str) -> Iterator[str]:
    """What stands after a # in each line, lines in a row as one."""
    found = {number: re.search(r"(?:^|\s)#+(.*)", line) for number, line in enumerate(text.splitlines())}
    yield from join_lines({number: match[1] for number, match in found.items() if match})


def join_lines(lines: Mapping[int, str]) -> Iterator[str]:
    """Numbered lines, those with numbers in a row as one passage."""
    passage: list[str] = []
    for number, line in lines.items():
        if number - 1 not in lines and passage:
            yield "\n".join(passage)
            passage = []
        passage.append(line)
    yield "\n".join(passage)


def find_words(path: str, text: str) -> Iterator[tuple[str, str]]:
    """Each occurrence: the words of the list, and the passage around it."""
    possible = {words: pattern for words, pattern in PATTERNS.items() if RAREST[words].search(text)}
    for passage in read_prose(path, text) if possible else ():
        for words, pattern in possible.items():
            for match in pattern.finditer(passage):
                around = passage[max(0, match.start() - 40) : match.end() + 40]
                yield words, " ".join(around.split())


def read_project() -> dict[str, list[tuple[str, str]]]:
    """Path -> its occurrences, for each file that has any."""
    paths = {path.relative_to(ROOT).as_posix(): path for path in find_files()}
    found = {path: list(find_words(path, file.read_text("utf-8"))) for path, file in paths.items() if path not in THESE}
    return {path: occurrences for path, occurrences in found.items() if occurrences}


def count(found: Mapping[str, list[tuple[str, str]]]) -> Counts:
    """How often each file uses which words."""
    return {path: dict(sorted(Counter(words for words, _ in places).items())) for path, places in found.items()}


def lower(allowed: Counts, actual: Counts) -> Counts:
    """The next table: today's counts. What left one file may turn up in another that had none, as after a rename.

    Raises:
        ValueError: words occur more often than before in a file, and moved there from no other.
    """
    left: Counter[str] = Counter()
    for path, counts in allowed.items():
        left += Counter(counts) - Counter(actual.get(path, {}))
    for path, counts in actual.items():
        more = Counter(counts) - Counter(allowed.get(path, {}))
        if more and (path in allowed or more - left):
            raise ValueError(f"{path} has more of the words to avoid than before: {', '.join(sorted(more))}")
        left -= more
    return dict(sorted(actual.items()))


def write_table(counts: Counts) -> None:
    """One line per file, so that changes of two branches rarely meet."""
    lines = ",\n".join(f"  {json.dumps(path)}: {json.dumps(words)}" for path, words in counts.items())
    TABLE.write_text(f"{{\n{lines}\n}}\n", "utf-8")


def read_table() -> Counts:
    """The counts that are allowed."""
    counts: Counts = json.loads(TABLE.read_text("utf-8"))
    return counts


def test_no_file_has_more_words_to_avoid_than_its_allowance_and_none_has_fewer() -> None:
    allowed, found = read_table(), read_project()
    actual = count(found)
    more, fewer = [], []
    for path in sorted(allowed.keys() | actual.keys()):
        counts, limit = Counter(actual.get(path, {})), Counter(allowed.get(path, {}))
        more += [f"{path}: …{around}…" for words, around in found.get(path, []) if counts[words] > limit[words]]
        fewer += [path] if limit - counts else []
    assert more == [], "use the standard term instead (see AVOIDED in tests/test_words_to_avoid.py)"
    assert fewer == [], f"fewer words to avoid than the allowance, so lower it: {COMMAND}"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "# it starts\n# anew\n"),
        ("a.py", 'def f():\n    """It starts anew."""\n'),
        ("a.py", "x = f'{1} starts anew'\n"),
        ("a.py", "x = ('it starts '\n     'anew')\n"),
        ("a.md", "It starts\nanew.\n"),
        ("a.toml", "x = 1  # it starts anew\n"),
        ("a.yml", "# it starts\n# anew\n"),
        ("a.ipynb", '{"cells": [{"cell_type": "markdown", "source": ["It starts ", "anew"]}]}'),
    ],
)
def test_words_are_found_wherever_people_read(path: str, text: str) -> None:
    assert [words for words, _ in find_words(path, text)] == ["anew"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "anew = nobody = 1\n"),
        ("a.py", "# `anew` and renewed; Anew\n"),
        ("a.py", "x = 'the user `nobody`'\n"),
        ("a.md", '    anew\n\n```\nanew\n```\n`anew` and “anew”, "anew"\n\n> anew\n'),
        ("a.toml", 'x = "anew"\n'),
        ("a.json", '{"x": "anew"}'),
    ],
)
def test_code_quotations_and_parts_of_words_are_left_alone(path: str, text: str) -> None:
    assert list(find_words(path, text.replace("    anew", "x\n\n    anew", 1))) == []


def test_words_of_two_lines_are_found() -> None:
    assert [words for words, _ in find_words("a.md", "That\nstands\naside, and what makes up\nfor it.")] == [
        "stands? aside", "makes? up for",
    ]  # fmt: skip


def test_the_table_follows_a_rename_and_an_improvement() -> None:
    assert lower({"a": {"anew": 2}, "b": {"anew": 1}}, {"c": {"anew": 2}}) == {"c": {"anew": 2}}


@pytest.mark.parametrize(
    ("allowed", "actual"),
    [
        ({"a": {"anew": 1}}, {"a": {"anew": 2}}),
        ({"a": {"anew": 1}}, {"a": {"nobody": 1}}),
        ({"a": {"anew": 1}, "b": {"anew": 1}}, {"a": {"anew": 2}}),
        ({"a": {"anew": 1}}, {"b": {"anew": 2}}),
        ({}, {"a": {"anew": 1}}),
    ],
)
def test_the_table_refuses_to_rise(allowed: Counts, actual: Counts) -> None:
    with pytest.raises(ValueError, match="more of the words to avoid than before"):
        lower(allowed, actual)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {COMMAND}")
    try:
        write_table(lower(read_table(), count(read_project())))
    except ValueError as error:
        sys.exit(str(error))
