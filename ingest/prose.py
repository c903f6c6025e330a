"""Running English from documentation strings: pure functions with the same result on every Python.

The lines lose what is not prose (code, directives, tables, headings, names of parameters), the rest falls into
paragraphs, their markup becomes plain words, and whole sentences stay. A sentence with a formula, an address or code
in it goes as a whole: a hole would read as its author's mistake. In doubt a sentence goes; there are plenty.
"""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, Literal, NamedTuple


class Line(NamedTuple):
    """A line of a docstring: how far it is indented, in columns, and its text without that."""

    indent: int
    text: str


class Section(NamedTuple):
    """What the lines below a heading hold, and how that heading was written: underlined, or with a colon (Google)."""

    kind: Literal["prose", "parameters", "skipped"]
    indent: int
    is_google: bool


Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (
    *(ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With),
    *(ast.AsyncWith, ast.Try, ast.TryStar, ast.ExceptHandler, ast.Match, ast.match_case),
)
BLOCK_PARTS = ("body", "cases", "handlers", "orelse", "finalbody")

BLANK: Final = Line(0, "")
BODY: Final = Section("prose", 0, is_google=False)
COLUMNS_PER_TAB = 8  # as Python's own tokenizer counts
MINIMUM_WORDS = 5  # shorter ones are labels ("Input array."), not sentences
PLAIN_SHARE = 0.7  # of a sentence's words; below that it is a formula or a list of names

# The bodies of these directives are prose; those of all others are code, figures, cross references, version marks.
PROSE_DIRECTIVE = re.compile(
    r"\.\. (?:note|warning|tip|hint|important|caution|attention|danger|admonition|topic)::(?P<text>.*)"
)
MARKUP = re.compile(r"\.\.(?: |$)|:(?:r?type|vartype)\b[^:]*:")
CODE_PROMPT = re.compile(r">>>|(?:In|Out) ?\[\d*\]:")
TABLE_LINE = re.compile(r"(?:[=-]{2,}(?: +[=-]{2,})+|\+[-=+]{3,}\+|\|.*\|)$")
TABLE_GAPS = re.compile(r"\S {3,}\S.*\S {3,}\S|[^.!?] {5,}\S")

UNDERLINE = re.compile(r"([-=~^\"'`#*+_])\1{2,}$")
PARAMETERS = r"(?:(?:other |keyword )?(?:parameters?|arguments?|args)|returns?|yields?|receives|attributes)"
SKIPPED = r"(?:see also|references?|raises|warns|methods|bibliography|authors?)"
PARAMETERS_HEADING = re.compile(rf"{PARAMETERS}:?$", re.IGNORECASE)
SKIPPED_HEADING = re.compile(rf"{SKIPPED}:?$", re.IGNORECASE)
GOOGLE_HEADING = re.compile(rf"(?:{PARAMETERS}|{SKIPPED}|examples?|notes?|warnings?|todo):$", re.IGNORECASE)

TYPED_NAME = re.compile(r"\S.* : ?\S|.*\S :$")  # numpydoc: "axis : int, optional"
GOOGLE_NAME = re.compile(r"\*{0,2}\w+(?: \([^)]*\))?: +(?=\S)")  # "axis (int): Along which ..."
ITEM = re.compile(
    r"(?:[-*+•]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]|#\.) +(?=\S)"  # a bullet, a number
    r"|:[a-z]+(?: [^:`]+)?:(?: +|$)"  # Sphinx: ":param axis:"
)

HOLE = "\ufffd"  # stands for what has no words; its sentence goes
LITERAL = re.compile(r"``(.+?)``")
LITERAL_WORDS = re.compile(r"[\w.' \"-]+(?:\(\))?")
ROLE = re.compile(r":(?P<role>[\w:.+-]+):`(?P<text>[^`]*)`")
ROLES_OF_NUMBERS_AND_LABELS = frozenset({"math", "eq", "ref", "doc", "numref", "pep", "rfc", "cite", "issue", "ticket"})
QUALIFIER = re.compile(r"^(?:~(?:.*\.)?|[.!]+|_\w+\.)")  # "~numpy.linalg." as Sphinx hides it, SQLAlchemy's "_orm."
TITLED_LINK = re.compile(r"`([^`<]+?)\s*<[^`>]*>`_{0,2}")
QUOTED = re.compile(r"`~?([^`]+)`_{0,2}")
ESCAPED = re.compile(r"\\([*_`|\\])")
FORMULA = re.compile(r"\$[^$]+\$")
CITATION = re.compile(r"\s*\[[\w#*.+-]+\]_")
NEEDS_CITATION = re.compile(
    r"(?:^|[.,;:(]|\b(?:in|by|of|from|see|and|to|or|with|on|per|also|than|at|is|ref|reference|the))$", re.IGNORECASE
)
EMPHASIS = re.compile(r"(?<![\w*])(\*{1,2})(?=\S)([^*]+?)(?<=\S)\1(?!\w)")
LEADING_STARS = re.compile(r"(?<![\w*])\*{1,2}(?=[A-Za-z])")  # "*args"
NAMED_LINK = re.compile(r"(?<=\w)_{1,2}(?=[\s.,;:)]|$)")  # "the tutorial_"
WORD_BREAK = re.compile(r"-\n(?<=\w-\n)")  # "non-" at the end of a line

