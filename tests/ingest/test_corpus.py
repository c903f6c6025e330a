"""Reading installed packages: distributions made on the spot, and numpy as it is installed."""

import base64
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.corpus import CorpusError, Document, find_sources, read_documents
from relay.handoff.errors import RelayError

SHARED = "The result has the shape of the first argument."
PROSE = "It is computed once and then kept."
FILES = {
    "shapes/__init__.py": f'"""{SHARED}"""',
    "shapes/area.py": f'def area():\n    """{SHARED}\n\n    {PROSE}\n    """',
    "shapes/silent.py": "x = 1",
}


def install(folder: Path, files: dict[str, str], record: str | None = None) -> None:
    """Write a distribution `shapes` 1.0 as pip does, with another RECORD if one is given."""
    info = folder / "shapes-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shapes\nVersion: 1.0\n")
    lines = []
    for path, source in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(source)
        checksum = base64.urlsafe_b64encode(hashlib.sha256(source.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={checksum},{len(source)}")
    (info / "RECORD").write_text("\n".join([*lines, "shapes-1.0.dist-info/RECORD,,"]) if record is None else record)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_module_is_a_document_labelled_by_its_package(folder: Path) -> None:
    install(folder, {"shapes/area.py": f'"""{PROSE}"""'})
    assert list(read_documents(find_sources("shapes"))) == [Document("shapes.area", "shapes", PROSE)]


def test_a_paragraph_counts_once_in_a_package_where_it_comes_first(folder: Path) -> None:
    install(folder, FILES)
    texts = {document.document: document.text for document in read_documents(find_sources("shapes"))}
    assert texts == {"shapes": SHARED, "shapes.area": PROSE}


def test_modules_without_prose_are_counted(folder: Path) -> None:
    install(folder, FILES)
    assert read_documents(find_sources("shapes")).modules_without_prose == 1


def test_documents_are_sorted_by_module_whatever_the_order_of_the_record(folder: Path) -> None:
    names = ["shapes/b.py", "shapes/__init__.py", "shapes/a/__init__.py", "shapes/a/c.py"]
    install(folder, {name: f'"""{PROSE} {number} is its number in the list."""' for number, name in enumerate(names)})
    documents = [document.document for document in read_documents(find_sources("shapes"))]
    assert documents == ["shapes", "shapes.a", "shapes.a.c", "shapes.b"]


@pytest.mark.parametrize(
    "path",
    [
        *("shapes/tests/helpers.py", "shapes/conftest.py", "shapes/test_area.py", "shapes/_vendor/six.py"),
        *("shapes/__config__.py", "shapes/_version.py", "shapes/ask_generated.py", "shapes/distutils/core.py"),
        *("shapes/hook-shapes.py", "shapes/area.pyi", "../../bin/shapes.py", "ishapes.py", "pandas/util/version/a.py"),
    ],
)
def test_tests_copies_and_generated_files_are_not_read(folder: Path, path: str) -> None:
    checksum = f"sha256={'A' * 43},10"
    install(folder, {}, record=f"shapes/area.py,{checksum}\n{path},{checksum}\n")
    assert [file.path for file in find_sources("shapes").files] == ["shapes/area.py"]


def test_the_digest_is_known_without_reading_a_module(folder: Path) -> None:
    install(folder, FILES)
    before = find_sources("shapes").digest
    for path in FILES:
        (folder / path).unlink()
    assert find_sources("shapes").digest == before


def test_the_digest_of_what_was_read_equals_the_promised_one(folder: Path) -> None:
    install(folder, FILES)
    sources = find_sources("shapes")
    assert read_documents(sources).digest == sources.digest


def test_a_changed_file_changes_the_digest_of_what_was_read(folder: Path) -> None:
    install(folder, FILES)
    sources = find_sources("shapes")
    (folder / "shapes/silent.py").write_text("x = 2")
    assert read_documents(sources).digest != sources.digest


def test_a_changed_file_is_refused_when_asked_to_verify(folder: Path) -> None:
    install(folder, FILES)
    (folder / "shapes/silent.py").write_text("x = 2")
    with pytest.raises(CorpusError, match=r"shapes/silent\.py: found SHA-256 .*, expected .*shapes==1\.0"):
        read_documents(find_sources("shapes"), verify=True)


def test_a_package_that_is_not_installed_is_named_with_what_to_do() -> None:
    with pytest.raises(CorpusError, match=r"'no-such-package': .*pip install no-such-package"):
        find_sources("no-such-package")


@pytest.mark.parametrize("record", ["", "shapes/area.py,,\n"], ids=["empty", "without SHA-256"])
def test_a_package_without_a_usable_record_is_refused(folder: Path, record: str) -> None:
    install(folder, FILES, record)
    with pytest.raises(CorpusError, match=r"'shapes' 1\.0: expected a RECORD that lists modules"):
        find_sources("shapes")


def test_a_missing_file_is_named(folder: Path) -> None:
    install(folder, FILES)
    (folder / "shapes/area.py").unlink()
    with pytest.raises(CorpusError, match=r"shapes/area\.py: found no such file"):
        read_documents(find_sources("shapes"))


@pytest.mark.parametrize("source", ["def f(:", "x = '\0'"], ids=["syntax", "null byte"])
def test_a_file_that_is_not_python_is_named(folder: Path, source: str) -> None:
    install(folder, {"shapes/area.py": source})
    with pytest.raises(CorpusError, match=r"shapes/area\.py: found .*, expected the source of a Python module"):
        read_documents(find_sources("shapes"))


def test_its_errors_are_for_the_reader() -> None:
    assert issubclass(CorpusError, RelayError)


def test_numpy_gives_clean_prose_and_is_never_imported() -> None:
    program = """
import sys
from ingest.corpus import find_sources, read_documents
documents = read_documents(find_sources("numpy"), verify=True)
assert "numpy" not in sys.modules
text = "\\n\\n".join(document.text for document in documents)
assert len(text) > 250_000, len(text)
assert not set("`{}|\\\\=<>[]\\t\\ufffd") & set(text)
assert len(set(text.split("\\n\\n"))) == text.count("\\n\\n") + 1
"""
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
