"""Whether SQLite would pass over commits in its write-ahead file, which it does without an error.

It reads that file up to the first frame whose checksum is wrong. After a kill this is where the last, unfinished commit
begins. Where more than one commit follows, each but the last was on the disk and answered: then the file is damaged.

Source: https://www.sqlite.org/fileformat2.html#walformat and https://www.sqlite.org/walformat.html
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

HEADER, FRAME_HEADER = 32, 24
MAGIC = {0x377F0682: "<u4", 0x377F0683: ">u4"}
"""First word of the file -> order of the bytes in the words that are summed."""

PAGE_SIZES = tuple(1 << power for power in range(9, 17))
BLOCK_FRAMES = 1024
INDEX_HEADER = 48
"""Of the `-shm` file, which begins with it twice."""

ATTEMPTS = 3
"""To read a file whose header stays the same meanwhile: a process that writes may begin it again."""

_kept_open: dict[tuple[int, int], BinaryIO] = {}
"""Device and inode -> a `-shm` file. To close one would release the locks that SQLite holds on it for this process."""


@dataclass(frozen=True)
class Frames:
    """The frames of a write-ahead file."""

    valid: int
    """Those that SQLite reads."""
    passed_over: int
    """Commits behind them that belong to the same use of the file."""


@dataclass(frozen=True)
class Indexed:
    """What the `-shm` file that a killed process left says of the write-ahead file."""

    frames: int
    salts: bytes
    """They tell one use of the write-ahead file from the next."""
    is_copied: bool
    """Whether all of these frames are in the log itself as well."""


def explain_wal(path: Path, indexed: Indexed | None = None) -> str | None:
    """Why commits in the write-ahead file at a path would be lost; None where none would be.

    Args:
        path: of the file, which need not be there.
        indexed: from `read_index`.

    Raises:
        OSError: it cannot be read.
    """
    for _ in range(ATTEMPTS):
        before = _read_header(path)
        frames = Frames(0, 0)
        with suppress(FileNotFoundError):
            frames = _read_frames(path, before) if _is_header(before) else frames
        if before == _read_header(path):
            break
    size = _find_size(path)
    if size >= HEADER + FRAME_HEADER + PAGE_SIZES[0] and not _is_header(before):
        return f"the header of {path.name} is damaged, and its commits are lost"
    if frames.passed_over > 1:
        behind = f"{frames.passed_over - 1:,} commits behind it are lost"
        return f"{path.name} is damaged in frame {frames.valid + 1:,}, and {behind}"
    if indexed is None or frames.valid >= indexed.frames or (indexed.is_copied and not size):
        return None
    if size >= HEADER and before[16:24] != indexed.salts:
        return None  # the file was begun again since
    return f"{path.name} has {frames.valid:,} frames that can be read, and had {indexed.frames:,}"


def read_index(path: Path) -> Indexed | None:
    """What the `-shm` file of a log says; None without such a file, and for one that SQLite would make again."""
    index = path.with_name(f"{path.name}-shm")
    try:
        found = index.stat()
        inode = found.st_dev, found.st_ino
        if inode not in _kept_open:
            _kept_open[inode] = index.open("rb", buffering=0)
    except OSError:
        return None
    content = os.pread(_kept_open[inode].fileno(), 2 * INDEX_HEADER + 4, 0)
    first, second = content[:INDEX_HEADER], content[INDEX_HEADER : 2 * INDEX_HEADER]
    if len(content) < 2 * INDEX_HEADER + 4 or first != second:
        return None
    words = np.frombuffer(first, np.uint32)
    checked = _sum_words(np.array([0, 0], np.uint32), words[None, :10])[0]
    if not (checked == words[10:12]).all():
        return None
    copied = int(np.frombuffer(content[-4:], np.uint32)[0])
    return Indexed(int(words[4]), first[32:40], copied >= int(words[4]))


def _find_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # the last process that closed the log has removed it
        return 0


def _read_header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEADER)
    except FileNotFoundError:
        return b""


def _is_header(header: bytes) -> bool:
    if len(header) < HEADER:
        return False
    words = np.frombuffer(header, ">u4")
    order = MAGIC.get(int(words[0]))
    if order is None or int(words[2]) not in PAGE_SIZES:
        return False
    summed = _sum_words(np.array([0, 0], np.uint32), np.frombuffer(header[:24], order).astype(np.uint32)[None, :])[0]
    return bool((summed == words[6:8]).all())


def _read_frames(path: Path, header: bytes) -> Frames:
    words = np.frombuffer(header, ">u4").astype(np.uint32)
    order, length = MAGIC[int(words[0])], FRAME_HEADER + int(words[2])
    count = (path.stat().st_size - HEADER) // length
    valid, passed_over, last = 0, 0, words[6:8]
    with path.open("rb") as file:
        file.seek(HEADER)
        for start in range(0, count, BLOCK_FRAMES):
            content = file.read(min(BLOCK_FRAMES, count - start) * length)
            frames = np.frombuffer(content[: len(content) // length * length], np.uint8).reshape(-1, length)
            heads = np.ascontiguousarray(frames[:, :FRAME_HEADER]).view(">u4").astype(np.uint32)
            sums = np.vstack([last, heads[:, 4:6]])
            covered = np.ascontiguousarray(np.hstack([frames[:, :8], frames[:, FRAME_HEADER:]])).view(order)
            belongs = (heads[:, 2:4] == words[4:6]).all(axis=1)
            is_valid = belongs & (_sum_words(sums[:-1], covered.astype(np.uint32)) == sums[1:]).all(axis=1)
            first_bad = len(is_valid) if is_valid.all() else int(np.argmin(is_valid))
            begin = first_bad if valid == start else 0
            valid += first_bad if valid == start else 0
            passed_over += int((belongs & (heads[:, 1] != 0))[begin:].sum())
            last = sums[-1]
    return Frames(valid, passed_over)


def _sum_words(states: Any, words: Words) -> Words:
    """SQLite's checksum of rows of words, each begun with a state (rows, 2); all modulo 2**32.

    It is linear: s0 += x0 + s1; s1 += x1 + s0, so that weights of powers of one matrix give it without a loop.
    """
    weights, power = _find_weights(words.shape[1] // 2)
    first, second = words[:, 0::2], words[:, 0::2] + words[:, 1::2]
    sums = [
        (first * one).sum(axis=1, dtype=np.uint32) + (second * two).sum(axis=1, dtype=np.uint32) for one, two in weights
    ]
    states = np.broadcast_to(np.asarray(states, np.uint32), (len(words), 2))
    begun = [states[:, 0] * power[row][0] + states[:, 1] * power[row][1] for row in (0, 1)]
    return np.stack([sums[0] + begun[0], sums[1] + begun[1]], axis=1)


@lru_cache
def _find_weights(pairs: int) -> tuple[list[tuple[Words, Words]], list[list[np.uint32]]]:
    a, b, c, d = 1, 0, 0, 1
    powers = []
    for _ in range(pairs):
        powers.append((a, b, c, d))
        a, b, c, d = (a + b) % 2**32, (a + 2 * b) % 2**32, (c + d) % 2**32, (c + 2 * d) % 2**32
    columns = np.array(powers[::-1], np.uint32).T
    last = [[np.uint32(a), np.uint32(b)], [np.uint32(c), np.uint32(d)]]
    return [(columns[0], columns[1]), (columns[2], columns[3])], last
