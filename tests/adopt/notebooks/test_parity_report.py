"""The report says what was compared, and nothing that stands in a notebook becomes part of the page."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from adopt.notebooks.plan import CellRef
from adopt.notebooks.report import (
    LeftOutLine,
    PartLine,
    RemarkLine,
    Report,
    StaleCell,
    read_written,
    summarise,
    write_json,
    write_lines,
)
from adopt.notebooks.report_html import write_html
from adopt.notebooks.verdicts import Images, Item, ItemKind, Verdict

PNG = b"\x89PNG\r\n\x1a\n"
EVIL = '<script>alert("x")</script>'
FRAME = Item(ItemKind.FRAME, "df", Verdict.EXACT, CellRef(0, 4), "preprocess", values=("150 x 4", "150 x 4"))
METRIC = Item(ItemKind.METRIC, "r2", Verdict.SEEDED, CellRef(0, 7), "model", why="cell 6 draws unseeded numbers")
FIGURE = Item(ItemKind.FIGURE, "prices", Verdict.EXACT, CellRef(0, 8), "model", images=Images(PNG, PNG))
BROKEN = replace(METRIC, verdict=Verdict.DIFFERS, why="", differences=("0.9 in the notebook, 0.8 in the recipe",))


def make(*items: Item) -> Report:
    return Report(
        "houses",
        ("houses.ipynb",),
        items,
        parts=(PartLine("ingest", "load", (CellRef(0, 2), CellRef(0, 3))),),
        left_out=(LeftOutLine(CellRef(0, 5), f"df.head()  # {EVIL}", "shows"),),
        stale=(StaleCell(CellRef(0, 7), f"0.9 {EVIL}", "0.8"),),
        remarks=(RemarkLine("leak", f"{EVIL} is fitted on all rows.", (CellRef(0, 6),)),),
        files={"recipes/houses.toml": "ab"},
    )


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ((FRAME, FIGURE), "Equal: 1 frame and 1 figure."),
        ((FRAME, METRIC, FIGURE), "Equal when seeded: 1 frame, 1 metric and 1 figure."),
        ((FRAME, BROKEN), "Not equal: 1 of 2 comparisons (1 frame and 1 metric)."),
        ((FRAME, replace(BROKEN, accepted="rounding")), "Equal: 1 frame and 1 metric, 1 with an accepted difference."),
        ((), "Nothing was compared."),
    ],
)
def test_the_outcome_is_one_sentence(items: tuple[Item, ...], words: str) -> None:
    assert summarise(make(*items)) == words


def test_a_stage_without_cells_says_so() -> None:
    lines = write_lines(replace(make(FRAME), parts=(PartLine("preprocess", "prepare", (), "proposed"),)))
    assert lines[0] == "  preprocess  no cell: it hands the rows on as they are"


def test_nothing_compared_is_not_equal() -> None:
    assert not make().is_settled


def test_the_terminal_shows_each_comparison_and_the_first_differences() -> None:
    lines = write_lines(make(FRAME, BROKEN))
    assert lines[:4] == [
        "  ingest     cells 2, 3",
        "  frame df   exact",
        "  metric r2  differs",
        "    metric r2: 0.9 in the notebook, 0.8 in the recipe",
    ]
    assert lines[-2:] == [
        "  The stored output of these cells is not what they give now: 7",
        "Not equal: 1 of 2 comparisons (1 frame and 1 metric).",
    ]


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_texts_of_a_notebook_are_escaped_everywhere() -> None:
    evil = replace(FRAME, name=EVIL, differences=(EVIL,), changes=(EVIL,), why=EVIL, stale=EVIL, stage=EVIL)
    figure = replace(FIGURE, name=f'"><img src=x onerror=alert(1)>{EVIL}', accepted=EVIL, verdict=Verdict.DIFFERS)
    metric = replace(METRIC, name=EVIL, values=(EVIL, EVIL))
    page = write_html(replace(make(evil, figure, metric), name=EVIL, notebooks=(EVIL,), runs=(EVIL,)))
    parsed = _Tags(page)
    assert not {"script", "iframe", "link", "object", "form"} & set(parsed.tags)
    assert [name for name, _ in parsed.attributes if name.startswith("on")] == []
    assert {value for name, value in parsed.attributes if name == "src"} == {"data:image/png;base64,iVBORw0KGgo="}
    assert "default-src 'none'" in page


def test_figures_stand_side_by_side() -> None:
    page = write_html(make(FIGURE))
    assert re.findall(r"<figcaption>(\w+)</figcaption><img", page) == ["Notebook", "Recipe"]


def test_both_colour_schemes_have_all_colours() -> None:
    page = write_html(make(FIGURE))
    light, dark = re.findall(r":root \{([^}]*)\}", page)
    names = [set(re.findall(r"--[\w-]+", scheme)) for scheme in (light, dark)]
    assert names[0] == names[1]


def test_the_document_holds_everything_but_images() -> None:
    document = json.loads(write_json(make(FRAME, replace(BROKEN, accepted="rounding"), FIGURE)))
    assert document["outcome"] == "equal"
    assert [(item["kind"], item["is_equal"], item["accepted"]) for item in document["items"]] == [
        ("frame", True, ""),
        ("metric", False, "rounding"),
        ("figure", True, ""),
    ]
    assert "images" not in document["items"][2]
    assert read_written(json.dumps(document)) == {"recipes/houses.toml": "ab"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', "not json"])
def test_a_document_that_is_no_report_names_no_files(text: str) -> None:
    assert read_written(text) == {}
