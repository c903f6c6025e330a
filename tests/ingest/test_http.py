"""The files of a recipe's URLs: fetched when due, kept as a set, never mixed. A real server answers on loopback."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from http_server import Page, PageServer, serve
from loguru import logger
from patience import HANG_SECONDS, wait_for

from ingest.__main__ import STAGE
from ingest.parameters import parse_parameters
from ingest.sources.http import HttpSource, open_source
from relay.handoff.errors import RecipeError, SourceError, UsageError
from relay.handoff.files import Fingerprints
from relay.handoff.recipe import load_recipe
from relay.handoff.run import Run
from relay.handoff.settings import Settings
from relay.sources.download import RetryPolicy
from relay.sources.urls import digest_url, mask_url, name_file

QUICK = RetryPolicy(connect_timeout=HANG_SECONDS, read_timeout=HANG_SECONDS, retries=1, first_delay=0.001)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ONE, TWO, NEW = b"a\n1\n", b"a\n2\n", b"a\n3\n"

RECIPE = """
title = "Files behind URLs"
[columns]
a = {{ type = "text", role = "input" }}
[ingest]
source = "http"
{ingest}
[preprocess]
[model]
"""

INPUTS_IN_ANOTHER_PROCESS = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from relay.handoff.files import Fingerprints
from relay.handoff.recipe import load_recipe
from relay.handoff.run import Run
from relay.handoff.settings import Settings
from ingest.__main__ import STAGE
from ingest.parameters import parse_parameters
from ingest.sources.http import open_source

recipe, data_dir, refresh, last_step = load_recipe(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
steps = 0

def count(step):
    def counted(*arguments, **options):
        global steps
        steps += 1
        if steps == last_step:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*arguments, **options)
    return counted

Path.replace, Path.unlink = count(Path.replace), count(Path.unlink)
run = Run(STAGE.name, recipe, parse_parameters(recipe), Settings(data_dir=data_dir, refresh=refresh),
          Fingerprints(data_dir / ".state", data_dir))
open_source(run).inputs()
print(sorted({"requests", "pyarrow", "tqdm", "http.client"} & set(sys.modules)))
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve() as server:
        yield server


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line).strip()), level="INFO", format="{message}")
    yield lines
    logger.remove(sink)


class Project:
    """A recipe and a data folder; each question is asked by a new source, as in a new process."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "files.toml"
        self.data_dir = folder / "data"
        self.folder = self.data_dir / "raw" / "source" / "files"

    def write(self, urls: list[str], **more: object) -> None:
        values = {"url": urls, **more}
        ingest = "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
        self.path.write_text(RECIPE.format(ingest=ingest))

    def run(self, refresh: str = "", now: datetime = NOON) -> Run[Any]:
        recipe = load_recipe(str(self.path))
        settings = Settings(data_dir=self.data_dir, refresh=refresh)
        fingerprints = Fingerprints(self.data_dir / ".state", self.data_dir)
        return Run(STAGE.name, recipe, parse_parameters(recipe), settings, fingerprints, started=now)

    def source(self, refresh: str = "", now: datetime = NOON) -> HttpSource:
        return replace(open_source(self.run(refresh, now)), policy=QUICK)

    def manifest(self) -> list[dict[str, Any]]:
        files: list[dict[str, Any]] = json.loads((self.folder / "manifest.json").read_text())
        return files

    def kept(self) -> list[bytes]:
        return [(self.folder / file["file"]).read_bytes() for file in self.manifest()]

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def add_two(server: PageServer, project: Project, **more: object) -> tuple[str, str]:
    """Two files with versions, and the recipe that names them."""
    one = server.add("/one.csv", Page(ONE, etag='"1"', ranges=True))
    two = server.add("/two.csv", Page(TWO, etag='"2"', ranges=True))
    project.write([one, two], **more)
    return one, two


def test_the_inputs_are_the_digests_of_what_the_urls_gave(server: PageServer, project: Project) -> None:
    one, two = add_two(server, project)

    assert project.source().inputs() == {one: digest(ONE), two: digest(TWO)}


