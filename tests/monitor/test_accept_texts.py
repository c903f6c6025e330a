"""`python -m monitor accept` takes texts that registry and store can hold, and refuses others before it reads them."""

import argparse

import pytest

from monitor.accept import answer
from relay.handoff.errors import RelayError, UsageError
from relay.monitoring.answers import LONGEST_WHO, LONGEST_WHY, explain_no_text

BAD = {
    "half a pair": ("\udcff", "no database can hold"),
    "NUL": ("a\x00b", "no database can hold"),
    "too long": ("a" * 1_000_000, "1,000,000 characters"),
}


@pytest.mark.parametrize("option", ["why", "by"])
@pytest.mark.parametrize("case", BAD)
def test_a_text_that_cannot_be_kept_is_refused(case: str, option: str) -> None:
    text, said = BAD[case]
    given = {"why": "a new campaign", "by": "me"} | {option: text}
    options = argparse.Namespace(recipe="credit", data_dir=None, **given)
    with pytest.raises(UsageError, match=said) as found:
        answer(options)
    assert found.value.message.startswith(f"--{option} ")


@pytest.mark.parametrize("text", ["a", "<b>ü 😀</b>", "two\nlines", "a" * 100])
def test_other_texts_are_kept(text: str) -> None:
    assert explain_no_text(text, 100) == ""


@pytest.mark.parametrize(("option", "most"), [("why", LONGEST_WHY), ("by", LONGEST_WHO)])
def test_the_command_takes_what_the_api_takes(option: str, most: int) -> None:
    for length, is_refused in ((most, False), (most + 1, True)):
        given = {"why": "a new campaign", "by": "me"} | {option: "a" * length}
        with pytest.raises(RelayError) as found:  # without a recipe, what is read next fails
            answer(argparse.Namespace(recipe="missing", data_dir=None, **given))
        assert (f"expected 1 to {most:,}" in found.value.message) is is_refused
