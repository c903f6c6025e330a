"""From the bytes of a text file to UTF-8, by the recipe's encoding or by what the bytes show."""

import codecs
from collections.abc import Iterator
from itertools import chain

from loguru import logger

from relay.handoff.errors import SourceError
from relay.reading.likely import find_strange, guess_encoding, is_windows_text, show_around
from relay.reading.rawfile import RawFile, drop_mark

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks, the longer ones first; the codec of this name reads the mark and leaves it out."""

UTF8 = "utf-8"
WIDE = ("utf-16", "utf-32")
"""How the names of encodings begin in which a line break is more than one byte."""

SINGLE_BYTE = ("iso8859", "cp125", "mac", "cp437", "cp850")
"""How the names of encodings begin in which any bytes are text, UTF-8 too."""

SAY_IT = "say the file's encoding in [ingest]"


def decode_blocks(file: RawFile, declared: str | None) -> Iterator[bytes]:
    """The file's text in UTF-8, block by block, without a byte order mark; what is wrong in UTF-8 stays as it is.

    Without a declared encoding, a byte order mark decides; text that is not UTF-8 and can be cp1252 is read as such.
    What was found is logged and noted.

    Raises:
        SourceError: the bytes are not of the encoding, or no text.
    """
    head = file.sniff()
    mark = next((MARKS[mark] for mark in MARKS if head.startswith(mark)), None)
    name = codecs.lookup(declared).name if declared else None
    _check_head(file.name, head, name, mark)
    blocks = file.read_blocks()
    if name is None and mark is not None:
        file.note_found("encoding", mark)
        logger.info("{}: read as {}, by its byte order mark", file.name, mark)
    encoding = name or mark or UTF8
    if encoding not in (UTF8, "utf-8-sig"):
        recoded = _recode(_refuse_utf8(blocks, file.name, declared or mark or ""), file.name, declared or mark or "")
        yield from drop_mark(recoded)
    else:
        yield from _pass(drop_mark(blocks), file, is_declared=declared is not None)


def open_lines(file: RawFile, declared: str | None) -> tuple[Iterator[bytes], str]:
    """The text block by block, and its encoding: one in which a line break is the byte 10.

    Raises:
        SourceError: as `decode_blocks`.
    """
    is_wide = declared is not None and codecs.lookup(declared).name.startswith(WIDE)
    if is_wide or file.peek().startswith((*MARKS,)):
        return decode_blocks(file, declared), UTF8
    return drop_mark(file.read_blocks()), declared or UTF8


def _check_head(name: str, head: bytes, declared: str | None, mark: str | None) -> None:
    """Refuse what the first bytes show to be of another encoding.

    Raises:
        SourceError: they do.
    """
    wide = declared is not None and declared.startswith(WIDE)
    if mark is not None and declared is not None and not declared.startswith(mark):
        raise SourceError(
            f'{name}: [ingest] says encoding = "{declared}", and the file begins with the bytes {head[:4]!r}, the byte '
            f'order mark of {mark}; say encoding = "{mark}"'
        )
    if wide and b"\0" not in head:
        looks = guess_encoding(head) or UTF8
        raise SourceError(
            f'{name}: [ingest] says encoding = "{declared}", and the file begins with {head[:20]!r}, which is not; '
            f'it looks like encoding = "{looks}"'
        )
    if not wide and mark is None and b"\0" in head:
        likely = guess_encoding(head)
        advice = f'it looks like encoding = "{likely}": say so in [ingest]' if likely else "give another file"
        raise SourceError(f"{name}: no text, or UTF-16 without a byte order mark: it begins {head[:20]!r}; {advice}")


def _recode(blocks: Iterator[bytes], name: str, encoding: str) -> Iterator[bytes]:
    # It keeps the beginning of a character that a block's end cut in two.
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeError as error:
        found = error.object if isinstance(error, UnicodeDecodeError) else b""
        start, end = (error.start, error.end) if isinstance(error, UnicodeDecodeError) else (0, 0)
        likely = guess_encoding(found)
        advice = f'it looks like encoding = "{likely}"' if likely else SAY_IT
        raise SourceError(
            f"{name}: not {encoding}: {error_reason(error)} in {found[max(start - 20, 0) : end + 20]!r}; {advice}"
        ) from None


def error_reason(error: UnicodeError) -> str:
    """What a decoder complains of."""
    return error.reason if isinstance(error, UnicodeDecodeError) else str(error)


def _refuse_utf8(blocks: Iterator[bytes], name: str, encoding: str) -> Iterator[bytes]:
    """The blocks, while they are not UTF-8 that is declared as an encoding in which any bytes are text.

    Raises:
        SourceError: the first block with other characters than ASCII is UTF-8.
    """
    is_undecided = codecs.lookup(encoding).name.startswith(SINGLE_BYTE)
    for block in blocks:
        if is_undecided and not block.isascii():
            end = _find_utf8_end(block)
            is_undecided = end is not None and block[:end].isascii()
            if end and not block[:end].isascii():
                place = find_strange(block)
                raise SourceError(
                    f'{name}: [ingest] says encoding = "{encoding}", and the bytes {show_around(block, place)!r} are '
                    f'UTF-8, "{_read(block, place, UTF8)}", which would become "{_read(block, place, encoding)}"; '
                    'say encoding = "utf-8" in [ingest]'
                )
        yield block


def _read(block: bytes, place: int, encoding: str) -> str:
    return show_around(block, place).decode(encoding, "replace").strip("\ufffd")


def _find_utf8_end(block: bytes) -> int | None:
    """The number of bytes before a character that the block's end cuts in two; None where the block is not UTF-8."""
    try:
        return codecs.utf_8_decode(block, "strict", False)[1]
    except UnicodeDecodeError:
        return None