def test_the_manifest_says_what_was_kept_from_where_and_when(server: PageServer, project: Project) -> None:
    one, _ = add_two(server, project)

    project.source().inputs()

    assert project.manifest()[0] == {
        "name": one,
        "item": "one",
        "url_digest": digest_url(one),
        "file": f"{digest(ONE)[:16]}-one.csv",
        "sha256": digest(ONE),
        "bytes": 4,
        "etag": '"1"',
        "last_modified": None,
        "fetched_at_utc": "2026-01-01T12:00:00Z",
        "checked_at_utc": "2026-01-01T12:00:00Z",
        "may_be_cut": False,
    }
    assert project.kept() == [ONE, TWO]
    assert project.names() == {"manifest.json", *(file["file"] for file in project.manifest())}


def test_the_origins_stand_in_the_manifest(server: PageServer, project: Project) -> None:
    one, two = add_two(server, project)
    project.source().inputs()

    origins = [(o.where, o.sha256, o.bytes, o.fetched_at_utc) for o in project.source().origins()]

    assert origins == [
        (one, digest(ONE), 4, "2026-01-01T12:00:00Z"),
        (two, digest(TWO), 4, "2026-01-01T12:00:00Z"),
    ]


def test_the_rows_are_read_from_the_kept_files(
    server: PageServer, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    import relay.reading.formats

    add_two(server, project)
    project.source().inputs()
    monkeypatch.setattr(relay.reading.formats, "read_files", lambda files, *_: files)

    files = list(project.source().blocks())

    assert [(file.item, b"".join(file.read_blocks())) for file in files] == [("one", ONE), ("two", TWO)]


def test_items_fill_the_url(server: PageServer, project: Project) -> None:
    server.add("/book-gen.txt", Page(ONE))
    server.add("/book-ex.txt", Page(TWO))
    project.write([server.url("/book-{item}.txt")], items=["gen", "ex"])

    inputs = project.source().inputs()

    assert list(inputs) == [server.url("/book-gen.txt"), server.url("/book-ex.txt")]
    assert [file["item"] for file in project.manifest()] == ["gen", "ex"]


def test_what_is_kept_is_not_asked_for_again(server: PageServer, project: Project, log: list[str]) -> None:
    add_two(server, project)
    first = project.source().inputs()
    log.clear()

    assert project.source(now=NOON + timedelta(days=999)).inputs() == first
    assert len(server.seen) == 2
    assert log == []


@pytest.mark.parametrize(
    ("recipe", "setting", "age", "asked"),
    [
        ("never", "", timedelta(days=999), 1),
        ("never", "always", timedelta(0), 2),
        ("always", "", timedelta(0), 2),
        ("always", "never", timedelta(days=999), 1),
        ("6h", "", timedelta(hours=5, minutes=59), 1),
        ("6h", "", timedelta(hours=6), 2),
        ("6h", "1h", timedelta(hours=2), 2),
        ("6h", "", timedelta(hours=-1), 2),
    ],
)
def test_a_refresh_is_due_by_the_recipe_or_by_the_environment(
    server: PageServer, project: Project, recipe: str, setting: str, age: timedelta, asked: int
) -> None:
    project.write([server.add("/one.csv", Page(ONE, etag='"1"'))], refresh=recipe)
    project.source().inputs()

    project.source(setting, NOON + age).inputs()

    assert len(server.seen) == asked


def test_a_304_leaves_the_file_and_notes_the_check(server: PageServer, project: Project, log: list[str]) -> None:
    add_two(server, project)
    first = project.source().inputs()

    assert project.source("always", NOON + timedelta(hours=1)).inputs() == first
    assert server.asked("/one.csv", "If-None-Match") == [None, '"1"']
    assert [file["fetched_at_utc"] for file in project.manifest()] == ["2026-01-01T12:00:00Z"] * 2
    assert [file["checked_at_utc"] for file in project.manifest()] == ["2026-01-01T13:00:00Z"] * 2
    assert "0 files fetched (0.0 MB), 2 asked for and unchanged" in log[-1]


def test_equal_bytes_under_a_new_version_count_as_unchanged(server: PageServer, project: Project) -> None:
    add_two(server, project)
    first = project.source().inputs()
    server.add("/one.csv", Page(ONE, etag='"new"'))

    assert project.source("always", NOON + timedelta(hours=1)).inputs() == first
    assert project.manifest()[0]["etag"] == '"new"'
    assert project.manifest()[0]["fetched_at_utc"] == "2026-01-01T12:00:00Z"
    assert project.names() == {"manifest.json", *(file["file"] for file in project.manifest())}


def test_a_changed_file_takes_the_place_of_the_old_one(server: PageServer, project: Project, log: list[str]) -> None:
    one, two = add_two(server, project)
    project.source().inputs()
    server.add("/one.csv", Page(NEW, etag='"3"'))

    assert project.source("always").inputs() == {one: digest(NEW), two: digest(TWO)}
    assert project.kept() == [NEW, TWO]
    assert len(project.names()) == 3
    assert "1 files fetched (0.0 MB), 1 asked for and unchanged" in log[-1]


def test_a_new_url_in_the_recipe_is_fetched_alone(server: PageServer, project: Project) -> None:
    one, two = add_two(server, project)
    project.write([one])
    project.source().inputs()
    project.write([two, one])

    assert project.source().inputs() == {two: digest(TWO), one: digest(ONE)}
    assert [seen.path for seen in server.seen] == ["/one.csv", "/two.csv"]
    assert project.kept() == [TWO, ONE]


def test_a_url_that_left_the_recipe_leaves_the_folder(server: PageServer, project: Project) -> None:
    one, _ = add_two(server, project)
    project.source().inputs()
    (project.folder / "notes.txt").write_text("the user's own")
    project.write([one])

    assert project.source().inputs() == {one: digest(ONE)}
    assert project.names() == {"manifest.json", "notes.txt", f"{digest(ONE)[:16]}-one.csv"}


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"a\n9\n")], ids=["gone", "changed"])
def test_a_damaged_file_is_fetched_again(
    server: PageServer, project: Project, log: list[str], damage: Callable[[Path], object]
) -> None:
    add_two(server, project)
    first = project.source().inputs()
    damage(project.folder / project.manifest()[0]["file"])

    assert project.source().inputs() == first
    assert project.kept() == [ONE, TWO]
    assert server.asked("/one.csv", "If-None-Match") == [None, None]
    assert len(server.asked("/two.csv", "Range")) == 1
    assert "was changed or is gone" in log[-2]


