"""What each rule takes for a word: counted, found in the text, and as docs/authorship-settings.md shows it."""

import re
from pathlib import Path
from typing import get_args

import pytest

from stylometry import AuthorshipClassifier
from stylometry.chunks import keep_whole
from stylometry.word_places import find_words
from stylometry.word_rules import WordRule
from stylometry.words import count_words

DOCS = Path(__file__).resolve().parents[2] / "docs/authorship-settings.md"


def read(text: str, rule: WordRule) -> list[str]:
    """The words of a text in their order."""
    return [text[start:end].lower() for start, end in find_words(text, rule).tolist()]


def count(text: str, rule: WordRule) -> list[str]:
    """The words of a text as they are counted, in ascending order, each as often as it occurs."""
    counted = count_words(keep_whole([text], [None]), tokens=rule)
    pairs = zip(counted.words, counted.matrix.toarray()[0].tolist(), strict=True)
    return [word for word, number in pairs for _ in range(number)]


CASES = [
    ("Don't say ’tis well-known--now", "letters", ["don't", "say", "tis", "well", "known", "now"]),
    ("Don't say ’tis well-known", "split_apostrophes", ["don", "t", "say", "tis", "well", "known"]),
    ("Don't: well-known--now, -ish", "keep_hyphens", ["don't", "well-known", "now", "ish"]),
    ("mother‐in‑law – no", "keep_hyphens", ["mother-in-law", "no"]),
    ("l’état, aujourd'hui", "letters", ["l'état", "aujourd'hui"]),
    ("我是ABC们。すごい々1", "cjk", ["我", "是", "abc", "们", "す", "ご", "い", "々"]),
    ("한국어 문장", "cjk", ["한국어", "문장"]),
    ("我是人", "letters", ["我是人"]),
    ("בְּרֵאשִׁית בָּרָא ת״ח", "letters", ["בְּרֵאשִׁית", "בָּרָא", "ת״ח"]),
    ("עַל־כֵּן", "letters", ["עַל", "כֵּן"]),
]


@pytest.mark.parametrize(("text", "rule", "words"), CASES)
def test_a_rule_counts_and_finds_the_same_words(text: str, rule: WordRule, words: list[str]) -> None:
    assert count(text, rule) == sorted(words)
    found = [word.replace("’", "'").replace("‐", "-").replace("‑", "-") for word in read(text, rule)]
    assert found == words


def test_sequences_of_characters_follow_the_order_of_the_text() -> None:
    assert count_words(keep_whole(["春眠不覚暁"], [None]), 2, tokens="cjk").ngrams == [
        "不 覚",
        "春 眠",
        "眠 不",
        "覚 暁",
    ]


def test_a_classifier_reads_texts_to_come_by_its_rule() -> None:
    texts = ["春眠不覚暁春", "春春眠眠不暁", "處處聞啼鳥處", "啼鳥處處聞聞"]
    made = AuthorshipClassifier(word_rule="cjk").fit(texts, ["a", "a", "b", "b"])
    assert set(made.ngrams_) == set("".join(texts))
    assert made.predict(["眠春不", "聞鳥啼"]).tolist() == ["a", "b"]


def test_the_examples_of_the_documentation_are_what_happens() -> None:
    rows = re.findall(r"^\| `([^|]+)` \| ((?:[^|\n]+\|){4})$", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(rows) >= 6
    for text, cells in rows:
        shown = [re.findall(r"`([^`]+)`", cell) for cell in cells.split("|")[:-1]]
        assert shown == [read(text, rule) for rule in get_args(WordRule)], text
