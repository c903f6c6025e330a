"""Many things for an API that takes only so many at once."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def cut_portions(items: Iterable[Item], measure: Callable[[Item], int], rows: int, size: int) -> Iterator[list[Item]]:
    """Portions in their order, each small enough for one request; an item that is too large by itself comes alone.

    Args:
        items: what is sent.
        measure: bytes that one takes.
        rows: the most in a portion.
        size: the most bytes of a portion.
    """
    portion: list[Item] = []
    held = 0
    for item in items:
        length = measure(item)
        if portion and (len(portion) >= rows or held + length > size):
            yield portion
            portion, held = [], 0
        portion.append(item)
        held += length
    if portion:
        yield portion
