"""A variable of the environment is declared once: name, help, default, how it is read, and which values it refuses."""

import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from variables import VARIABLES

from relay.handoff.errors import UsageError
from relay.handoff.variables import Variable, describe_variables, folder, number, text, whole, word

LEVEL = word("LEVEL", "how loud", ("LOW", "HIGH"), default="HIGH", read=str.upper)
PORT = whole("PORT", "where", 80, most=99)
AGE = number("AGE", "how old", None, "any")
FOLDER = folder("FOLDER", "which", Path("/there"), "there/")
NAME = text("NAME", "who", "Ada")

ALL: list[Variable[Any]] = [LEVEL, PORT, AGE, FOLDER, NAME]


@pytest.mark.parametrize("variable", [*ALL, *VARIABLES.values()], ids=lambda variable: variable.name)
def test_an_empty_variable_counts_as_not_set(variable: Variable[Any]) -> None:
    assert variable.of({}) == variable.of({variable.name: ""}) == variable.default


@pytest.mark.parametrize(
    ("variable", "given", "value"),
    [
        (LEVEL, "low", "LOW"), (PORT, "99", 99), (PORT, "8e1", 80), (AGE, "0.5", 0.5), (AGE, "1e3", 1000.0),
        (FOLDER, "here", Path.cwd() / "here"), (NAME, " x ", " x "),
    ],
)  # fmt: skip
def test_a_value_is_read_as_declared(variable: Variable[Any], given: str, value: object) -> None:
    assert variable.of({variable.name: given, "OTHER": "1"}) == value


@pytest.mark.parametrize(
    ("variable", "given", "expected"),
    [
        (LEVEL, "loud", "LOW or HIGH"),
        (PORT, "100", "a whole number above 0 of at most 99"),
        (PORT, "1.5", "a whole number above 0 of at most 99"),
        (PORT, "eighty", "a whole number above 0 of at most 99"),
        (AGE, "0", "a number above 0"),
        (AGE, "-1", "a number above 0"),
        (AGE, "nan", "a number above 0"),
    ],
)
def test_an_unsupported_value_is_named_with_what_was_expected(
    variable: Variable[Any], given: str, expected: str
) -> None:
    with pytest.raises(UsageError) as raised:
        variable.of({variable.name: given})
    assert str(raised.value) == f"{variable.name}={given}: expected {expected}"


@given(st.integers(-5, 120))
def test_whole_numbers_within_the_limits_are_read_and_no_others(value: int) -> None:
    assert is_refused(PORT.of, {"PORT": str(value)}) == (not 1 <= value <= 99)


@given(st.text(string.ascii_letters, min_size=1, max_size=5))
def test_only_declared_words_are_read(value: str) -> None:
    assert is_refused(LEVEL.of, {"LEVEL": value}) == (value.upper() not in ("LOW", "HIGH"))


def is_refused(read: Callable[[dict[str, str]], object], environment: dict[str, str]) -> bool:
    """Whether a value ends with bad usage."""
    try:
        read(environment)
    except UsageError:
        return True
    return False


def test_the_help_has_a_line_for_each_with_what_an_empty_one_means() -> None:
    assert describe_variables([LEVEL, AGE, FOLDER]).splitlines() == [
        "Environment:", "  LEVEL  how loud (empty: HIGH)", "  AGE    how old (empty: any)",
        "  FOLDER which (empty: there/)",
    ]  # fmt: skip
    assert PORT.option == "where (default: PORT, or 80)"


@pytest.mark.parametrize("name", VARIABLES)
def test_each_variable_of_the_project_has_a_help_and_a_default_among_its_words(name: str) -> None:
    variable = VARIABLES[name]
    assert variable.help == variable.help.strip(" .") != ""
    assert not variable.words or variable.default in variable.words
