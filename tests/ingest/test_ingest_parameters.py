"""What `[ingest]` may say, for each kind of source."""

from pathlib import Path
from typing import Any

import pytest

from ingest.parameters import FileSection, HttpSection, SyntheticSection, parse_parameters
from ingest.refresh import refresh_seconds
from relay.handoff.errors import RecipeError
from relay.handoff.recipe import load_recipe

RECIPE = """
title = "One section"
[ingest]
INGEST
[preprocess]
[model]
[columns]
x = { type = "int", role = "input" }
"""


def parse(folder: Path, ingest: str) -> Any:
    """The typed section of these lines."""
    (folder / "one.toml").write_text(RECIPE.replace("INGEST", ingest))
    return parse_parameters(load_recipe("one", folder=folder))


def complain(folder: Path, ingest: str) -> str:
    """The message of lines that are wrong, without the file's name."""
    with pytest.raises(RecipeError) as caught:
        parse(folder, ingest)
    return str(caught.value).removeprefix(f"{folder}/one.toml: ")


def test_each_source_has_a_section_of_its_own(tmp_path: Path) -> None:
    texts = ['source = "file"\npath = "x.csv"', 'source = "synthetic"', 'source = "http"\nurl = "https://x/y.csv"']
    assert [type(parse(tmp_path, text)) for text in texts] == [FileSection, SyntheticSection, HttpSection]


def test_an_unknown_source_is_told_the_nearest(tmp_path: Path) -> None:
    assert complain(tmp_path, 'source = "htpp"') == (
        '[ingest] source: "htpp" is unknown (did you mean "http"?); '
        "expected one of http, file, sql, synthetic, docstrings, python"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('source = "file"', "[ingest] path: missing"),
        ('source = "file"\npath = 3', "[ingest] path"),
        ('source = "file"\npath = "x"\nformat = "xls"', "[ingest] format: expected 'csv', 'json', 'jsonl', 'text'"),
        (
            'source = "file"\npath = "x"\ndelimiter = ";;"',
            "[ingest] delimiter: ';;' cannot separate cells; expected one ASCII character such as ',' ';' '|' or a tab",
        ),
        ('source = "file"\npath = "x"\ndelimiter = "§"', "[ingest] delimiter: '§' cannot separate cells"),
        ('source = "file"\npath = "x"\nquote = "«"', "[ingest] quote: '«' cannot quote; expected one ASCII sign"),
        (
            'source = "file"\npath = "x"\nquote = "|"\ndelimiter = "|"',
            "[ingest]: quote and delimiter are both '|'; expected two signs",
        ),
        (
            'source = "file"\npath = "x"\nencoding = "klingon"',
            '[ingest] encoding: "klingon" is unknown; expected one that Python knows, such as utf-8, cp1252 or utf-16',
        ),
        ('source = "file"\npath = "x"\nheader = 0', "[ingest] header: 0 can be read in two ways; expected true"),
        (
            'source = "file"\npath = "x"\nskip_if = { column = "a" }',
            "[ingest] skip_if.0: expected either value or pattern",
        ),
        (
            'source = "file"\npath = "x"\nunexpected = "no"',
            "[ingest] extra_columns: expected 'refuse', 'drop' or 'keep'",
        ),
        ('source = "file"\npath = "x"\nmax_rejected_share = 1.5', "[ingest] max_rejected_share: expected less than"),
        ('source = "file"\npath = "x"\ndocument = "("', "[ingest] document: not a regular expression: missing )"),
        ('source = "file"\npath = "x"\ndocument_head = ["a", "["]', "[ingest] document_head: not a regular expression"),
        ('source = "synthetic"\nrows = 0', "[ingest] rows: expected greater than or equal to 1 (found 0)"),
        ('source = "synthetic"\nnull_share = -0.1', "[ingest] null_share: expected greater than or equal to 0"),
        ('source = "docstrings"\npackages = []', "[ingest] packages: List should have at least 1 item"),
        ('source = "http"\nurl = "ftp://x/y"', '[ingest]: "ftp://x/y" is no http or https URL'),
        ('source = "http"\nurl = "https://x/{item}"', "[ingest]: items and {item} in the URL need each other"),
        (
            'source = "http"\nurl = "https://x/y"\nitems = ["a"]',
            "[ingest]: items and {item} in the URL need each other",
        ),
        ('source = "http"\nurl = "https://x/y"\nsha256 = ["a", "b"]', "[ingest]: 2 checksums for 1 URLs"),
        (
            'source = "http"\nurl = "https://x/y"\nrefresh = "daily"',
            '[ingest] refresh: "daily" is neither never, always',
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_key(tmp_path: Path, text: str, message: str) -> None:
    assert complain(tmp_path, text).startswith(message)


def test_items_are_filled_into_every_url(tmp_path: Path) -> None:
    section = parse(tmp_path, 'source = "http"\nurl = ["https://x/{item}.txt", "https://y/{item}"]\nitems = ["a", "b"]')
    assert section.urls == ["https://x/a.txt", "https://x/b.txt", "https://y/a", "https://y/b"]


@pytest.mark.parametrize(
    ("refresh", "seconds"),
    [("never", float("inf")), ("always", 0), ("30s", 30), ("5m", 300), ("6 h", 21_600), ("1d", 86_400)],
)
def test_an_age_is_said_in_seconds_minutes_hours_or_days(refresh: str, seconds: float) -> None:
    assert refresh_seconds(refresh) == seconds


@pytest.mark.parametrize("refresh", ["", "6", "h6", "6w", "-1h", "Never"])
def test_what_is_no_age_is_refused(refresh: str) -> None:
    with pytest.raises(ValueError, match="neither never, always nor an age such as 30m, 6h or 1d"):
        refresh_seconds(refresh)
