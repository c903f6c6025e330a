"""The pages of docs/: the index names each of them, their links lead somewhere, and the reference is up to date."""

import re
from pathlib import Path

import pytest
from recipe_reference import COMMAND, PAGE, write_page

ROOT = Path(__file__).resolve().parent.parent
INDEX = ROOT / "docs/README.md"
PAGES = sorted(ROOT.glob("docs/*.md"))
WITH_LINKS = [*sorted(ROOT.glob("*.md")), *PAGES, *sorted(set(ROOT.glob("[a-z]*/README.md")) - {INDEX})]

PURPOSES = ("Tutorials", "How-to guides", "Reference", "Explanation")


def read_links(path: Path) -> list[str]:
    """The relative links of a page, without what is only shown as code."""
    text = re.sub(r"^```.*?^```|^    .*$|`[^`\n]+`", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:|#", link)]


def test_the_index_names_each_page_once_under_a_purpose() -> None:
    headings = re.findall(r"^## (.+)$", INDEX.read_text(encoding="utf-8"), re.M)
    listed = [link for link in read_links(INDEX) if re.fullmatch(r"[\w-]+\.md", link)]
    assert headings == list(PURPOSES)
    assert sorted(listed) == [page.name for page in PAGES if page != INDEX]


def test_an_entry_of_the_index_is_one_line() -> None:
    lines = INDEX.read_text(encoding="utf-8").partition("\n## ")[2].splitlines()
    entries = [line for line in lines if "](" in line]
    assert [line for line in entries if not re.fullmatch(r"- \[[^\]]+\]\([^)]+\): .{10,}\.", line)] == []


@pytest.mark.parametrize("page", WITH_LINKS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_each_link_leads_to_a_file(page: Path) -> None:
    targets = [link.split("#")[0] for link in read_links(page)]
    assert [link for link in targets if not (page.parent / link).exists()] == []


def test_the_reference_of_recipes_is_what_the_types_say() -> None:
    is_same = PAGE.read_text(encoding="utf-8") == write_page()
    assert is_same, f"docs/recipe.md is not what the types say now; write it: {COMMAND}"


def test_each_key_of_a_recipe_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)`.* \| ([^|]*) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    assert len(rows) > 100
    assert [key for key, words in rows if re.fullmatch(r"((At least|Above|At most|From) [^.]*\.)?", words)] == []
