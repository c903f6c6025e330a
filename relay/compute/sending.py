"""Functions as bytes that need none of our code where they are run."""

from collections.abc import Callable
from typing import Any

import cloudpickle

from relay.compute import carried

cloudpickle.register_pickle_by_value(carried)


class _Call:
    """Becomes the result of a call where it is unpickled."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self._made = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._made


def carry(function: Callable[..., Any], *arguments: Any) -> bytes:
    """Bytes that `pickle.loads` makes the function's result of.

    Args:
        function: one of `relay.compute.carried`.
        arguments: texts and bytes.
    """
    carried_call: bytes = cloudpickle.dumps(_Call(function, arguments), 5)
    return carried_call
