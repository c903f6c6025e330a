"""Small CSV files, the keys and options by which Relay and pandas read them, and where Relay reads otherwise."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """A file, and both ways to say how it is written."""

    content: bytes
    keys: dict[str, Any] = field(default_factory=dict)
    """Of the recipe."""
    options: dict[str, Any] = field(default_factory=dict)
    """Of `pandas.read_csv`."""
    names: str = "a b"
    """The declared columns."""
    rejected: tuple[int, ...] = ()
    """Numbers of the rows that Relay rejects and pandas fills, cuts or refuses."""
    blank: tuple[int, ...] = ()
    """Numbers of the rows that Relay leaves out and counts, and pandas reads as rows without a value or skips."""
    refused: str = ""
    """What the message says where Relay does not read the file."""


def case(
    text: str | bytes, keys: dict[str, Any] | None = None, options: dict[str, Any] | None = None, **more: Any
) -> Case:
    """A case from text."""
    return Case(text.encode() if isinstance(text, str) else text, keys or {}, options or {}, **more)


SEMICOLON: dict[str, Any] = {"sep": ";"}
RAW: dict[str, Any] = {"quoting": 3}

CASES = {
    # quotes
    "quoted cells": case('a,b\n"x","y"\n"1","2"\n'),
    "some quoted": case('a,b\n"x",y\n1,"2"\n'),
    "delimiter in quotes": case('a,b\n"x,y",z\n'),
    "line break in quotes": case('a,b\n"x\ny",z\n'),
    "CRLF in quotes": case('a,b\r\n"x\r\ny",z\r\n'),
    "doubled quotes": case('a,b\n"say ""hi""",z\n"""",""\n"""""",x\n'),
    "quote inside a cell": case('a,b\n17" screen,z\nx,5\'6"\n'),
    "text behind a closing quote": case('a,b\n"x"y,z\n"x" ,z\n'),
    "blank before a quote": case('a,b\n "x",z\n'),
    "quoted header": case('"a","b"\nx,y\n'),
    "header over two lines": case('"a","b\nc"\nx,y\n', names="a|b\nc"),
    "header with a delimiter": case('"a","b, c"\nx,y\n', names="a|b, c"),
    "single quotes": case("a,b\n'x,y','z'\n", {"quote": "'"}, {"quotechar": "'"}),
    "single quotes doubled": case("a,b\n'it''s',z\n", {"quote": "'"}, {"quotechar": "'"}),
    "no quotes at all": case('a,b\n"x",y"\n"z,w\n', {"quote": ""}, RAW),
    "bars as quotes": case('a,b\n|x,"y|,z\n', {"quote": "|"}, {"quotechar": "|"}),
    "open quote": case('a,b\nx,y\n"z,w\n', refused="a quote is opened and never closed"),
    # escapes
    "escaped quote": case('a,b\n"x \\" y",z\n', {"escape": "\\"}, {"escapechar": "\\"}),
    "escaped delimiter": case("a,b\nx\\,y,z\n", {"escape": "\\"}, {"escapechar": "\\"}),
    "escaped line break": case("a,b\nx\\\ny,z\n", {"escape": "\\"}, {"escapechar": "\\"}),
    "escaped escape": case("a,b\nx\\\\,z\n", {"escape": "\\"}, {"escapechar": "\\"}),
    "escape that is text": case("a,b\nC:\\x,z\\\n"),
    "no quotes and escapes": case('a,b\n"x\\,y,z\n', {"quote": "", "escape": "\\"}, RAW | {"escapechar": "\\"}),
    # line ends
    "CRLF": case("a,b\r\nx,y\r\nz,w\r\n"),
    "CR": case("a,b\rx,y\rz,w\r"),
    "no last line break": case("a,b\nx,y"),
    "no last line break, last cell empty": case("a,b\nx,"),
    "mixed line ends": case("a,b\r\nx,y\nz,w\r\n"),
    "empty lines": case("a,b\n\nx,y\n\n\nz,w\n\n"),
    "empty lines first": case("\n\na,b\nx,y\n"),
    "many empty lines last": case("a,b\nx,y\n" + "\n" * 20),
    # delimiters
    "semicolon": case("a;b\nx;1,5\n", options=SEMICOLON),
    "semicolon that is said": case("a;b\nx;1,5\n", {"delimiter": ";"}, SEMICOLON),
    "tab": case("a\tb\nx\ty z\n", options={"sep": "\t"}),
    "bar": case("a|b\nx|y\n", options={"sep": "|"}),
    "colon": case("a:b\nx:y\n", {"delimiter": ":"}, {"sep": ":"}),
    "blank": case('a b\n"x y" z\n', {"delimiter": " "}, {"sep": " "}),
    "tilde": case("a~b\nx~y\n", {"delimiter": "~"}, {"sep": "~"}),
    "another one than said": case("a;b\nx;y\n", {"delimiter": ","}, refused='say delimiter = ";"'),
    # encodings
    "UTF-8": case("a,b\nÄ,日本\n"),
    "UTF-8 with a mark": case("\ufeffa,b\nÄ,y\n", options={"encoding": "utf-8-sig"}),
    "UTF-16": case("a,b\nÄ,日本\n".encode("utf-16"), options={"encoding": "utf-16"}),
    "UTF-16 big end first": case(
        "a,b\nÄ,y\n".encode("utf-16-be"), {"encoding": "utf-16-be"}, {"encoding": "utf-16-be"}
    ),
    "UTF-16 without a mark": case("a,b\nx,y\n".encode("utf-16-le"), refused='it looks like encoding = "utf-16-le"'),
    "cp1252": case("a,b\nÄ,5 €\n".encode("cp1252"), options={"encoding": "cp1252"}),
    "cp1252 that is said": case("a,b\nÄ,€\n".encode("cp1252"), {"encoding": "cp1252"}, {"encoding": "cp1252"}),
    "latin-1": case("a,b\nÄ,y\n".encode("latin-1"), {"encoding": "latin-1"}, {"encoding": "latin-1"}),
    "cp1251": case("a,b\nПривет,y\n".encode("cp1251"), {"encoding": "cp1251"}, {"encoding": "cp1251"}),
    "Shift JIS": case("a,b\nソ表,y\n".encode("shift-jis"), {"encoding": "shift-jis"}, {"encoding": "shift-jis"}),
    "GB18030": case("a,b\n联通,y\n".encode("gb18030"), {"encoding": "gb18030"}, {"encoding": "gb18030"}),
    "UTF-8 called cp1252": case("a,b\nÄ,y\n", {"encoding": "cp1252"}, refused="are UTF-8"),
    "cp1252 called UTF-8": case(
        "a,b\nÄ,y\nx,z\n".encode("cp1252"), {"encoding": "utf-8"}, {"encoding_errors": "replace"}, rejected=(1,)
    ),
    # blanks
    "blanks around cells": case("a,b\n x , y \n"),
    "blanks around names": case(" a , b \nx,y\n", options={"names": ["a", "b"], "header": 0}),
    "empty cells": case("a,b\n,y\nx,\n"),
    "rows of empty cells": case("a,b\nx,y\n,\nz,w\n", blank=(2,)),
    "rows of blanks": case("a,b\nx,y\n  \n , \n\t\nz,w\n", blank=(2, 3, 4)),
    "quoted empty cells": case('a,b\n"",""\nx,""\n', blank=(1,)),
    "words for nothing": case("a,b\nNA,null\n-,?\n"),
    # comments
    "comment lines": case('#1\na,b\n#2\nx,y\n#3, "4\nz,w\n#5', {"comment": "#"}, {"comment": "#"}),
    "comment sign in quotes": case('a,b\n"x#y",z\n"#x",z\n"k\n#l",m\n', {"comment": "#"}, {"comment": "#"}),
    "comment inside a row": case("a,b\nx,y # z\n", {"comment": "#"}, refused="stands inside a row, near x,y # z"),
    "comment sign that is text": case("a,b\n#x,y\n"),
    "only comments": case("#x\n#y\n", {"comment": "#"}, refused="no header: every line is empty, a comment"),
    # preambles and headers
    "preamble": case("Export of 2024\na,b\nx,y\n", options={"skiprows": 1}),
    "preamble that is said": case("Export, of 2024\na,b\nx,y\n", {"skip_rows": 1}, {"skiprows": 1}),
    "preamble of several lines": case("Export\n\nby me;\na;b\nx;y\n", options={"skiprows": 3, "sep": ";"}),
    "Excel's line": case("sep=;\na;b\nx;y\n", options={"skiprows": 1, "sep": ";"}),
    "no header": case("x,y\nz,w\n", {"header": False}, {"header": None, "names": ["a", "b"]}),
    "no header, semicolon": case("x;y\nz;w\n", {"header": False}, {"header": None, "names": ["a", "b"], "sep": ";"}),
    "two header rows": case(
        "p,q\na,b\nx,y\n", {"header": 2}, {"header": None, "skiprows": 2, "names": ["p a", "q b"]}, names="p a|q b"
    ),
    "three header rows": case(
        "p,\nq,r\na,b\nx,y\n",
        {"header": 3, "header_separator": "."},
        {"header": None, "skiprows": 3, "names": ["p.q.a", "p.r.b"]},
        names="p.q.a|p.r.b",
    ),
    "only a header": case("a,b\n"),
    "only a header, no line break": case("a,b"),
    "another order": case("b,a\nx,y\n"),
    # widths
    "too few cells": case("a,b\nx,y\nz\nw,v\n", rejected=(2,)),
    "too many cells": case("a,b\nx,y\nz,w,v\nu,t\n", options={"on_bad_lines": "skip"}, rejected=(2,)),
    "a delimiter at each end": case("a,b\nx,y,\nz,w,\n", rejected=(1, 2)),
    "one column": case("a\nx\ny\n", names="a"),
    "one column with empty lines": case("a\nx\n\ny\n", options={"skip_blank_lines": False}, names="a"),
    "one column of quoted nothing": case('a\n""\nx\n', options={"skip_blank_lines": False}, names="a"),
    "one cell": case("a", names="a"),
    "wide": case(
        ",".join(f"c{n}" for n in range(300)) + "\n" + ",".join(map(str, range(300))) + "\n",
        names=" ".join(f"c{n}" for n in range(300)),
    ),
    "a long cell": case("a,b\n" + "x" * 300_000 + ",y\n"),
    "empty": case("", refused="the file is empty"),
    "blank file": case(" \n\n", refused="the file is empty"),
    # texts that look like something else
    "numbers as texts": case("a,b\n007,1E5\n0x1F,1.50\n1_000,+5\n"),
    "zero bytes": case(b"a,b\nx\x00,y\n", refused="no text, or UTF-16"),
}
