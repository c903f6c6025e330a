"""Compressed files and ZIP archives: read as they are, or refused with the reason."""

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.handoff.errors import RelayError, SourceError
from relay.handoff.receipt import Unpacked
from relay.reading import packed, zipped
from relay.reading.compressed import COMPRESSIONS, PIECE_BYTES, unpack

Read = Callable[..., Any]  # tests/conftest.py
Desk = Any  # tests/conftest.py

AGES = {"age": {"type": "int"}}
CSV = b"age\n1\n2\n"
ROWS = [{"age": 1}, {"age": 2}]
PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def make_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive: name -> content."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return content.getvalue()


def parquet(*ages: int) -> bytes:
    """A Parquet file with one column."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"age": ages}), sink)
    return sink.getvalue()


@pytest.mark.parametrize("ending", PACK)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv", CSV),
        ("x.tsv", CSV),
        ("x.json", b'[{"age": 1}, {"age": 2}]'),
        ("x.jsonl", b'{"age": 1}\n{"age": 2}\n'),
        ("x.parquet", parquet(1, 2)),
    ],
)
def test_each_format_is_read_from_each_compression(read: Read, ending: str, name: str, content: bytes) -> None:
    packed_content = PACK[ending](content)
    assert read(f"{name}.{ending}", packed_content, AGES).rows == ROWS
    assert read(name, packed_content, AGES).rows == ROWS  # the bytes tell, not the name
    assert read(f"{name}.{ending}", content, AGES).rows == ROWS  # a server may have unpacked it
    assert read("x.zip", make_zip({name: content}), AGES).rows == ROWS


def test_a_text_keeps_its_item_when_it_is_packed(read: Read) -> None:
    columns = {"item": {"type": "text"}, "text": {"type": "text"}}
    rows = [{"item": "poem", "text": "A line"}]
    assert read("poem.txt.gz", gzip.compress(b"A line\n"), columns).rows == rows
    assert read("all.zip", make_zip({"a/poem.txt": b"A line\n"}), columns).rows == rows


@pytest.mark.parametrize("ending", PACK)
def test_several_streams_one_behind_the_other_are_one_file(read: Read, ending: str) -> None:
    pack = PACK[ending]
    assert read(f"x.csv.{ending}", pack(b"age\n1\n") + pack(b"") + pack(b"2\n"), AGES).rows == ROWS
    assert read(f"x.csv.{ending}", pack(CSV) + b"\0" * 512, AGES).rows == ROWS  # as tape drives and xz pad


@pytest.mark.parametrize("ending", PACK)
def test_a_compressed_file_that_is_cut_anywhere_is_refused(read: Read, ending: str) -> None:
    content = PACK[ending](b"age\n" + b"".join(b"%d\n" % random.Random(n).randrange(10**6) for n in range(200)))
    for end in {1, 5, len(content) - 1, *range(6, len(content), len(content) // 12)}:
        with pytest.raises(RelayError):
            read(f"x.csv.{ending}", content[:end], AGES)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (gzip.compress(CSV)[:-3], r"x\.csv\.gz: the gzip file was cut: its end is missing; copy or make it again"),
        (bz2.compress(CSV)[:-3], r"the bzip2 file was cut"),
        (lzma.compress(CSV)[:-3], r"the xz file was cut"),
        (gzip.compress(CSV)[:-6] + b"\xff" * 6, r"the gzip file is damaged \(.*incorrect data check\)"),
        (gzip.compress(CSV) + b"age\n3\n", r"the gzip file is damaged \(.*incorrect header check\)"),
        (gzip.compress(b""), r"x\.csv\.gz: the file is empty \(20 bytes, which hold none\)"),
        (gzip.compress(b"<!DOCTYPE html><p>Sign in"), r"x\.csv\.gz: a web page came instead of data"),
        (gzip.compress(gzip.compress(CSV)), r"a gzip file lies inside another one; Relay unpacks one level"),
        (gzip.compress(make_zip({"a.csv": CSV})), r"a ZIP archive lies inside another one"),
        (b"\x28\xb5\x2f\xfd" + b"x" * 20, r"is a Zstandard file, which Relay does not open; run zstd -dc .* > "),
        (b"7z\xbc\xaf\x27\x1c" + b"x" * 20, r"is a 7z archive, which Relay does not open; run mkdir .* && 7z x "),
    ],
)
def test_a_damaged_or_nested_file_is_refused_with_the_reason(read: Read, content: bytes, expected: str) -> None:
    with pytest.raises(SourceError, match=expected):
        read("x.csv.gz", content, AGES)


def test_a_file_that_asks_for_much_memory_is_refused(read: Read) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 28}]
    with pytest.raises(SourceError, match="takes more than 128 MiB of memory; pack it with xz -9 or lower"):
        read("x.csv.xz", lzma.compress(CSV, filters=filters), AGES)


def test_a_file_with_a_name_of_a_compression_and_text_of_its_magic_is_text(read: Read) -> None:
    assert read("x.csv", b"BZhang\n1\n", {"BZhang": {"type": "int"}}).rows == [{"BZhang": 1}]


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=lambda one: one.name)
def test_unpacking_gives_pieces_of_bounded_size(compression: Any) -> None:
    content = bytes(3 * PIECE_BYTES + 7)
    pieces = list(unpack([PACK[compression.ending[1:]](content)], compression))
    assert (max(map(len, pieces)), b"".join(pieces) == content) == (PIECE_BYTES, True)


@pytest.mark.property
@settings(max_examples=60, deadline=None)
@given(
    content=st.binary(max_size=2000), cuts=st.lists(st.integers(1, 40), min_size=1), kind=st.sampled_from(COMPRESSIONS)
)
def test_however_the_packed_bytes_are_cut_the_same_comes_out(content: bytes, cuts: list[int], kind: Any) -> None:
    left, blocks = PACK[kind.ending[1:]](content), []
    for size in cuts * len(left):
        blocks.append(left[:size])
        left = left[size:]
        if not left:
            break
    assert b"".join(unpack(blocks, kind)) == content


def test_a_file_that_holds_more_than_the_limit_is_refused(read: Read) -> None:
    for name, content in (("x.csv.gz", gzip.compress(CSV)), ("x.zip", make_zip({"a.csv": CSV}))):
        assert read(name, content, AGES, max_unpacked_bytes=len(CSV)).rows == ROWS
        with pytest.raises(
            SourceError, match="unpacked it has 8 bytes or more, and the limit of max_unpacked_bytes is 7"
        ):
            read(name, content, AGES, max_unpacked_bytes=len(CSV) - 1)


def test_a_file_that_holds_many_times_its_size_is_refused_unless_the_recipe_has_a_limit(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "FREE_BYTES", 1000)
    bomb = b"age\n" + b"1\n" * 100_000
    for name, content in (("x.csv.gz", gzip.compress(bomb)), ("x.zip", make_zip({"a.csv": bomb}))):
        with pytest.raises(SourceError, match=r"over 250 times as many, .* say max_unpacked_bytes = 8000000000 in"):
            read(name, content, AGES)
        assert len(read(name, content, AGES, max_unpacked_bytes=8_000_000_000).rows) == 100_000


MONTHS = {
    "year/feb.csv": b"age\n2\n",
    "year/jan.csv": b"age\n3\n",
    "year/": b"",
    "__MACOSX/year/._jan.csv": b"\0\5\26\7",
    "year/.DS_Store": b"\0",
    "README.md": b"# Ages",
    "Thumbs.db": b"\0",
    "a.csv": b"age\n1\n",
}


def test_the_files_of_a_zip_come_by_name_and_others_are_left_out_and_said(desk: Desk) -> None:
    (desk.data / "months.zip").write_bytes(make_zip(MONTHS))
    assert desk.run("ingest", desk.recipe(RECIPE.replace("PATH", "data/months.zip"))) == 0
    assert [row["age"] for row in desk.rows("raw/desk")] == [1, 2, 3]
    (origin,) = desk.receipt("raw/desk").sources
    names = ["a.csv", "year/feb.csv", "year/jan.csv"]
    assert origin.unpacked == [Unpacked(name=name, bytes=6) for name in names]
    assert origin.left_out == ["README.md", "Thumbs.db", "__MACOSX/year/._jan.csv", "year/.DS_Store"]
    said = "\n".join(desk.said("ingest"))
    assert "data/months.zip: reads a.csv, year/feb.csv, year/jan.csv; leaves out README.md, Thumbs.db, __MAC" in said


RECIPE = """
title = "Packed"
[ingest]
source = "file"
path = "PATH"
[columns]
age = { type = "int", role = "input" }
"""


def encrypted() -> bytes:
    """A ZIP archive whose file is said to be encrypted."""
    content = bytearray(make_zip({"a.csv": CSV}, zipfile.ZIP_STORED))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    return bytes(content)


def doubled() -> bytes:
    """A ZIP archive with two files of one name."""
    content = make_zip({"a.csv": CSV, "b.csv": CSV})
    return content.replace(b"b.csv", b"a.csv")


@pytest.mark.parametrize(
    ("content", "more", "expected"),
    [
        (
            make_zip({"a.csv": CSV, "b.csv": CSV, "c.json": b"[]"}),
            {},
            r'x\.zip: the ZIP archive holds several kinds of files, a\.csv, c\.json, b\.csv; choose some, such as '
            r'member = "\*\.csv", in \[ingest\]',
        ),
        (make_zip({"a.csv": CSV}), {"member": "*.json"}, r'matches member = "\*\.json"; it holds a\.csv'),
        (make_zip({"README": b"x"}), {}, r'like data, only README; choose one, such as member = "README", in'),
        (make_zip({".x": b"x"}), {}, r"no file that looks like data, only \.x$"),
        (make_zip({}), {}, r"the ZIP archive holds no file$"),
        (make_zip({"a.csv": CSV})[:-9], {}, r"x\.zip: the ZIP archive is damaged or was cut \(File is not"),
        (make_zip({"a.csv": CSV}, zipfile.ZIP_STORED).replace(b"1\n2\n", b"1\n3\n"), {}, r"was cut \(Bad CRC-32"),
        (make_zip({"a.csv": CSV}, zipfile.ZIP_LZMA), {}, r"x\.zip/a\.csv is compressed by LZMA; expected Deflate"),
        (make_zip({"a.csv": gzip.compress(CSV)}), {}, r"x\.zip/a\.csv: a gzip file lies inside another one"),
        (make_zip({"a.csv": b""}), {}, r"x\.zip/a\.csv: the file is empty"),
        (make_zip({"a.dat": CSV}), {}, r'a\.dat: the ending "\.dat" tells no format'),
        (make_zip({"a.csv": CSV, "b.csv": b"old\n1\n"}), {}, r"x\.zip/b\.csv: column age is missing"),
        (encrypted(), {}, r"x\.zip/a\.csv is encrypted, and Relay takes no passwords of archives"),
        (doubled(), {}, r"the ZIP archive holds a\.csv twice"),
        (CSV, {"member": "*.csv", "format": "csv"}, r'member = "\*\.csv" chooses files of ZIP archives, but'),
    ],
)  # fmt: skip
def test_an_archive_that_cannot_be_read_as_one_set_is_refused_with_the_reason(
    read: Read, content: bytes, more: dict[str, str], expected: str
) -> None:
    with pytest.raises(RelayError, match=expected):
        read("x.zip", content, AGES, **more)


def test_an_archive_of_very_many_files_is_refused_before_their_list_is_read(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make_zip({f"{number:04}.csv": CSV for number in range(30)})
    monkeypatch.setattr(zipped, "MOST_MEMBERS", 29)
    with pytest.raises(SourceError, match="the ZIP archive holds 30 files; at most 29 are read"):
        read("x.zip", content, AGES)
    monkeypatch.setattr(zipped, "MOST_DIRECTORY_BYTES", 30 * (46 + 8) - 1)
    with pytest.raises(
        SourceError, match="the list of files in the ZIP archive has 1,620 bytes, the limit is 1,619; at"
    ):
        read("x.zip", content, AGES)


def test_an_archive_whose_list_of_files_is_shorter_than_it_says_is_refused(read: Read) -> None:
    content = bytearray(make_zip({"a.csv": CSV, "b.csv": CSV}))
    size = content.index(b"PK\5\6") + 12
    content[size] //= 2  # as zipfile reads it, the list then ends behind the first file
    with pytest.raises(SourceError, match="the ZIP archive is damaged or was cut"):
        read("x.zip", bytes(content), AGES)
    unnamed = make_zip({"a.csv": CSV, "b.csv": CSV}).replace(b"b.csv", b"\0.csv")
    with pytest.raises(RelayError, match=r"x\.zip"):
        read("x.zip", unnamed, AGES)


def test_an_archive_larger_than_32_bits_tell_is_read(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)  # so it writes the records for 64 bits
    content = make_zip({f"{number}.csv": CSV for number in range(3)})
    assert b"PK\6\6" in content
    assert len(read("x.zip", content, AGES).rows) == 6


def test_member_chooses_by_pattern_or_by_name(read: Read) -> None:
    content = make_zip({"a[1].csv": CSV, "b.json": b"[]", "in/b.csv": b"age\n3\n", "readme.txt": b"age\n4\n"})
    assert read("x.zip", content, AGES, member="*.csv").rows == [*ROWS, {"age": 3}]
    assert read("x.zip", content, AGES, member="in/*").rows == [{"age": 3}]
    assert read("x.zip", content, AGES, member="a[1].csv").rows == ROWS
    assert read("x.zip", content, AGES, member="*.txt", format="csv").rows == [{"age": 4}]
    assert len(read("x.zip", make_zip({"a.csv": CSV, "b.txt": CSV}), AGES, member="*", format="csv").rows) == 4


def test_what_was_found_in_the_files_of_an_archive_is_in_the_receipt(desk: Desk) -> None:
    columns = RECIPE.replace("[columns]", '[columns]\nsize = { type = "int", role = "input" }')
    for name, second in (("same", b"age;size\n3;4\n"), ("other", b"age|size\n3|4\n")):
        (desk.data / f"{name}.zip").write_bytes(make_zip({"a.csv": b"age;size\n1;2\n", "b.csv": second}))
    assert desk.run("ingest", desk.recipe(columns.replace("PATH", "data/same.zip"))) == 0
    assert desk.receipt("raw/desk").sources[0].found == {"delimiter": ";"}
    assert desk.run("ingest", desk.recipe(columns.replace("PATH", "data/other.zip"))) == 0
    assert desk.receipt("raw/desk").sources[0].found == {"delimiter": "; (a.csv); | (b.csv)"}


def test_no_name_in_an_archive_leads_to_a_file_on_this_machine(read: Read, tmp_path: Path) -> None:
    content = make_zip({"../../escape.csv": CSV, "/etc/hosts.csv": CSV, "a\nb.csv": CSV})
    assert len(read("x.zip", content, AGES).rows) == 6
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_nothing_is_left_of_what_was_unpacked_to_disk(desk: Desk) -> None:
    (desk.data / "x.zip").write_bytes(make_zip({"a.parquet": parquet(1, 2), "b.parquet": parquet(3)}))
    assert desk.run("ingest", desk.recipe(RECIPE.replace("PATH", "data/x.zip"))) == 0
    assert [row["age"] for row in desk.rows("raw/desk")] == [1, 2, 3]
    assert sorted(path.name for path in (desk.data / "raw").iterdir()) == ["desk.json", "desk.parquet"]


@pytest.mark.property
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7), kind=st.sampled_from([*PACK, "zip"]))
def test_a_damaged_bit_changes_no_value(read: Read, place: int, bit: int, kind: str) -> None:
    plain = b"age\n" + b"".join(b"%d\n" % n for n in range(100))
    content = bytearray(make_zip({"a.csv": plain}) if kind == "zip" else PACK[kind](plain))
    content[place % len(content)] ^= 1 << bit
    try:
        found = read("x.csv", bytes(content), AGES, format="csv").rows
    except RelayError:
        return
    assert [row["age"] for row in found] == list(range(100))
