"""The documentation of installed packages as labelled documents: one a module, parsed from its source, never imported.

Reads the RECORD of a distribution, which lists its files with their SHA-256, and the .py files in it. Writes nothing.
The RECORD alone says what will be read, so asking whether the sources changed costs milliseconds.
"""

import base64
import csv
import gc
import hashlib
import importlib.metadata
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from ingest.prose import extract_prose, module_docstrings
from relay.handoff.errors import SourceError

# No prose of the package's own: tests, examples, other people's code, parsers written by ANTLR. numpy's `distutils`
# is only in its wheel for Python 3.11, and the data must be the same on every Python.
SKIPPED_FOLDERS = re.compile(r"tests?|_?testing|benchmarks|_?examples|_?vendor(ed)?|_?extern(als)?|_antlr|distutils")
# Tests, and what the build writes: it differs between platforms (numpy's __config__.py holds the compiler's name).
SKIPPED_MODULES = re.compile(
    r"test_.*|.*_test|conftest|setup|__config__|_*version_*|_version_meson|_distributor_init.*|.*_generated"
)
# Other people's code that its place does not tell.
COPIED_PATHS = (
    "numpy/_utils/_inspect.py",  # Python's inspect
    "numpy/_utils/_pep440.py",  # packaging
    "pandas/core/interchange/dataframe_protocol.py",  # data-apis
    "pandas/io/clipboard/",  # pyperclip
    "pandas/util/version/",  # packaging
)


class CorpusError(SourceError):
    """An installed package cannot serve as a source of documents."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A module's file: its path below the folder of installed packages, with "/", and its SHA-256 in hexadecimal."""

    path: str
    sha256: str

    @property
    def module(self) -> str:
        """The dotted name: numpy/linalg/__init__.py is numpy.linalg."""
        parts = PurePosixPath(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True, slots=True)
class PackageSources:
    """The files of an installed package to be read, sorted by module, with the SHA-256 that its RECORD promises."""

    package: str
    version: str
    folder: Path
    files: tuple[SourceFile, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over version, paths and promised SHA-256: changes when what would be read changes.

        Equal on Linux and macOS and on every Python; Windows wheels of numpy and SQLAlchemy have other line ends,
        so another digest, yet the same prose.
        """
        return _digest_files(self, self.files)


@dataclass(frozen=True, slots=True)
class Document:
    """The prose of a module (`numpy.linalg._linalg`) of a package (`numpy`): a line a paragraph, one empty between."""

    document: str
    package: str
    text: str


@dataclass(frozen=True, slots=True)
class PackageDocuments:
    """The documents of a package, sorted by module, and what was read for them.

    Attributes:
        documents: One for each module that has prose.
        digest: As `PackageSources.digest`, but of the bytes that were read.
        modules_without_prose: How many modules were read and gave no document.
    """

    documents: tuple[Document, ...]
    digest: str
    modules_without_prose: int

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents)


def find_sources(package: str) -> PackageSources:
    """The modules of an installed distribution, found without reading any of them.

    Raises:
        CorpusError: It is not installed, has no RECORD, or the RECORD lists no module.
    """
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError as error:
        raise CorpusError(
            f"package {package!r}: found no installed distribution of this name; install it with "
            f"`pip install {package}` or take it out of the recipe"
        ) from error
    record = distribution.read_text("RECORD")
    found = _parse_record(record.splitlines()) if record else []
    if not found:
        raise CorpusError(
            f"package {package!r} {distribution.version}: expected a RECORD that lists modules with their SHA-256, "
            f"found {'one that lists none' if record else 'no RECORD'}; {_reinstall(package, distribution.version)}"
        )
    files = tuple(sorted(found, key=lambda file: file.module))
    return PackageSources(package, distribution.version, Path(str(distribution.locate_file(""))), files)


def read_documents(sources: PackageSources, *, verify: bool = False) -> PackageDocuments:
    """The documents of a package; a paragraph that several docstrings of it share is kept where it comes first.

    Args:
        sources: What `find_sources` found.
        verify: Refuse a file whose SHA-256 is not the one in the RECORD.

    Raises:
        CorpusError: A file is missing, is not Python, or was changed after the installation (with `verify`).
    """
    extract = cache(extract_prose)  # docstrings are often repeated word for word
    seen: set[str] = set()
    documents = []
    read = []
    with _garbage_collection_paused():
        for file in sources.files:
            content = _read_file(sources, file)
            read.append(SourceFile(file.path, hashlib.sha256(content).hexdigest()))
            if verify and read[-1] != file:
                found = f"found SHA-256 {read[-1].sha256}, expected {file.sha256} as in the RECORD"
                raise _damaged(sources, file, found)
            prose = (extract(docstring) for docstring in _parse_docstrings(sources, file, content))
            paragraphs = dict.fromkeys(paragraph for text in prose if text for paragraph in text.split("\n\n"))
            fresh = [paragraph for paragraph in paragraphs if paragraph not in seen]
            seen.update(fresh)
            if fresh:
                documents.append(Document(file.module, sources.package, "\n\n".join(fresh)))
    return PackageDocuments(tuple(documents), _digest_files(sources, read), len(read) - len(documents))


def _parse_record(lines: Iterable[str]) -> list[SourceFile]:
    """The modules in a RECORD. Source: PyPA specifications, "Recording installed projects"."""
    return [
        SourceFile(path, base64.urlsafe_b64decode(checksum.removeprefix("sha256=") + "=").hex())
        for path, checksum, _size in csv.reader(lines)
        if checksum.startswith("sha256=") and _is_own_module(path)
    ]


def _is_own_module(path: str) -> bool:
    *folders, name = path.removesuffix(".py").split("/")
    return (
        path.endswith(".py")
        and all(part.isidentifier() for part in (*folders, name))  # also keeps out scripts in ../../bin
        and bool(folders)  # isympy.py and the like are commands beside the package
        and not any(SKIPPED_FOLDERS.fullmatch(folder) for folder in folders)
        and SKIPPED_MODULES.fullmatch(name) is None
        and not path.startswith(COPIED_PATHS)
    )


def _digest_files(sources: PackageSources, files: Iterable[SourceFile]) -> str:
    lines = sorted(f"{file.sha256}  {file.path}\n" for file in files)
    return hashlib.sha256("".join([f"{sources.package} {sources.version}\n", *lines]).encode()).hexdigest()


def _read_file(sources: PackageSources, file: SourceFile) -> bytes:
    try:
        return (sources.folder / file.path).read_bytes()
    except FileNotFoundError as error:
        raise _damaged(sources, file, "found no such file, expected it as the RECORD lists it") from error


def _parse_docstrings(sources: PackageSources, file: SourceFile, content: bytes) -> list[str]:
    try:
        return module_docstrings(content)
    except (SyntaxError, ValueError) as error:  # ValueError: a null byte, before Python 3.12
        raise _damaged(sources, file, f"found {error}, expected the source of a Python module") from error


def _damaged(sources: PackageSources, file: SourceFile, problem: str) -> CorpusError:
    return CorpusError(f"{sources.folder / file.path}: {problem}; {_reinstall(sources.package, sources.version)}")


def _reinstall(package: str, version: str) -> str:
    return f"install its wheel again: `pip install --force-reinstall --no-deps {package}=={version}`"


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    """Saves a sixth of the parsing time. Safe: a syntax tree has no cycles, so it is freed when its file is done."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
