"""The notebooks that adopt is tested with, and the data beside them."""

import base64
import json
import random
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import books_adopted as good
import books_refused as bad

HELPER = '''"""What the notebooks of the course share."""


def tidy_name(name):
    """A column's name in lower case, without blanks and dots."""
    return name.lower().replace(" ", "_").replace(".", "_")


def count_words(text):
    return len(text.split())
'''


@dataclass(frozen=True)
class Book:
    """One or several notebooks, and what becomes of them."""

    name: str
    texts: Mapping[str, str]
    """File name -> text in percent format."""
    files: tuple[str, ...] = ()
    """The data and modules beside them."""
    refusal: str | None = None
    """The kind of the refusal; None: they are adopted."""
    says: tuple[str, ...] = ()
    """Words of the refusal or of the report."""
    language: str = "python"


def _one(name: str, text: str, *files: str, refusal: str | None = None, says: tuple[str, ...] = ()) -> Book:
    return Book(name, {f"{name}.ipynb": text}, files, refusal, says)


ADOPTED = (
    Book("course", good.COURSE, ("forum_text.py",)),
    _one("regression", good.REGRESSION, "houses.csv"),
    _one("kaggle", good.KAGGLE, "train.csv", "test.csv"),
    _one("plots", good.PLOTS, "temps.csv"),
    _one("series", good.SERIES, "temps.csv"),
    _one("in_place", good.IN_PLACE, "houses.csv"),
    _one("functions", good.FUNCTIONS, "houses.csv"),
    _one("scaled_all", good.SCALED_ALL, "houses.csv", says=("all rows",)),
    _one("scaled_train", good.SCALED_TRAIN, "houses.csv"),
    _one("unseeded", good.UNSEEDED, "houses.csv", says=("exact when seeded",)),
    _one("marked", good.MARKED, "houses.csv"),
    _one("tagged", good.TAGGED, "houses.csv"),
    _one("headings", good.HEADINGS, "houses.csv"),
    _one("magics", good.MAGICS, "houses.csv"),
    _one("rebound", good.REBOUND, "houses.csv", says=("differs",)),  # its figure shows the index, which is dropped
    _one("dict_crosses", good.DICT_CROSSES, "houses.csv", says=("codes cannot be handed on",)),
    Book("percent", {"percent.py": good.MARKED}, ("houses.csv",)),
)

REFUSED = (
    _one("python_2", bad.PYTHON_2, "houses.csv", refusal="python_2", says=("cell 2", "Python 2")),
    _one(
        "out_of_order", bad.OUT_OF_ORDER, "houses.csv", refusal="missing_name", says=("cell 2", "threshold", "cell 3")
    ),
    _one("missing_file", bad.MISSING_FILE, refusal="missing_file", says=("cell 2", "../input/train.csv")),
    _one(
        *("pandas_keyword", bad.PANDAS_KEYWORD, "houses.csv"),
        refusal="removed_api",
        says=("cell 2", "error_bad_lines", "pandas 2.0", "on_bad_lines"),
    ),
    _one(
        "pandas_method", bad.PANDAS_METHOD, "houses.csv", refusal="removed_api", says=("cell 2", "append", "pandas 2.0")
    ),
    _one("numpy_alias", bad.NUMPY_ALIAS, "houses.csv", refusal="removed_api", says=("cell 2", "np.int", "NumPy 1.24")),
    _one(
        *("sklearn_import", bad.SKLEARN_IMPORT, "houses.csv"),
        refusal="removed_api",
        says=("cell 1", "sklearn.cross_validation", "0.20", "sklearn.model_selection"),
    ),
    _one(
        *("sklearn_keyword", bad.SKLEARN_KEYWORD, "houses.csv"),
        refusal="removed_api",
        says=("cell 2", "sparse", "1.4", "sparse_output"),
    ),
    _one(
        *("missing_packages", bad.MISSING_PACKAGES, "houses.csv"),
        refusal="missing_package",
        says=("nowhere_plots", "nowhere_models", "nowhere_idle", "only imported"),
    ),
    Book("r", {"r.ipynb": bad.ANOTHER_LANGUAGE}, refusal="language", says=("R",), language="R"),
    _one("nothing_crosses", bad.NOTHING_CROSSES, refusal="no_frame", says=("frame",)),
    _one("login", bad.LOGIN, refusal="login", says=("cell 2", "401", "private.csv")),
    _one(
        *("two_data_sets", bad.TWO_DATA_SETS, "houses.csv", "temps.csv"),
        refusal="unrelated_data",
        says=("houses", "temps"),
    ),
)
BOOKS = {book.name: book for book in (*ADOPTED, *REFUSED)}


