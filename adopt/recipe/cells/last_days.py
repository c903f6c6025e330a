"""Days that stand for "never" or "not yet" among times: 9999-12-31, 0001-01-01."""

import json
import re

from adopt.notes import Note
from adopt.recipe.cells.subject import Subject, list_words

YEARS = r"(?:9999|0001|2999|3000)"
LAST_DAYS = re.compile(
    rf"(?:{YEARS}[-/.]?(?:12[-/.]?31|01[-/.]?01)|(?:31[-/.]?12|12[-/.]?31|0?1[-/.]0?1|0101)[-/.]?{YEARS})(?:[T ].*)?"
)
"""The first and the last day of the years that programs write for "none"."""


def ask_last_days(subject: Subject) -> tuple[Note, ...]:
    """The question whether such days among the most frequent cells mean "no value"."""
    declared = subject.declared or ()
    found = {
        word: cells
        for word, cells in subject.column.most_frequent
        if LAST_DAYS.fullmatch(word) and word not in declared
    }
    if not found or subject.declared is not None:
        return ()
    choice = json.dumps(sorted((*found, *subject.nothing)), ensure_ascii=False)
    return (
        Note(
            f"{list_words(found, subject.column.rows)}, kept as times. If that means no value: missing = {choice}",
            is_question=True,
            choices=(choice,),
            key=subject.key("missing"),
        ),
    )
