"""The Federalist, for the tests that know its answer."""

import os
import re
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def essays() -> dict[int, tuple[str, str]]:
    """Number -> author by the e-text, text; the first of the two versions of No. 70."""
    book = Path(os.environ["RELAY_REAL_DATA"], "federalist.txt").read_text("utf-8-sig")
    body = re.split(r"^\*\*\* ?(?:START|END) OF TH.*$", book, flags=re.M)[1]
    parts = re.split(r"^FEDERALIST No\. (\d+)\s*$", body, flags=re.M)[1:]
    found: dict[int, tuple[str, str]] = {}
    for number, part in zip(parts[::2], parts[1::2], strict=True):
        _, author, text = re.split(r"^(HAMILTON|MADISON, with HAMILTON|MADISON|JAY)\s*$", part, maxsplit=1, flags=re.M)
        text = re.sub(r"^To the People of the State of New York.*$", "", text, count=1, flags=re.M)
        found.setdefault(int(number), (author, text.strip()))
    return found