def _pass(blocks: Iterator[bytes], file: RawFile, *, is_declared: bool) -> Iterator[bytes]:
    """UTF-8 as it is; where the first characters beyond ASCII are not UTF-8, what they show decides."""
    rest = b""
    for piece in blocks:
        block = rest + piece
        end = len(block) if block.isascii() else _find_utf8_end(block)
        if end is None:
            yield from _choose(chain([block], blocks), block, file, is_declared=is_declared)
            return
        rest = block[end:]
        if not block[:end].isascii():
            yield block
            yield from blocks
            return
        yield block[:end]
    if rest:
        yield from _choose(iter([rest]), rest, file, is_declared=is_declared)


def _choose(blocks: Iterator[bytes], first: bytes, file: RawFile, *, is_declared: bool) -> Iterator[bytes]:
    """The blocks from the first one that is not UTF-8."""
    place = find_strange(first)
    shown = show_around(first, place)
    if is_declared or not is_windows_text(first):
        likely = guess_encoding(first)
        advice = f'they look like encoding = "{likely}"' if likely else SAY_IT
        logger.warning("{}: the bytes {!r} are not UTF-8, and their rows are rejected; {}", file.name, shown, advice)
        yield from blocks
        return
    file.note_found("encoding", "cp1252")
    logger.warning(
        '{}: not UTF-8; read as cp1252, by which the bytes {!r} are "{}". Say encoding = "cp1252" in [ingest] if that '
        "is right, or the file's own encoding",
        *(file.name, shown, _read(first, place, "cp1252")),
    )
    yield from _recode(_refuse_mixed(blocks, file.name), file.name, "cp1252")


def _refuse_mixed(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """The blocks, while none of them is UTF-8.

    Raises:
        SourceError: one is.
    """
    for block in blocks:
        if not block.isascii() and (end := _find_utf8_end(block)) and not block[:end].isascii():
            near = show_around(block, find_strange(block))
            raise SourceError(
                f"{name}: a part of the file is not UTF-8, and another one is, near {near!r}; write the file in one "
                f"encoding, or {SAY_IT}"
            )
        yield block
