"""Compressed files as the bytes that they hold: gzip, bzip2 and xz, block by block in bounded memory."""

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath
from typing import Protocol

from relay.handoff.errors import SourceError
from relay.handoff.receipt import Unpacked
from relay.reading.packed import BZIP2, GZIP, TAR, XZ, PackedFile, advise_again
from relay.reading.rawfile import BLOCK_BYTES, SNIFF_BYTES

PACKED_BLOCK_BYTES = 256 << 10
"""What is read of the compressed file at once."""

PIECE_BYTES = 1 << 20
"""The most that is unpacked at once, whatever the compressed bytes ask for."""

MOST_XZ_BYTES = 128 << 20
"""Of memory for unpacking xz; a file of `xz -9` needs 65 MiB, and others may ask for gigabytes."""


class Stream(Protocol):
    """One compressed stream, in the form that `bz2` and `lzma` give it."""

    @property
    def eof(self) -> bool:
        """Whether the stream is complete."""

    @property
    def unused_data(self) -> bytes:
        """What follows it."""

    @property
    def needs_input(self) -> bool:
        """Whether it keeps nothing back."""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most `max_length` bytes, from what was given and kept back before."""


class GzipStream:
    """One member of a gzip file."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)  # 31: gzip's own head and checksum
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the member is complete, and its checksum right."""
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        """What follows the member."""
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """At most `max_length` bytes, from what was given and kept back before."""
        piece = self._stream.decompress(self._stream.unconsumed_tail + data, max_length)
        self.needs_input = len(piece) < max_length and not self._stream.unconsumed_tail
        return piece


@dataclass(frozen=True)
class Compression:
    """A kind of compression."""

    name: str
    ending: str
    magic: re.Pattern[bytes]
    start: Callable[[], Stream]


COMPRESSIONS = (
    Compression("gzip", ".gz", GZIP, GzipStream),
    Compression("bzip2", ".bz2", BZIP2, bz2.BZ2Decompressor),
    Compression("xz", ".xz", XZ, lambda: lzma.LZMADecompressor(memlimit=MOST_XZ_BYTES)),
)


def find_compression(head: bytes) -> Compression | None:
    """The kind of compression that a file's first bytes tell."""
    return next((one for one in COMPRESSIONS if one.magic.match(head)), None)


def strip_compression(name: str) -> str:
    """A file name without the ending of a compression: `x.csv` of `x.csv.gz`."""
    ending = PurePath(name).suffix
    return name.removesuffix(ending) if ending.lower() in {one.ending for one in COMPRESSIONS} else name


@dataclass(frozen=True, kw_only=True)
class CompressedFile(PackedFile):
    """A file that holds one other file."""

    compression: Compression

    @property
    def content_name(self) -> str:
        """The name of what it holds: its own without the ending."""
        return strip_compression(super().content_name)

    def peek(self, size: int = SNIFF_BYTES) -> bytes:
        """The first bytes of what it holds."""
        with self.path.open("rb") as file:
            blocks = iter(lambda: file.read(PACKED_BLOCK_BYTES), b"")
            return b"".join(islice(self._unpack(blocks), 1))[:size]

    def read_blocks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """What it holds, block by block; the compressed bytes are hashed on the way.

        Raises:
            SourceError: it is cut, damaged, larger than the limit, or not the file that was identified before.
        """
        unpacked = 0
        for block in join_pieces(self._unpack(super().read_blocks(PACKED_BLOCK_BYTES)), size):
            unpacked += len(block)
            self.limit.check(self.name, unpacked, self.origin.bytes)
            yield block
        self.noted["unpacked"] = [Unpacked(name=self.content_name, bytes=unpacked)]

    def _is_expected(self, kind: str) -> bool:
        return kind == TAR or super()._is_expected(kind)  # tar opens both at once: its own message says how

    def _unpack(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        try:
            yield from unpack(blocks, self.compression)
        except EOFError:
            raise SourceError(
                f"{self.name}: the {self.compression.name} file was cut: its end is missing; {advise_again(self)}"
            ) from None
        except lzma.LZMAError as error:
            if "limit" in str(error):
                raise SourceError(
                    f"{self.name}: unpacking it takes more than {MOST_XZ_BYTES >> 20} MiB of memory; pack it with "
                    "xz -9 or lower, or with gzip"
                ) from None
            raise self._damaged(error) from None
        except (zlib.error, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> SourceError:
        return SourceError(f"{self.name}: the {self.compression.name} file is damaged ({error}); {advise_again(self)}")


def unpack(blocks: Iterable[bytes], compression: Compression) -> Iterator[bytes]:
    """What compressed bytes hold, in pieces; several streams one behind the other are one file, as for `gzip -dc`.

    Raises:
        EOFError: the last stream is cut.
        zlib.error, OSError, lzma.LZMAError: a stream is damaged, or other bytes follow it.
    """
    stream: Stream | None = None
    for block in blocks:
        data = block
        while data or (stream is not None and not stream.needs_input):
            if stream is None:
                data = data.lstrip(b"\0")  # padding between streams
                stream = compression.start() if data else None
                continue
            if piece := stream.decompress(data, PIECE_BYTES):
                yield piece
            data = b""
            if stream.eof:
                data, stream = stream.unused_data, None
    while stream is not None:  # what it kept back; then it is cut
        piece = stream.decompress(b"", PIECE_BYTES)
        yield piece
        if not piece and not stream.eof:
            raise EOFError
        stream = None if stream.eof else stream


def join_pieces(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in blocks of at least `size`, but for the last."""
    held: list[bytes] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= size:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)
