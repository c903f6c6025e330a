"""When a source is asked again."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from relay.handoff.errors import UsageError

AGE = re.compile(r"(\d+)\s*(s|m|h|d)")
AGE_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def refresh_seconds(refresh: str) -> float:
    """The age in seconds from which a source is asked again: infinite for never, 0 for always.

    Raises:
        ValueError: neither never, always nor an age.
    """
    words = {"never": float("inf"), "always": 0.0}
    if refresh in words:
        return words[refresh]
    match = AGE.fullmatch(refresh)
    if match is None:
        raise ValueError(f'"{refresh}" is neither never, always nor an age such as 30m, 6h or 1d')
    return float(match[1]) * AGE_SECONDS[match[2]]


def choose_refresh(override: str, refresh: str) -> float:
    """The age in seconds from which a source is asked again: RELAY_REFRESH goes before the recipe.

    Raises:
        UsageError: RELAY_REFRESH is neither never, always nor an age.
    """
    try:
        return refresh_seconds(override or refresh)
    except ValueError as error:
        raise UsageError(f"RELAY_REFRESH={error}") from None


def _check_refresh(refresh: str) -> str:
    refresh_seconds(refresh)
    return refresh


Refresh = Annotated[str, AfterValidator(_check_refresh), Field(exclude=True)]
