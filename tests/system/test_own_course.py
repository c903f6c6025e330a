"""The course's algorithm in a user's module gives the map of the recipe `posts` with the notebook's settings."""

import json
import random
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from relay.handoff.program import main
from relay.handoff.settings import ROOT

CODE = Path(__file__).parent / "own_course" / "course.py"
POSTS = 2_000
WORDS = ("wer", "reitet", "so", "spät", "durch", "nacht", "und", "wind", "es", "ist", "der", "naïve", "café", "Ελλάδα")
OWN = """
[model]
kind = "python"
function = "draw_map"
"""


def write_post(number: int) -> dict[str, object]:
    """A made-up post: of three sites with words of their own, some with links, line breaks, blanks, or without text."""
    draw = random.Random(number)
    site = ("4ch", "8ch", "8kun")[number * 3 // POSTS]
    favourites = random.Random(site).sample(WORDS, 4)
    text: str | None = draw.choice((" ", "\n", "  ")).join(draw.choices([*WORDS, *favourites], k=draw.randint(1, 60)))
    if number % 11 == 0:
        text = f"https://example.org/{number} {text}"
    if number % 17 == 0:
        text = f"{text} https://example.org/{number}"
    if number % 23 == 0:
        text = None
    moment = 1_510_000_000 + 3_600 * ((number * 7) % POSTS)  # not in the order of the file
    return {"post_metadata": {"time": moment, "source": {"site": site}}, "text": text}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server on loopback with the posts."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "posts.json").write_text(json.dumps({"posts": [write_post(one) for one in range(POSTS)]}))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing: the tests' output is for the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/posts.json"
    server.shutdown()
    server.server_close()


def run(folder: Path, recipe: str, *changes: str) -> Path:
    """The folder of results that a recipe gives."""
    more = [part for change in changes for part in ("--set", change)]
    for stage in ("ingest", "preprocess", "model"):
        own = [part for part in zip(more[::2], more[1::2], strict=True) if part[1].split(".")[0] in (stage, "ingest")]
        arguments = [text for pair in own for text in pair]
        folders = ["--data-dir", str(folder / "data"), "--log-dir", str(folder / "logs")]
        assert main(import_module(f"{stage}.__main__").STAGE, [recipe, *arguments, *folders]) == 0
    return folder / "data" / "output" / Path(recipe).stem / "latest"


def write_course(folder: Path) -> str:
    """A recipe as `posts`, with the functions of the user's module in place of Relay's kinds."""
    text = (ROOT / "recipes" / "posts.toml").read_text(encoding="utf-8")
    text = text[: text.index("[model]")].replace(
        'kind = "documents"\nperiod = "month"', 'kind = "python"\nfunction = "clean"'
    )
    (folder / "course.toml").write_text(text + OWN, encoding="utf-8")
    shutil.copy(CODE, folder / "course.py")
    return str(folder / "course.toml")


@pytest.mark.slow
def test_the_map_is_the_one_of_the_recipe_with_the_notebooks_settings(tmp_path: Path, address: str) -> None:
    source = f"ingest.url={address}"
    theirs = run(tmp_path, "posts", source, "preprocess.cleaning=notebook", "model.projection=pca")
    mine = run(tmp_path, write_course(tmp_path), source)
    expected = pq.read_table(theirs / "chunks.parquet").select(["x", "y"]).to_pandas().to_numpy()
    found = pq.read_table(mine / "points.parquet").to_pandas().to_numpy()
    width = np.ptp(expected[:, 0])
    assert found.shape == (100, 2)
    assert np.abs(found - expected).max() / width < 1e-9
    assert (mine / "posts_by_style_in_the_order_of_time.png").exists()


def test_the_module_has_at_most_sixty_lines_and_imports_nothing_of_relay() -> None:
    text = CODE.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert "relay" not in text