SENTENCE_GAP = re.compile(
    r" (?:(?<=[.!?] )|(?<=[.!?][\"')] ))(?=[\"'(]*[A-Z0-9])"
    r"(?<![eE]\.g\. )(?<!i\.e\. )(?<!\bcf\. )(?<!\bvs\. )(?<!\bal\. )(?<!\b[A-Z]\. )"  # abbreviations, initials
)
COMPLETE = re.compile(r"[\"'(]?[A-Z0-9].*[.!?][\"')]*$")
NOT_PROSE = re.compile(
    r"[\ufffd`{}|\\=<>~^@#$*+\[\]\t]"  # code, addresses, left-over markup
    r"|::|->|%\(|https?:|www\.|\.\.\.\w"
    r"|\b[A-Za-z]?_|_\b"  # private names, indexed symbols
    r"| (?:[,;:!?)]|\. |\.$)|\( "  # space where something was lost
)
CUT_OFF = frozenset({"e.g.", "i.e.", "see.", "See.", "as.", "like.", "and.", "or.", "the.", "an."})  # code came next
PLAIN_WORD = re.compile(r"(?<!\S)[\"'(]*[A-Za-z][a-z'’-]*[.,;:!?\"')]*(?!\S)")


def module_docstrings(source: str | bytes) -> list[str]:
    """The docstrings of a module, its classes and its functions, in order of appearance, as written.

    Bytes are decoded as Python does it: by the declaration in the first lines, else as UTF-8.

    Raises:
        SyntaxError: The source is not Python, or not in its encoding.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes of other people; the text is the same on every Python
        tree = ast.parse(source)
    return [docstring for block in _documented_blocks(tree) if (docstring := _docstring_of(block)) is not None]


def extract_prose(docstring: str) -> str:
    """The sentences of a docstring: one line a paragraph, an empty line between two; "" when it has none."""
    lines = _drop_sections(_drop_tables(_drop_markup(_lines_outside_examples(docstring))))
    paragraphs = (_keep_sentences(_plain_words(paragraph)) for paragraph in _paragraphs(lines))
    return "\n\n".join(filter(None, paragraphs))


def _documented_blocks(tree: ast.Module) -> Iterator[Documented]:
    """Modules, classes and functions; only statements that hold others are visited, without recursion."""
    pending: list[ast.AST] = [tree]
    while pending:
        block = pending.pop()
        if isinstance(block, Documented):
            yield block
        children = [child for part in BLOCK_PARTS for child in getattr(block, part, ()) if isinstance(child, BLOCKS)]
        pending += reversed(children)


def _docstring_of(block: Documented) -> str | None:
    match block.body:
        case [ast.Expr(value=ast.Constant(value=str(text))), *_]:
            return text
    return None


def _lines_outside_examples(docstring: str) -> list[Line]:
    """The lines of a docstring, less its examples: from a prompt to the next empty line.

    The first line stands beside the quotes, so its indent is that of the least indented of the others.
    """
    lines = []
    in_example = False
    for raw in docstring.expandtabs(COLUMNS_PER_TAB).split("\n"):
        text = raw.lstrip()
        in_example = bool(text) and (in_example or CODE_PROMPT.match(text) is not None)
        if not in_example:
            lines.append(Line(len(raw) - len(text), text.rstrip()) if text else BLANK)
    margin = min((line.indent for line in lines[1:] if line.text), default=0)
    return [lines[0]._replace(indent=margin), *lines[1:]] if lines else []


def _drop_markup(lines: list[Line]) -> list[Line]:
    """Without directives, comments and what is indented below them, and without blocks of code after "::"."""
    kept: list[Line] = []
    dropped_beyond: int | None = None
    opener: int | None = None
    for line in lines:
        if line.text and opener is not None:
            dropped_beyond = line.indent - 1 if line.indent > opener else None
            opener = None
        if not line.text:
            kept.append(BLANK)
            continue
        if dropped_beyond is not None and line.indent > dropped_beyond:
            continue
        dropped_beyond = None
        if directive := PROSE_DIRECTIVE.match(line.text):
            kept += [BLANK, Line(line.indent + 3, directive["text"].strip())]
        elif MARKUP.match(line.text):
            dropped_beyond = line.indent
            kept.append(BLANK)
        else:
            opener = line.indent if line.text.endswith("::") else None
            kept.append(line)
    return kept


def _drop_tables(lines: list[Line]) -> list[Line]:
    kept: list[Line] = []
    block: list[Line] = []
    for line in [*lines, BLANK]:
        if line.text:
            block.append(line)
            continue
        if not any(TABLE_LINE.match(row.text) for row in block):
            kept += [BLANK if "   " in row.text and TABLE_GAPS.search(row.text) else row for row in block]
        kept.append(BLANK)
        block = []
    return kept


def _drop_sections(lines: list[Line]) -> list[Line]:
    """Without headings, sections of references and errors, and the "name : type" lines of parameters."""
    kept = []
    section = BODY
    for line, below in pairwise([*lines, BLANK]):
        if not line.text:
            kept.append(line)
            continue
        section, is_heading = _section_at(line, below, section)
        if is_heading or section.kind == "skipped" or UNDERLINE.match(line.text) or _is_term(line, below, section):
            kept.append(BLANK)
        elif section.kind == "parameters" and section.is_google:
            kept.append(Line(line.indent, GOOGLE_NAME.sub("- ", line.text)))
        else:
            kept.append(line)
    return kept


def _section_at(line: Line, below: Line, section: Section) -> tuple[Section, bool]:
    """The section that a line belongs to, and whether the line is its heading."""
    is_underlined = UNDERLINE.match(below.text) is not None
    if is_underlined or (line.text.endswith(":") and GOOGLE_HEADING.match(line.text)):
        return Section(_kind_of(line.text), line.indent, not is_underlined), True
    if section.is_google and line.indent <= section.indent:
        return BODY, False
    return section, False


def _kind_of(heading: str) -> Literal["prose", "parameters", "skipped"]:
    if SKIPPED_HEADING.match(heading):
        return "skipped"
    return "parameters" if PARAMETERS_HEADING.match(heading) else "prose"


def _is_term(line: Line, below: Line, section: Section) -> bool:
    """Whether a line names what the lines below it, indented more, describe."""
    has_description = below.indent > line.indent and not ITEM.match(line.text)
    if section.kind == "parameters" and not section.is_google and line.indent == section.indent:
        return has_description or TYPED_NAME.match(line.text) is not None
    return has_description and TYPED_NAME.match(line.text) is not None


def _paragraphs(lines: Iterable[Line]) -> Iterator[str]:
    """Lines joined by newlines; a list's item, and a line less indented than the one above, begin a paragraph."""
    paragraph: list[str] = []
    indent = 0
    for line in [*lines, BLANK]:
        item = ITEM.match(line.text)
        if paragraph and (not line.text or item or line.indent < indent):
            yield "\n".join(paragraph)
            paragraph = []
        if line.text:
            paragraph.append(line.text[item.end() :] if item else line.text)
            indent = line.indent


