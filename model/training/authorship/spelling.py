"""In what spelling texts are compared: forms of letters and apostrophes that count as different, or as one."""

import unicodedata
from collections.abc import Sequence

from model.style_parameters import AuthorshipParameters
from relay.handoff.preparation import Preparation
from relay.handoff.texts import APOSTROPHES
from relay.handoff.wording import count, list_words
from relay.results.findings import Finding, Topic

EQUAL_IN_WORDS = "’"
"""Counts as ' wherever words are counted; see stylometry.words."""


def say_spelling(
    texts: Sequence[str], preparation: Preparation, parameters: AuthorshipParameters
) -> tuple[Finding, ...]:
    """What was made even, and what was not although the texts differ in it."""
    if parameters.units == "columns":  # names of columns, which other programs have spelled
        return ()
    found = [_say_apostrophes(texts, preparation, parameters), _say_form(texts, preparation)]
    return tuple(finding for finding in found if finding is not None)


def _say_apostrophes(
    texts: Sequence[str], preparation: Preparation, parameters: AuthorshipParameters
) -> Finding | None:
    if preparation.apostrophes == "fold":
        text = 'All forms of the apostrophe were read as \' ([preprocess] apostrophes = "fold").'
        return Finding(Topic.SPELLING, text, {"apostrophes": "fold"})
    numbers = {sign: sum(sign in text for text in texts) for sign in ("'", *APOSTROPHES)}
    if parameters.units == "words":
        either = sum("'" in text or EQUAL_IN_WORDS in text for text in texts)
        numbers = {**numbers, "'": either, EQUAL_IN_WORDS: 0}
    used = {sign: number for sign, number in numbers.items() if number}
    if len(used) < 2:
        return None
    shares = list_words(f"{sign} in {count(number, 'document')}" for sign, number in used.items())
    text = (
        f"The apostrophe is written in {len(used)} forms, which count as different characters: {shares}. To read them "
        'as one, set [preprocess] apostrophes = "fold".'
    )
    return Finding(Topic.SPELLING, text, {"apostrophes": "keep", "documents": used})


def _say_form(texts: Sequence[str], preparation: Preparation) -> Finding | None:
    if preparation.normal_form != "keep":
        return None
    number = sum(not unicodedata.is_normalized("NFC", text) for text in texts)
    if not number:
        return None
    text = (
        f"{count(number, 'document')} of {len(texts):,} {'is' if number == 1 else 'are'} not in the normal form NFC: "
        'equal letters may count as different ones. To make them equal, set [preprocess] normal_form = "NFC".'
    )
    return Finding(Topic.SPELLING, text, {"normal_form": "keep", "documents_not_in_nfc": number})
