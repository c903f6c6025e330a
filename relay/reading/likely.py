"""The encoding that bytes look like: for messages, and to tell text of cp1252 from other bytes."""

import re

SAMPLE_BYTES = 1 << 16
MULTIBYTE_BY_CHANCE = 4
"""A French capital before a guillemet looks like UTF-8; this many other bytes speak against it."""
SHOWN_BYTES = 12
"""Bytes that a message shows on each side of a place."""

STRANGE = re.compile(rb"[\x80-\xff]")
MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
"""A character of UTF-8 beyond ASCII."""

UNUSED = re.compile(rb"[\x81\x8d\x8f\x90\x9d\xff]")
"""Bytes without a meaning in cp1252, and one that is damage more often than a y with two dots."""
RUN = re.compile(rb"[\xc0-\xfe]{3}")
"""Three letters beyond ASCII in a row: Cyrillic or Greek, and no language of Western Europe."""
SIGN_IN_WORD = re.compile(
    rb"[A-Za-z][\x80-\x89\x8b\x91\x93-\x95\x98\x99\x9b\xa1-\xaf\xb0-\xb3\xb5\xb6\xb8\xb9\xbb-\xbf][a-z\x80-\xfe]"
)
"""A sign of cp1252 inside a word, where another encoding has a letter."""

KANA_BYTES = re.compile(rb"[\x82\x83][\x9f-\xf1][\x82\x83]")
"""Two characters of Japanese in Shift JIS, in cp1252 a low quotation mark on both sides of a letter."""
MOST = 0.95

DOS_LETTERS = re.compile(rb"[A-Za-z][\x80-\x9a\xa0-\xa5][a-z\x80-\xfe]")
POLISH_LETTERS = re.compile(rb"[A-Za-z][\x9c\x9f\xb3\xb9\xbf][a-z]|[a-z][\xb3\xb9\xbf]\b")
KANA = re.compile(r"[\u3040-\u30ff]")
HAN = re.compile(r"[\u4e00-\u9fff]")
HANGUL = re.compile(r"[\uac00-\ud7af]")


def find_strange(block: bytes) -> int:
    """The position of the first byte beyond ASCII."""
    found = STRANGE.search(block)
    return found.start() if found else 0


def show_around(block: bytes, place: int) -> bytes:
    """The bytes of one cell around a place."""
    before = re.split(rb'[\r\n,;\t|"]', block[max(place - SHOWN_BYTES, 0) : place])[-1]
    return before + re.split(rb'[\r\n,;\t|"]', block[place : place + SHOWN_BYTES])[0]


def is_windows_text(block: bytes) -> bool:
    """Whether a block that is not UTF-8 can be text of Western Europe in cp1252."""
    place = find_strange(block)
    sample = block[max(place - 1, 0) : place + SAMPLE_BYTES]
    if any(pattern.search(sample) for pattern in (UNUSED, RUN, SIGN_IN_WORD, KANA_BYTES)):
        return False
    characters, rest = len(MULTIBYTE.findall(sample)), len(STRANGE.findall(MULTIBYTE.sub(b"", sample)))
    return characters * MULTIBYTE_BY_CHANCE < rest


def guess_encoding(block: bytes) -> str | None:
    """The encoding that a block most likely has; None where nothing speaks for one."""
    sample = block[:SAMPLE_BYTES]
    if b"\0" in sample:
        return _guess_wide(sample)
    if sample.isascii() or (MULTIBYTE.search(sample) and not STRANGE.search(MULTIBYTE.sub(b"", sample)[:-3])):
        return "utf-8"
    if is_windows_text(sample):
        return "cp1252"
    strange = STRANGE.findall(sample)
    # In Cyrillic most letters are small ones, which koi8-r has where cp1251 has capitals.
    large = sum(byte >= b"\xc0" for byte in strange)
    if RUN.search(sample) and large >= MOST * len(strange):
        return "koi8-r" if sum(b"\xc0" <= byte < b"\xe0" for byte in strange) * 2 > large else "cp1251"
    if POLISH_LETTERS.search(sample):
        return "cp1250"
    if DOS_LETTERS.search(sample):
        return "cp850"
    for encoding, letters in (("shift_jis", KANA), ("euc_kr", HANGUL), ("gb18030", HAN)):
        if len(letters.findall(sample.decode(encoding, "ignore"))) * 3 > len(strange):
            return encoding
    return None


def _guess_wide(sample: bytes) -> str | None:
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"