def test_a_damaged_manifest_is_made_again(server: PageServer, project: Project, log: list[str]) -> None:
    add_two(server, project)
    first = project.source().inputs()
    (project.folder / "manifest.json").write_text("[{")

    assert project.source().inputs() == first
    assert "was changed or cut" in log[-2]


def test_a_kept_file_without_the_expected_digest_is_fetched_again(server: PageServer, project: Project) -> None:
    url = server.add("/one.csv", Page(ONE, etag='"1"'))
    project.write([url])
    project.source().inputs()
    server.add("/one.csv", Page(NEW, etag='"1"'))
    project.write([url], sha256=digest(NEW).upper())

    assert project.source().inputs() == {url: digest(NEW)}


def test_a_refresh_that_fails_says_how_to_go_on_with_what_is_kept(server: PageServer, project: Project) -> None:
    one, two = add_two(server, project)
    first = project.source().inputs()
    server.pages["/two.csv"] = Page(first=[(503, {})] * 9)
    server.pages["/one.csv"] = Page(NEW, etag='"3"')

    with pytest.raises(SourceError, match=rf"{two}: HTTP 503.*RELAY_REFRESH=never goes on with them") as caught:
        project.source("always").inputs()
    assert one not in str(caught.value)
    assert project.kept() == [ONE, TWO]
    assert project.source("never").inputs() == first


def test_a_first_fetch_that_fails_promises_nothing_kept(server: PageServer, project: Project) -> None:
    project.write([server.url("/missing.csv")])

    with pytest.raises(SourceError) as caught:
        project.source().inputs()
    assert "RELAY_REFRESH" not in str(caught.value)


def test_after_a_failure_the_complete_files_are_not_fetched_again(server: PageServer, project: Project) -> None:
    one, two = add_two(server, project, parallel=1)
    server.pages["/two.csv"].first = [(404, {})]
    with pytest.raises(SourceError, match="HTTP 404"):
        project.source().inputs()

    assert project.source().inputs() == {one: digest(ONE), two: digest(TWO)}
    assert server.asked("/one.csv", "If-None-Match") == [None, '"1"']


