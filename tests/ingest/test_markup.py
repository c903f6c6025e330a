"""HTML and XML: the words between the tags, without what a recipe leaves out; hostile files are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from relay.handoff.errors import RecipeError, SourceError

Read = Callable[..., Any]
TEXT = {"text": {"type": "text"}}

PAGE = """<!DOCTYPE html>
<html><head><title>Emma</title><style>p { color: red }</style></head>
<body><nav>Menu</nav><h1>Chapter&nbsp;1</h1>
<p>Emma <i>Wood</i>house,<a class="footnote-ref" href="#n">[1]</a> handsome
  &amp; clever.<p>She was <b>twenty</b>-one.<br>Nearly.
<script>alert("x")</script>
<aside class="footnote"><p>A note.</p></aside>
<div class="poem">End</div></body></html>"""

TEI = """<?xml version="1.0" encoding="utf-8"?>
<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><p>Edited by A.</p></teiHeader>
<text><front><p>To the reader.</p></front><body><div><head>Act 1</head>
<sp><speaker>HAMLET</speaker><l>Words, <choice><sic>wrods</sic><corr>words</corr></choice>,<note>Q2</note> words.</l>
<l>Be<lb break="no"/>tween who?<pb n="2"/>I mean</l></sp><stage>Exit</stage></div></body></text></TEI>"""


def texts(reading: Any) -> list[str]:
    return [row["text"] for row in reading.rows]


def test_a_page_gives_its_text_a_line_a_block(read: Read) -> None:
    assert texts(read("emma.html", PAGE, TEXT)) == [
        "Chapter 1\nEmma Woodhouse,[1] handsome & clever.\nShe was twenty-one.\nNearly.\nA note.\nEnd"
    ]


def test_headings_and_notes_of_a_page_can_be_left_out(read: Read) -> None:
    assert texts(read("emma.html", PAGE, TEXT, leave_out=["headings", "notes"])) == [
        "Emma Woodhouse, handsome & clever.\nShe was twenty-one.\nNearly.\nEnd"
    ]


def test_an_edition_gives_its_text_without_the_header_and_with_the_corrected_reading(read: Read) -> None:
    assert texts(read("hamlet.xml", TEI, TEXT)) == [
        "To the reader.\nAct 1\nHAMLET\nWords, words,\nQ2\nwords.\nBetween who? I mean\nExit"
    ]


def test_parts_of_an_edition_can_be_left_out(read: Read) -> None:
    left_out = ["headings", "notes", "speakers", "stage_directions", "front_and_back"]
    assert texts(read("hamlet.xml", TEI, TEXT, leave_out=left_out)) == ["Words, words, words.\nBetween who? I mean"]


def test_patterns_split_the_text_and_the_name_gives_the_label(read: Read) -> None:
    columns = {**TEXT, "author": {"type": "category"}, "act": {"type": "text"}}
    patterns = {"item_pattern": "^(?P<author>[^_]+)_", "document": r"^Act (?P<act>\d+)$"}
    rows = read("shakespeare_hamlet.xml", TEI, columns, leave_out=["notes", "speakers"], **patterns).rows
    assert rows == [{"author": "shakespeare", "act": "1", "text": "Words, words, words.\nBetween who? I mean\nExit"}]


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        ('<meta charset="iso-8859-1"><p>é'.encode("latin-1"), None),
        ("<p>é".encode("cp1252"), "cp1252"),
        ("<p>é".encode("utf-16"), None),
        ("\ufeff<p>é".encode(), None),
    ],
)
def test_the_encoding_of_a_page_is_its_own_or_that_of_the_recipe(read: Read, content: bytes, declared: str) -> None:
    assert texts(read("a.html", content, TEXT, **({"encoding": declared} if declared else {}))) == ["é"]


def test_the_encoding_of_an_edition_stands_in_it(read: Read) -> None:
    content = '<?xml version="1.0" encoding="ISO-8859-1"?><p>é</p>'.encode("latin-1")
    assert texts(read("a.xml", content, TEXT)) == ["é"]


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><p>&b;</p>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><p>&e;</p>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><p>x</p>'


@pytest.mark.parametrize("content", [BOMB, OUTSIDE, PARAMETER])
def test_entities_are_refused_before_they_grow_or_read_anything(read: Read, content: str) -> None:
    with pytest.raises(SourceError, match=r"a\.xml: it declares the entity '[aep]', and files that do can grow"):
        read("a.xml", content, TEXT)


def test_a_declared_type_is_not_fetched_and_the_names_of_html_are_known(read: Read) -> None:
    outside = '<!DOCTYPE TEI SYSTEM "http://127.0.0.1:9/tei.dtd"><p>na&iuml;ve</p>'
    assert texts(read("a.xml", outside, TEXT)) == ["naïve"]
    with pytest.raises(SourceError, match="the entity &own; is not explained"):
        read("a.xml", outside.replace("iuml", "own"), TEXT)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xml", "<p>one<p>", r"not well-formed XML: no element found at line 1, column 10"),
        ("a.xml", "<a>" * 600 + "x" + "</a>" * 600, "more than 500 elements lie within each other"),
        ("a.xml", "<p> </p>", "no text stands between its tags"),
        ("a.html", b"<p>\xff", "the page is not utf-8"),
        ("a.html", b'<meta charset="nonsense"><p>x', 'it is written in "nonsense", which is unknown'),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(read: Read, name: str, content: Any, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        read(name, content, TEXT)


def test_plain_text_has_nothing_to_leave_out(read: Read) -> None:
    with pytest.raises(RecipeError, match="says leave_out, a key of html and xml"):
        read("a.txt", "x", TEXT, leave_out=["notes"])
