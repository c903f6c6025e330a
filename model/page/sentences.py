"""Which tab of a result each sentence of its findings belongs to."""

import re
from collections.abc import Iterable
from typing import Literal

Topic = Literal["map", "time", "trust", "unknown"]

TOPICS: tuple[tuple[str, tuple[Topic, ...]], ...] = (
    (r"Of [\d,]+ chunks?, \d+ % lie nearest", ("map", "trust")),
    (r"No chunk has a label and a neighbour", ("map", "trust")),
    (r".* can never be right in these figures", ("map", "trust")),
    (r"Further along the (first|second) axis", ("map",)),
    (r"Each label weighing the same,", ("trust",)),
    (r"Labels (moved along|drawn by lot)", ("trust",)),
    (r"There are too few chunks to arrange", ("trust",)),
    (r"The silhouette of the labels", ("trust",)),
    (r"[\d,]+ of [\d,]+ chunks have fewer than", ("trust",)),
    (r"Counts of whole documents differ with their length", ("trust",)),
    (r"In [\d,]+ other settings", ("trust",)),
    (r"No other chunk length leaves enough", ("trust",)),
    (r"The text is in the order of time", ("time", "trust")),
    (r"Between .* in these two periods", ("time",)),
    (r"[\d,]+ documents? (labelled .*|without label): nearest in style", ("unknown",)),
    (r"Compared are ", ("unknown",)),
    (r"How many of [\d,]+ documents? .* by distance:", ("unknown",)),
)
"""How a sentence begins -> the tabs that show it. What stands here nowhere is shown above all tabs."""


def choose(sentences: Iterable[str], topic: Topic) -> list[str]:
    """The sentences of a tab."""
    return [sentence for sentence in sentences if topic in _find_topics(sentence)]


def choose_rest(sentences: Iterable[str], shown: Iterable[Topic]) -> list[str]:
    """The sentences that no tab of those shown holds, so that none is lost."""
    topics = set(shown)
    return [sentence for sentence in sentences if topics.isdisjoint(_find_topics(sentence))]


def _find_topics(sentence: str) -> tuple[Topic, ...]:
    return next((topics for start, topics in TOPICS if re.match(start, sentence)), ())