def test_a_failure_stops_the_others_at_once(server: PageServer, project: Project) -> None:
    slow = server.add("/slow.csv", Page(ONE, etag='"1"', stalls=[2]))
    bad = server.add("/bad.csv", Page(first=[(404, {})]))
    project.write([slow, bad])

    with pytest.raises(SourceError, match=f"{bad}: HTTP 404"):
        replace(project.source(), policy=replace(QUICK, read_timeout=2 * HANG_SECONDS)).inputs()
    assert server.ended_stalls == []  # it did not wait for the silent server


def test_after_a_failure_no_more_is_written(server: PageServer, project: Project) -> None:
    def find_part() -> list[Path]:
        return [path for path in project.folder.glob("*-slow.csv.part") if path.stat().st_size]

    body = ONE * 1_000_000  # more than comes while a test lasts
    slow = server.add("/slow.csv", Page(body, etag='"1"', drip_seconds=0.02))
    bad = server.add("/bad.csv", Page(first=[(500, {}), (404, {})], waits_for=find_part))
    project.write([slow, bad])

    with pytest.raises(SourceError, match="HTTP 404"):
        project.source().inputs()
    [part] = find_part()
    came = part.stat().st_size
    time.sleep(0.3)
    assert 0 < came == part.stat().st_size < len(body)


def test_files_are_fetched_side_by_side(server: PageServer, project: Project) -> None:
    # No file is answered before all are asked for.
    pages = [Page(ONE, waits_for=lambda: len(server.seen) == 4) for _ in range(4)]
    urls = [server.add(f"/{index}.csv", page) for index, page in enumerate(pages)]
    project.write(urls, parallel=4)

    assert project.source().inputs() == dict.fromkeys(urls, digest(ONE))


def test_a_wrong_refresh_is_bad_usage(server: PageServer, project: Project) -> None:
    add_two(server, project)

    with pytest.raises(UsageError, match='RELAY_REFRESH="sometimes" is neither never, always nor an age'):
        project.source("sometimes")


def test_a_url_that_stands_there_twice_is_refused(server: PageServer, project: Project) -> None:
    one, two = add_two(server, project)
    project.write([one, two, one])

    with pytest.raises(RecipeError, match=f"{one} stands there twice"):
        project.source()


def test_what_is_no_url_is_refused(project: Project) -> None:
    project.write(["http://[::1/rows.csv"])

    with pytest.raises(RecipeError, match="one is not a URL: Invalid IPv6 URL"):
        project.source()


def test_secrets_stand_in_no_file_and_in_no_log(server: PageServer, project: Project, log: list[str]) -> None:
    server.add("/one.csv", Page(ONE))
    one = server.url("/one.csv?part=1&api_key=s3cret").replace("//", "//me:pa55@")
    project.write([one])

    inputs = project.source().inputs()

    masked = server.url("/one.csv?part=1&api_key=***").replace("//", "//***@")
    assert list(inputs) == [masked]
    written = [path.name + path.read_text() for path in project.data_dir.rglob("*") if path.is_file()]
    said = " ".join([*log, *written])
    assert masked in said
    assert "s3cret" not in said
    assert "pa55" not in said


