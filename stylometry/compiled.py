"""Compilation of the kernels: kept on disk where a folder can be written, in memory elsewhere."""

import functools
import warnings
from collections.abc import Callable
from typing import TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def compiled(function: Kernel) -> Kernel:
    """Return the function compiled to machine code at its first call, free of the interpreter lock.

    A kernel and the kernels it calls must stand in one file: numba decides by the file of the caller alone whether
    what it kept on disk is still true.
    """
    return _compile(function, reorders_sums=False)


def compiled_for_sums(function: Kernel) -> Kernel:
    """The same, but sums of floats may be formed in another order, so that one instruction adds several terms."""
    return _compile(function, reorders_sums=True)


def describe_target() -> str:
    """The processor for which kernels are compiled, with its instructions: sums of floats may differ between two."""
    from numba.core.registry import cpu_target

    return " ".join(map(str, cpu_target.target_context.codegen().magic_tuple()))


def _compile(function: Kernel, *, reorders_sums: bool) -> Kernel:
    fast: bool | set[str] = {"reassoc", "contract"} if reorders_sums else False
    try:
        return cast(Kernel, numba.njit(cache=True, nogil=True, fastmath=fast)(function))
    except RuntimeError as error:
        # numba tries NUMBA_CACHE_DIR, __pycache__ and the user's cache folder when it decorates, not when it compiles.
        if "cannot cache function" not in str(error):
            raise
        _say_once()
        return cast(Kernel, numba.njit(nogil=True, fastmath=fast)(function))


@functools.cache
def _say_once() -> None:
    """Warn that every process compiles anew; the cache of this function makes it once a process."""
    warnings.warn(
        "stylometry compiles its kernels in memory, some seconds in each process: found no folder to keep them in; "
        "expected a writable __pycache__ or NUMBA_CACHE_DIR. Point NUMBA_CACHE_DIR at a folder that can be written.",
        RuntimeWarning,
        stacklevel=4,
    )
