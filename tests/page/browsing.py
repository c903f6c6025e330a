"""The page's server and a real browser for it."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

import commands
from page_folders import Folders
from patience import HANG_SECONDS

from relay.handoff.settings import ROOT

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")

SCREENSHOTS = Path(__file__).parent / "screenshots"
SIZES = {"laptop": (1280, 800), "phone": (390, 844)}
DESK = (1440, 900)
"""Of a large screen."""
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]

PATIENCE_MS = HANG_SECONDS * 1000
"""Nothing takes nearly as long, not even on a busy machine; whoever waits longer waits for ever."""


@contextmanager
def serve(folders: Folders, *more: str, code: Path = ROOT) -> Iterator[str]:
    """The page's server on a free port, that has not been asked for anything yet; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "model", "page", "--port", str(port), *more]
    with (folders.root / "server.out").open("wb") as out, (folders.root / "server.log").open("wb") as log:
        process = commands.Command(command, cwd=code, env=folders.environment, stdout=out, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(HANG_SECONDS)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def load(page: Any, url: str) -> None:
    """Open an address; a machine whose network changes that moment makes Chromium give up, so try again."""
    for attempt in range(4):
        page.goto(url)
        try:
            page.wait_for_selector("h1", timeout=PATIENCE_MS / 2)
            page.wait_for_selector("[data-testid=stSkeleton]", state="detached")
        except Exception:
            if attempt == 3:
                raise
        else:
            return


def wait_for_chart(page: Any, inside: str = "") -> None:
    """Wait until a chart that can be seen is drawn."""
    charts = f"{inside} [data-testid=stVegaLiteChart]"
    page.locator(f"{charts} canvas:visible, {charts} svg:visible").first.wait_for()


def assert_fits(page: Any, width: int) -> None:
    """Nothing is wider than the screen once all is laid out, and no part of the page failed."""
    main = "document.querySelector('[data-testid=stMain]')"
    page.wait_for_function(
        f"document.documentElement.scrollWidth <= {width} && {main}.scrollWidth <= {main}.clientWidth"
    )
    assert page.get_by_text("unexpectedly").count() == 0


def picture(page: Any, name: str, size: str, schemes: tuple[str, ...] = ("light", "dark")) -> None:
    """Screenshots of the whole page, by a viewport as high as it."""
    width, height = SIZES.get(size, DESK)
    whole = page.locator("[data-testid=stMain]").evaluate("e => e.scrollHeight") + 70
    page.set_viewport_size({"width": width, "height": max(whole, height)})
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(600)
        page.screenshot(path=name_screenshot(name, size, scheme))


def name_screenshot(page: str, size: str, scheme: str) -> str:
    """Where a screenshot lies."""
    SCREENSHOTS.mkdir(exist_ok=True)
    return str(SCREENSHOTS / f"{page}-{size}-{scheme}.png")
