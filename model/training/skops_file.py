"""Writing model files: skops, never pickle, and the same bytes whenever the same model is written.

skops names the parts of a file by memory addresses and random numbers and stamps them with the time. Here parts are
numbered in the order in which the schema mentions them, sets are sorted, and every member gets one fixed date.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
import skops.io
from sklearn.base import BaseEstimator

from relay.handoff.errors import ModelError
from relay.registry.model_file import read_model

SCHEMA = "schema.json"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip file can say."""


def write_model(model: BaseEstimator, *, is_own: bool = False) -> bytes:
    """The model as a skops file, equal for equal models, read back once to make sure that it can be.

    Args:
        model: fitted.
        is_own: whether it may hold types of the recipe's own module.

    Raises:
        ModelError: it holds a type that we do not trust, or that skops cannot write.
    """
    try:
        content = canonise(skops.io.dumps(model))
    except (TypeError, AttributeError, skops.io.exceptions.UnsupportedTypeException) as error:
        raise ModelError(
            f"{_name(model)} cannot be written as a skops file: {error}; choose another estimator"
        ) from None
    try:
        read_model(content, hashlib.sha256(content).hexdigest(), _name(model), is_own=is_own)
    except (AttributeError, ImportError, TypeError) as error:
        if not is_own:
            raise
        raise ModelError(
            f"{_name(model)} was written, and cannot be loaded again: {error}",
            next_step="Define each class and function that the model holds at the top level of a file, without lambda.",
        ) from None
    return content


def canonise(content: bytes) -> bytes:
    """A skops file with nothing in it that depends on memory, chance or the clock."""
    with ZipFile(io.BytesIO(content)) as file:
        schema = json.loads(file.read(SCHEMA))
        members = {name: file.read(name) for name in file.namelist() if name != SCHEMA}
    _sort_sets(schema)
    names = _rename_members(schema)
    _renumber(schema)
    parts = {names[name]: _clear_padding(name, member) for name, member in members.items()}
    parts[SCHEMA] = json.dumps(schema, indent=2).encode()
    return _zip(parts)


def _zip(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as file:
        for name in sorted(parts):
            info = ZipInfo(name, date_time=EPOCH)
            info.create_system = 3  # Unix, on whatever system it is written
            file.writestr(info, parts[name])
    return buffer.getvalue()


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of the schema, in the order of the file."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item)


def _sort_sets(schema: dict[str, Any]) -> None:
    for node in _nodes(schema):
        if node.get("__loader__") == "SetNode":
            node["content"].sort(key=lambda item: json.dumps([item.get("__class__"), item.get("content")]))


def _rename_members(schema: dict[str, Any]) -> dict[str, str]:
    """Rename the files that the schema mentions to 0.npy, 1.npy, …; gives old name -> new name."""
    names: dict[str, str] = {}
    for node in _nodes(schema):
        if isinstance(file := node.get("file"), str):
            node["file"] = names.setdefault(file, f"{len(names)}.{file.rpartition('.')[2]}")
    return names


def _renumber(schema: dict[str, Any]) -> None:
    """Number the objects by first appearance; from 1, since skops takes 0 for no number."""
    numbers: dict[int, int] = {}
    for node in _nodes(schema):
        if "__id__" in node:
            node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)


def _clear_padding(name: str, member: bytes) -> bytes:
    """An array of records without what memory happened to hold between their fields."""
    if not name.endswith(".npy"):
        return member
    records = np.load(io.BytesIO(member), allow_pickle=False)
    if not records.dtype.names:
        return member
    clean = np.zeros(records.size, records.dtype)
    for field in records.dtype.names:
        clean[field] = records.ravel()[field]
    # Behind the file's own header and byte by byte: numpy's writer copies records through a buffer of its own, and
    # what that held before comes along between the fields.
    return member[: len(member) - records.nbytes] + clean.view(np.uint8).tobytes()


def _name(model: BaseEstimator) -> str:
    steps = getattr(model, "steps", None)
    return type(steps[-1][1] if steps else model).__name__