def _plain_words(text: str) -> str:
    """A paragraph on one line without its markup; what has no words is a HOLE."""
    text = WORD_BREAK.sub("-", text)
    if "`" in text:
        text = LITERAL.sub(lambda found: found[1] if LITERAL_WORDS.fullmatch(found[1]) else HOLE, text)
        text = ROLE.sub(_role_words, text)
        text = QUOTED.sub(r"\1", TITLED_LINK.sub(r"\1", text))
    if "\\" in text:
        text = ESCAPED.sub(r"\1", text)
    if "$" in text:
        text = FORMULA.sub(HOLE, text)
    if "]_" in text:
        text = CITATION.sub(lambda found: HOLE if NEEDS_CITATION.search(text[: found.start()]) else "", text)
    if "*" in text:
        text = LEADING_STARS.sub("", EMPHASIS.sub(r"\2", text))
    if "_" in text:
        text = NAMED_LINK.sub("", text)
    return " ".join(text.split())


def _role_words(found: re.Match[str]) -> str:
    title, has_target, _ = found["text"].partition("<")
    if has_target:
        return title.strip() or HOLE
    if found["role"].rpartition(":")[2] in ROLES_OF_NUMBERS_AND_LABELS:
        return HOLE
    return QUALIFIER.sub("", title)


def _keep_sentences(paragraph: str) -> str:
    return " ".join(sentence for sentence in SENTENCE_GAP.split(paragraph) if _is_prose(sentence))


def _is_prose(sentence: str) -> bool:
    words = sentence.split(" ")
    return (
        len(words) >= MINIMUM_WORDS
        and words[-1] not in CUT_OFF
        and COMPLETE.match(sentence) is not None
        and NOT_PROSE.search(sentence) is None
        and sentence.count("(") == sentence.count(")")
        and sentence.count('"') % 2 == 0
        and len(PLAIN_WORD.findall(sentence)) >= PLAIN_SHARE * len(words)
    )
