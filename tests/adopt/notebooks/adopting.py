"""Adopts notebooks of the corpus by the command, in folders of a test's own."""

import json
from pathlib import Path
from typing import Any

from corpus import BOOKS, write_book

from adopt.__main__ import main


class Folders:
    """Folders for notebooks, recipes and data."""

    def __init__(self, root: Path) -> None:
        self.root, self.books, self.recipes, self.data = root, root / "books", root / "recipes", root / "data"
        for folder in (self.books, self.recipes, self.data):
            folder.mkdir(parents=True)

    def adopt(self, book: str, *options: str, url: str = "") -> int:
        """The exit code of the command; the folder of the notebooks has to stay as it was."""
        paths = write_book(BOOKS[book], self.books, url=url)
        before = self.read(self.books)
        places = ["--into", str(self.recipes), "--data-dir", str(self.data)]
        try:
            code = main([*map(str, paths), "--name", book, *places, *options])
        except SystemExit as end:
            code = int(end.code or 0)
        assert self.read(self.books) == before
        return code

    def read(self, folder: Path) -> dict[str, bytes]:
        """All files below a folder."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    def report(self, book: str) -> Any:
        """The report as data."""
        return json.loads((self.data / "adopted" / book / "report.json").read_text(encoding="utf-8"))
