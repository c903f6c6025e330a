"""What a value is, in the words of `adopt.notebooks.records`, as plain mappings that JSON keeps."""

import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

from adopt.notebooks.kernel.fingerprint import Fingerprint

LONGEST_TEXT = 10_000
"""Characters of a `repr` that are kept."""
MOST_ITEMS = 50
"""Items of a container that are looked at to know its kind."""
PLAIN_KINDS = {"number", "bool", "text", "none", "plain"}


def describe_value(value: Any, fingerprint: Fingerprint, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a `Value`.

    Args:
        value: Any object.
        fingerprint: Its fingerprint.
        namespace: The names of the notebook.
    """
    kind = find_kind(value)
    reads = sorted(find_names(value.__code__, namespace)) if _is_own_function(value, namespace) else []
    return {
        "kind": kind,
        "fingerprint": fingerprint.digest,
        "is_fitted": kind in ("model", "transformer") and _is_fitted(value),
        "type": f"{type(value).__module__}.{type(value).__qualname__}",
        "frame": _describe_frame(value) if kind == "frame" else None,
        "function_reads": reads,
        "is_opaque": fingerprint.is_opaque,
        "text": repr(value)[:LONGEST_TEXT] if kind in PLAIN_KINDS else "",
    }


def find_kind(value: Any) -> str:
    """What a value is: one of the words of `Kind`."""
    for kind, is_kind in TESTS:
        if is_kind(value):
            return kind
    if isinstance(value, dict | list | tuple | set | frozenset):
        return "plain" if _is_plain(value, 0) else "container"
    return "other"


def find_names(code: types.CodeType, namespace: Mapping[str, Any]) -> set[str]:
    """The notebook's names that code can reach: those it mentions, and those of the functions behind them."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        one = waiting.pop()
        waiting += [constant for constant in one.co_consts if isinstance(constant, types.CodeType)]
        for name in one.co_names:
            if name in namespace and name not in found:
                found.add(name)
                waiting += _find_codes(namespace[name], namespace)
    return found


def _find_codes(value: Any, namespace: Mapping[str, Any]) -> Iterator[types.CodeType]:
    """The code of a function of the notebook, or of the methods of a class or object of it."""
    if _is_own_function(value, namespace):
        yield value.__code__
        return
    kind = value if isinstance(value, type) else type(value)
    if getattr(kind, "__module__", "") == "__main__":
        for attribute in vars(kind).values():
            function = getattr(attribute, "__func__", getattr(attribute, "fget", attribute))
            if _is_own_function(function, namespace):
                yield function.__code__


def _is_own_function(value: Any, namespace: Mapping[str, Any]) -> bool:
    return isinstance(value, types.FunctionType) and value.__globals__ is namespace


def _is_from(module: str, *names: str) -> Any:
    def is_kind(value: Any) -> bool:
        loaded = sys.modules.get(module)
        kinds = tuple(kind for name in names if isinstance(kind := getattr(loaded, name, None), type)) if loaded else ()
        return isinstance(value, kinds)

    return is_kind


def _is_of_package(*packages: str) -> Any:
    return lambda value: type(value).__module__.partition(".")[0] in packages


def _is_estimator(value: Any) -> bool:
    return hasattr(value, "fit") and hasattr(value, "get_params") and not isinstance(value, type)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | complex) or _is_from("numpy", "number")(value)


TESTS: tuple[tuple[str, Any], ...] = (
    ("none", lambda value: value is None),
    ("bool", lambda value: isinstance(value, bool) or _is_from("numpy", "bool_")(value)),
    ("number", _is_number),
    ("text", lambda value: isinstance(value, str | bytes)),
    ("module", lambda value: isinstance(value, types.ModuleType)),
    ("class", lambda value: isinstance(value, type)),
    ("frame", _is_from("pandas", "DataFrame")),
    ("frame", _is_from("polars", "DataFrame")),
    ("frame", _is_from("pyarrow", "Table")),
    ("series", _is_from("pandas", "Series", "Index")),
    ("series", _is_from("polars", "Series")),
    ("array", _is_from("numpy", "ndarray")),
    ("array", lambda value: hasattr(value, "toarray") and hasattr(value, "nnz")),
    ("model", lambda value: _is_estimator(value) and (hasattr(value, "predict") or hasattr(value, "fit_predict"))),
    ("transformer", lambda value: _is_estimator(value)),
    ("function", lambda value: isinstance(value, types.FunctionType | types.BuiltinFunctionType | types.MethodType)),
    ("rng", _is_from("numpy.random", "Generator", "RandomState")),
    ("rng", _is_from("random", "Random")),
    ("figure", _is_of_package("matplotlib", "mpl_toolkits", "seaborn")),
    ("generator", lambda value: hasattr(value, "__next__") and not hasattr(value, "readline")),
)
"""Kind -> its test; the first that is passed decides."""


def _is_plain(value: Any, depth: int) -> bool:
    """Whether a container has only numbers, texts, truth values, None, and such containers."""
    items = [*value.keys(), *value.values()] if isinstance(value, dict) else list(value)
    return all(
        find_kind(item) in PLAIN_KINDS
        if not isinstance(item, dict | list | tuple | set | frozenset)
        else depth < MOST_ITEMS and _is_plain(item, depth + 1)
        for item in items
    )


def _is_fitted(value: Any) -> bool:
    """Whether an estimator has learned something: an attribute that ends in an underscore, as scikit-learn has it."""
    parts = [value, *(step for _, step in getattr(value, "steps", ()) if not isinstance(step, str))]
    return any(name.endswith("_") and not name.startswith("_") for part in parts for name in vars_of(part))


def vars_of(value: Any) -> list[str]:
    """The names of an object's own attributes."""
    return list(getattr(value, "__dict__", ()))


def _describe_frame(value: Any) -> dict[str, Any]:
    if hasattr(value, "index"):
        index = value.index
        is_plain = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1 and index.name is None
        columns, types_ = [str(name) for name in value.columns], [str(kind) for kind in value.dtypes]
    else:
        is_plain = True
        columns = list(getattr(value, "column_names", None) or value.columns)
        types_ = [str(kind) for kind in getattr(value.schema, "types", None) or value.schema.values()]
    return {"rows": len(value), "columns": columns, "types": types_, "has_plain_index": is_plain}
