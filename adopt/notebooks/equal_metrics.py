"""Whether a recipe's metric is the number that the notebook prints."""

import math
import re
from decimal import Decimal, InvalidOperation

from adopt.notebooks.figures import TOLERANCE

NUMBER = re.compile(r"[-+]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf)")
WRAPPER = re.compile(r"np\.\w+\(([^()]*)\)")
"""How NumPy shows its numbers: `np.float64(0.87)`."""
MOST_DIGITS = 15
"""That a decimal number with so many digits keeps when a float holds it."""


def compare_metric(shown: str, form: str | None, value: float) -> tuple[tuple[str, ...], bool]:
    """How a metric differs from what the notebook shows, and whether it is equal to the last digit shown.

    Args:
        shown: what the notebook printed, such as `0.871`.
        form: how it writes the number: a format such as `.2f` or `%.2f`, empty for `str`, None for `repr`.
        value: of the recipe.
    """
    shown = WRAPPER.sub(r"\1", shown).strip()
    if shown in _write(form, value):
        return (), True
    match = NUMBER.search(shown)
    if match is None:
        return (f"{shown!r} in the notebook, {value!r} in the recipe",), False
    number = float(match[0].replace(",", "").replace("_", ""))
    number = number / 100 if shown.endswith("%") else number
    if number == value or (math.isnan(number) and math.isnan(value)) or _is_rounded(match[0], shown, value):
        return (), True
    if math.isclose(number, value, rel_tol=TOLERANCE):
        return (), False
    return (f"{shown} in the notebook, {value!r} in the recipe",), False


def _write(form: str | None, value: float) -> set[str]:
    """The number as the notebook would write it; whole ones with and without a decimal point."""
    numbers: list[float | int] = [value, *([int(value)] if math.isfinite(value) and value == int(value) else [])]
    found = set()
    for number in numbers:
        try:
            if form is None or form == "":
                found |= {repr(number), str(number)}
            else:
                found.add(form % number if form.startswith("%") else format(number, form))
        except (ValueError, TypeError):
            continue  # a format for another kind of value: the digits decide
    return found


def _is_rounded(digits: str, shown: str, value: float) -> bool:
    """Whether the value, rounded to the digits that are shown, is what is shown."""
    try:
        exact = Decimal(digits.replace(",", "").replace("_", ""))
    except InvalidOperation:
        return False
    exponent = exact.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    if places <= 0 or len(exact.as_tuple().digits) > MOST_DIGITS or not math.isfinite(value):
        return False
    scaled = value * 100 if shown.endswith("%") else value
    return f"{scaled:.{places}f}" == f"{exact:.{places}f}"
