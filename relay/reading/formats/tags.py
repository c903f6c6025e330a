"""Which parts of HTML and TEI hold no text of the author, and which begin a new line."""

from collections.abc import Mapping


def _split(names: str) -> frozenset[str]:
    return frozenset(names.split())


HTML_PARTS: Mapping[str, frozenset[str]] = {
    "headings": frozenset(("h1", "h2", "h3", "h4", "h5", "h6")),
    "notes": frozenset(("aside", "footer")),
    "quotations": frozenset(("blockquote", "q")),
    "tables": frozenset(("table",)),
    "links": frozenset(("a",)),
}
"""Part that a recipe may leave out -> its elements."""

NOTE_CLASSES = ("footnote", "endnote", "sidenote", "noteref", "doc-footnote", "doc-endnote", "doc-noteref")
"""Beginnings of words in `class`, `role` and `epub:type` of a note. Source: DPUB-ARIA 1.1, and Gutenberg's HTML."""

HTML_NEVER = frozenset(
    ("script", "style", "head", "template", "noscript", "nav", "svg", "math", "iframe", "object", "select", "button")
)
"""What a browser does not show as text, or is no part of the text."""

HTML_BLOCKS = _split(
    "address article aside blockquote body br caption center dd details div dl dt figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr html li main ol option p pre section summary table td th tr ul"
)

HTML_VOID = _split("area base br col embed hr img input link meta source track wbr")
"""Elements without an end. Source: HTML Living Standard, 13.1.2."""

XML_PARTS: Mapping[str, frozenset[str]] = {
    "headings": frozenset(("head", "trailer", "argument", "byline", "opener", "closer", "titlePage")),
    "notes": frozenset(("note", "noteGrp")),
    "quotations": frozenset(("q", "quote", "cit", "said")),
    "tables": frozenset(("table",)),
    "speakers": frozenset(("speaker",)),
    "stage_directions": frozenset(("stage", "set", "castList")),
    "front_and_back": frozenset(("front", "back")),
}

XML_NEVER = frozenset(("teiHeader", "facsimile", "sourceDoc", "standOff", "fw", "rdg", "figDesc", "xenoData"))
"""Description, images and running heads; of an apparatus the lemma is read. Source: TEI P5 Guidelines 4.9."""

XML_ALTERNATIVES = frozenset(("sic", "orig", "abbr"))
"""Inside `choice`, what the edition gives another reading of."""

XML_BLOCKS = _split(
    "TEI text body front back group div div1 div2 div3 div4 div5 div6 div7 p ab l lg sp speaker stage head item "
    "list label note cell row table opener closer salute signed dateline trailer epigraph argument byline "
    "titlePage docTitle titlePart castList castItem quote cit figure lb section chapter title para"
)

PARTS = tuple(dict.fromkeys([*HTML_PARTS, *XML_PARTS]))
"""What `leave_out` may name."""
