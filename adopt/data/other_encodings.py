"""The encoding of bytes that are not UTF-8: the one by which they become words of one script."""

import codecs
import re

from relay.reading.likely import SAMPLE_BYTES, find_strange, guess_encoding

EAST_ASIAN = ("shift_jis", "euc_jp", "big5", "euc_kr", "gb18030")
SINGLE_BYTE = ("cp1252", "cp1251", "cp1250", "koi8-r", "cp1253", "cp1254", "cp1257", "cp850", "cp437", "mac-roman")
"""The more common ones first: of those that suit alike, the one that the reading library takes, else the first."""

WESTERN = frozenset("äöüßÄÖÜéèêëàâáãåçñóòôõøíìîïúùûæœÉÈÀÂÅÇÑÓØÍÚÆŒÿ€£§°²³µ½–—‘’“”«»…©®·")
KANA = re.compile(r"[\u3040-\u30ff]")
ASIAN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af\u3000-\u303f\uff00-\uffef]")
CASED = re.compile(r"[^\W\d_]+")
LEAST_ASIAN = 0.95
LEAST_WESTERN = 0.8
"""Score of text that the reading library takes for cp1252, below which other encodings are tried."""
CONTEXT_BYTES = 200


def guess_other(block: bytes) -> str | None:
    """The most likely encoding of bytes that are not UTF-8; None where none suits."""
    start = max(find_strange(block) - CONTEXT_BYTES, 0)
    sample = block[start : start + SAMPLE_BYTES]
    likely = guess_encoding(sample)
    if likely == "cp1252" and _score(sample.decode(likely, "replace")) >= LEAST_WESTERN:
        return likely
    text = _decode(sample, "shift_jis")
    if text is not None and KANA.search(text) and _share(text) >= LEAST_ASIAN:
        return "shift_jis"
    # Russian words without a ё are words of one script as cp1252, too: Àííà, of capitals where they have some.
    ordered = sorted(SINGLE_BYTE, key=lambda name: name != likely)
    scores = {name: _score(found) for name in ordered if (found := _decode(sample, name)) is not None}
    best = max(scores, key=lambda name: scores[name], default=None)
    if best is not None and scores[best] >= LEAST_ASIAN:
        return best
    for name in EAST_ASIAN:
        text = _decode(sample, name)
        if text is not None and _share(text) >= LEAST_ASIAN:
            return name
    return likely if likely is not None and _decode(sample, likely) is not None else best


def _decode(sample: bytes, name: str) -> str | None:
    """The text by an encoding; a character that the end of the sample cuts does not count."""
    try:
        return codecs.getincrementaldecoder(name)().decode(sample)
    except UnicodeDecodeError:
        return None


def _share(text: str) -> float:
    """Share of the characters beyond ASCII that are of East Asian scripts."""
    strange = [sign for sign in text if not sign.isascii()]
    return sum(ASIAN.match(sign) is not None for sign in strange) / len(strange) if strange else 0.0


def _score(text: str) -> float:
    """Share of the characters beyond ASCII that stand in words as written: of one script, no capital inside."""
    total = sum(not sign.isascii() for sign in text)
    good = 0
    for word in CASED.findall(text):
        strange = sum(not sign.isascii() for sign in word)
        if strange and (word.islower() or word.isupper() or word.istitle()) and _is_one_script(word):
            good += strange
    good += sum(not sign.isalpha() and sign in WESTERN for sign in text)
    return good / total if total else 0.0


def _is_one_script(word: str) -> bool:
    """Whether all letters are Latin, Greek or Cyrillic."""
    scripts = {"latin" if ord(one) < 0x370 else "greek" if ord(one) < 0x400 else "cyrillic" for one in word}
    return len(scripts) == 1 and all(ord(one) < 0x530 for one in word)