def write_book(book: Book, folder: Path, *, url: str = "http://127.0.0.1:9") -> list[Path]:
    """Write a book's notebooks and what lies beside them; gives the notebooks' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in book.files:
        write_data(name, folder)
    paths = [folder / name for name in book.texts]
    for path in paths:
        text = book.texts[path.name].replace("{url}", url)
        is_percent = path.suffix == ".py"
        path.write_text(
            text if is_percent else json.dumps(make_notebook(text, book.language), indent=1), encoding="utf-8"
        )
    return paths


def write_data(name: str, folder: Path) -> None:
    """Write a file that lies beside a notebook."""
    (folder / name).write_text(_data(name), encoding="utf-8")


def make_notebook(text: str, language: str = "python") -> dict[str, Any]:
    """A notebook, as Jupyter writes it, from text in percent format."""
    cells = []
    for number, block in enumerate(text.split("# %%")[1:]):
        head, _, body = block.partition("\n")
        tags = re.search(r"tags=(\[.*\])", head)
        cell: dict[str, Any] = {"id": f"cell-{number}", "metadata": {"tags": json.loads(tags[1])} if tags else {}}
        if "[markdown]" in head:
            lines = [line.removeprefix("#").removeprefix(" ") for line in body.rstrip("\n").split("\n")]
            cells.append({**cell, "cell_type": "markdown", "source": "\n".join(lines)})
        else:
            code: dict[str, Any] = {
                "cell_type": "code",
                "execution_count": None,
                "outputs": [],
                "source": body.strip("\n"),
            }
            cells.append({**cell, **code})
    kernel = {"display_name": "my old kernel", "language": language, "name": "conda-env-old"}
    metadata = {"kernelspec": kernel, "language_info": {"name": language}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _data(name: str) -> str:
    makers = {"forum_text.py": lambda: HELPER, "temps.csv": _temps, "houses.csv": _houses}
    if name in makers:
        return makers[name]()
    header, *rows = _houses(with_year=True).splitlines()
    if name == "train.csv":
        return "\n".join([header, *rows[:120]]) + "\n"
    header, *rows = (
        "\n".join(",".join(line.split(",")[:3] + line.split(",")[4:]) for line in [header, *rows[120:]])
    ).split("\n")
    return "\n".join([header, *rows]) + "\n"


def _houses(*, with_year: bool = False, rows: int = 160) -> str:
    draw = random.Random(1)
    lines = ["area,rooms,town,price" + (",id,year" if with_year else "")]
    for number in range(rows):
        area, rooms, town = draw.randint(30, 260), draw.randint(1, 7), draw.choice(["ulm", "bonn", "kiel"])
        price = round(2 * area + 5 * rooms + draw.gauss(0, 20), 1)
        cells = ["" if number % 17 == 0 else f"{area}", "" if number % 23 == 5 else f"{rooms}", town, f"{price}"]
        lines.append(",".join([*cells, *([f"{number}", f"{draw.randint(1900, 2019)}"] if with_year else [])]))
    return "\n".join(lines) + "\n"


def _temps(days: int = 330) -> str:
    import datetime
    import math

    draw, first = random.Random(2), datetime.date(2024, 1, 1)
    lines = ["day,temp"]
    for number in range(days):
        temp = 10 + 9 * math.sin(number / 50) + draw.gauss(0, 2)
        lines.append(f"{first + datetime.timedelta(days=number)},{temp:.2f}")
    return "\n".join(lines) + "\n"


def posts() -> bytes:
    """The forum's posts, as its interface answers them."""
    draw = random.Random(3)
    made = [
        {
            "Post Id": number,
            "Score": draw.randint(-9, 90),
            "Body": None if number % 11 == 0 else " ".join(["word"] * draw.randint(1, 30)),
            "user": {"name": f"u{number % 7}"},
        }
        for number in range(90)
    ]
    return json.dumps(made).encode()


class _Forum(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_public = self.path == "/posts.json"
        wanted = base64.b64encode(b"user:secret").decode()
        is_let_in = is_public or self.headers.get("Authorization") == f"Basic {wanted}"
        body = posts() if is_public else b""
        self.send_response(200 if is_let_in else 401)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def serve_forum() -> Iterator[str]:
    """A server on loopback with `/posts.json` and a page that needs a login; gives its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Forum)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
