"""What a stage and the process of own code say to each other: messages with a kind and a length, over pipes."""

import json
import os
import struct
from typing import Any

_HEAD = struct.Struct("<cQ")

SCHEMA, BATCH, DONE, FAILED = b"S", b"B", b"D", b"F"
"""Kinds of messages: an Arrow schema, rows in it, the result as JSON, and what went wrong as JSON."""


def send(pipe: int, kind: bytes, content: Any) -> None:
    """Write one message; `content` is bytes or an Arrow buffer.

    Raises:
        OSError: the reader has gone.
    """
    view = memoryview(content)
    _write(pipe, memoryview(_HEAD.pack(kind, view.nbytes)))
    _write(pipe, view.cast("B") if view.nbytes else view)


def send_json(pipe: int, kind: bytes, value: Any) -> None:
    """Write one message of JSON."""
    send(pipe, kind, json.dumps(value).encode())


def _write(pipe: int, view: memoryview) -> None:
    while view.nbytes:
        view = view[os.write(pipe, view) :]


class Messages:
    """Puts messages together from pieces as they arrive."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def add(self, piece: bytes) -> None:
        """Take what was read."""
        self._pending += piece

    def take(self) -> tuple[bytes, bytes] | None:
        """The next whole message, or None."""
        if len(self._pending) < _HEAD.size:
            return None
        kind, size = _HEAD.unpack_from(self._pending)
        end = _HEAD.size + size
        if len(self._pending) < end:
            return None
        content = bytes(memoryview(self._pending)[_HEAD.size : end])
        del self._pending[:end]
        return kind, content


def read_order(pipe: int) -> Any:
    """The first message of JSON on a pipe.

    Raises:
        EOFError: the other side has gone.
    """
    messages = Messages()
    while (message := messages.take()) is None:
        piece = os.read(pipe, 1 << 16)
        if not piece:
            raise EOFError
        messages.add(piece)
    return json.loads(message[1])