def test_urls_that_differ_in_a_secret_only_are_two_files(server: PageServer, project: Project) -> None:
    server.add("/get", Page(ONE))
    project.write([server.url("/get?key=train"), server.url("/get?key=test")])
    project.source().inputs()
    project.write([server.url("/get?key=train"), server.url("/get?key=other")])

    inputs = project.source().inputs()

    assert list(inputs) == [server.url("/get?key=***"), server.url("/get?key=***") + " (2)"]
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://host.org/a.csv", "https://host.org/a.csv"),
        ("https://me:pa@ss@host.org:8443/a.csv#top", "https://***@host.org:8443/a.csv"),
        ("https://host.org/a?token=1&page=2", "https://host.org/a?token=***&page=2"),
        ("https://host.org/a?X-Amz-Signature=1&X-Amz-Date=2", "https://host.org/a?X-Amz-Signature=***&X-Amz-Date=2"),
        ("https://host.org/a?sv=1&sig=2%3D", "https://host.org/a?sv=1&sig=***"),
        ("https://host.org/a?to%6Ben=1;apiKey=2", "https://host.org/a?to%6Ben=***;apiKey=***"),
        ("https://host.org/a?author=1&keyword=2", "https://host.org/a?author=1&keyword=2"),
    ],
)
def test_users_and_secret_keys_are_masked(url: str, masked: str) -> None:
    assert mask_url(url) == masked


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host.org/data/rows.csv?x=1", "rows.csv"),
        ("https://host.org/a%2Fb/..%2F..%2Fpasswd", "passwd"),
        ("https://host.org/.hidden", "hidden"),
        ("https://host.org/", "data"),
        ("https://host.org/" + "x" * 300 + ".csv", "x" * 76 + ".csv"),
        ("https://host.org/ספר 1.txt", "_1.txt"),
    ],
)
def test_file_names_are_safe_and_keep_their_ending(url: str, name: str) -> None:
    assert name_file(url) == name


def in_another_process(project: Project, refresh: str = "never", last_step: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", INPUTS_IN_ANOTHER_PROCESS, str(project.path), str(project.data_dir)]
    return subprocess.Popen([*command, refresh, str(last_step)], stdout=subprocess.PIPE, text=True)


def test_nothing_heavy_is_imported_when_nothing_is_due(server: PageServer, project: Project) -> None:
    add_two(server, project)
    project.source().inputs()

    kept, _ = in_another_process(project).communicate()
    fetched, _ = in_another_process(project, "always").communicate()

    assert kept.strip() == "[]"
    assert fetched.strip() == "['http.client', 'requests', 'tqdm']"


def test_ctrl_c_stops_at_once_and_leaves_what_came(server: PageServer, project: Project) -> None:
    body = ONE * 1000
    urls = [server.add(f"/{name}.csv", Page(body, etag='"1"', ranges=True, stalls=[2000])) for name in "ab"]
    project.write(urls, read_timeout=2 * HANG_SECONDS)
    command = [sys.executable, "-m", "ingest", str(project.path), "--data-dir", str(project.data_dir)]
    process = subprocess.Popen([*command, "--log-dir", str(project.data_dir / "logs")], stderr=subprocess.PIPE)
    wait_for_bytes(project, 4000, process)

    process.send_signal(signal.SIGINT)
    _, said = process.communicate()

    assert server.ended_stalls == []  # it did not wait for the silent servers
    assert process.returncode == 130
    assert b"interrupted" in said
    assert project.source().inputs() == dict.fromkeys(urls, digest(body))
    assert server.asked("/a.csv", "Range") == [None, "bytes=2000-"]
    assert server.asked("/b.csv", "Range") == [None, "bytes=2000-"]


def wait_for_bytes(project: Project, count: int, process: "subprocess.Popen[Any]") -> None:
    """Wait until that many bytes lie in parts."""

    def has_come() -> bool:
        assert process.poll() is None
        return sum(path.stat().st_size for path in project.folder.glob("*.part")) >= count

    wait_for(has_come, f"{count} bytes")


@pytest.mark.crash
def test_a_kill_at_any_step_of_a_refresh_leaves_the_old_set_or_the_new_one(
    server: PageServer, project: Project
) -> None:
    one, two = add_two(server, project, parallel=1)
    outcomes = set()
    for step in range(1, 99):
        server.pages |= {"/one.csv": Page(ONE, etag='"1"', ranges=True), "/two.csv": Page(TWO, etag='"2"')}
        project.source("always").inputs()
        server.pages |= {"/one.csv": Page(ONE * 2, etag='"3"', ranges=True), "/two.csv": Page(TWO * 2, etag='"4"')}
        process = in_another_process(project, "always", step)
        process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        outcomes.add(b"".join(project.kept()))
        assert project.source("always").inputs() == {one: digest(ONE * 2), two: digest(TWO * 2)}
        assert project.names() == {"manifest.json", *(file["file"] for file in project.manifest())}
    assert outcomes == {ONE + TWO, ONE * 2 + TWO * 2}
    assert step > 10
