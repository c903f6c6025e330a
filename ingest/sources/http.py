"""Files behind URLs: fetched when they are due, kept, and read from what is kept."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loguru import logger

from ingest.parameters import HttpSection
from ingest.reading import read_rows
from ingest.refresh import choose_refresh
from relay.handoff.errors import RecipeError, SourceError
from relay.handoff.files import Fingerprints, sync_folder
from relay.handoff.receipt import Origin
from relay.handoff.recipe import Column
from relay.handoff.run import Run, format_utc
from relay.reading.format_keys import reads_pages
from relay.reading.rawfile import RawFile
from relay.reading.sets import distinguish
from relay.sources.kept import Fetched, KeptFile, Wanted, is_due, is_whole, keep_part, read_manifest, write_manifest
from relay.sources.urls import mask_url, path_file

if TYPE_CHECKING:  # requests and Arrow are heavy: an unchanged stage does without them
    from relay.handoff.writer import Block
    from relay.sources.download import RetryPolicy

STOP_SECONDS = 0.5
"""How long interrupted downloads may take to close their files."""


@dataclass(frozen=True)
class HttpSource:
    """The files of a recipe's URLs, as they are kept in a folder."""

    parameters: HttpSection
    columns: dict[str, Column]
    wanted: list[Wanted]
    folder: Path
    """`data/raw/source/<recipe>/`."""
    fingerprints: Fingerprints
    refresh_after: float
    """Age in seconds from which a kept file is asked for again."""
    now: datetime
    """When the run began: what the server says then is at least as new."""
    run_name: str
    policy: "RetryPolicy | None" = None
    """None: as the recipe says."""

    @property
    def rows_total(self) -> None:
        """Nobody knows before reading."""
        return

    def inputs(self) -> dict[str, str]:
        """Masked URL -> SHA-256 of its kept bytes; what is missing, damaged or due is fetched first.

        Raises:
            SourceError: it cannot be had; what was kept before is kept still.
            OSError: the disk refuses.
        """
        manifest = read_manifest(self.folder)
        kept = self._find_kept(manifest)
        due = [wanted for wanted in self.wanted if is_due(kept.get(wanted.name), self.refresh_after, self.now)]
        if due:
            kept = self._refresh(due, kept)
        elif list(kept.values()) != manifest:  # the recipe names fewer URLs than before, or in another order
            write_manifest(self.folder, list(kept.values()))
        return {name: file.sha256 for name, file in kept.items()}

    @cached_property
    def files(self) -> list[RawFile]:
        """The kept files, in the order of the URLs; known after `inputs`."""
        return [
            RawFile(
                file.name,
                file.item,
                self.folder / file.file,
                Origin(
                    where=file.name,
                    sha256=file.sha256,
                    bytes=file.bytes,
                    fetched_at_utc=file.fetched_at_utc,
                    may_be_cut=file.may_be_cut,
                ),
                file.file.partition("-")[2],
            )
            for file in read_manifest(self.folder)
        ]

    def blocks(self) -> "Iterator[Block]":
        """The rows of all files, in the order of the URLs."""
        data_dir = self.fingerprints.data_dir
        yield from read_rows(self.files, self.parameters, self.columns, data_dir, self.folder, self.folder.name)

    def origins(self) -> list[Origin]:
        """Each URL, masked, with what it gave and when."""
        return [file.described for file in self.files]

    def _find_kept(self, manifest: list[KeptFile]) -> dict[str, KeptFile]:
        """The kept files that are whole and what the recipe wants, by name, in its order."""
        by_url = {file.url_digest: file for file in manifest}
        found = {}
        for wanted in self.wanted:
            file = by_url.get(wanted.digest)
            if (
                file is not None
                and wanted.sha256 in (None, file.sha256)
                and is_whole(file, self.folder, self.fingerprints)
            ):
                may_be_cut = file.may_be_cut and wanted.sha256 is None
                known = {"name": wanted.name, "item": wanted.item, "may_be_cut": may_be_cut}
                found[wanted.name] = file.model_copy(update=known)
        return found

    def _refresh(self, due: list[Wanted], kept: dict[str, KeptFile]) -> dict[str, KeptFile]:
        """All files after the due ones were fetched: the old set stays until the new one is complete."""
        started = monotonic()
        due = [replace(wanted, kept=kept[wanted.name].version if wanted.name in kept else None) for wanted in due]
        try:
            results = self._download(due)
        except SourceError as error:
            if len(kept) < len(self.wanted):
                raise
            raise SourceError(
                f"{error}. The {len(kept)} files of before are whole: RELAY_REFRESH=never goes on with them"
            ) from None
        fresh = {
            wanted.name: self._keep(wanted, fetched, kept.get(wanted.name))
            for wanted, fetched in zip(due, results, strict=True)
        }
        files = {wanted.name: fresh.get(wanted.name) or kept[wanted.name] for wanted in self.wanted}
        sync_folder(self.folder)
        write_manifest(self.folder, list(files.values()))
        self._note(fresh, kept, monotonic() - started)
        return files

    def _download(self, due: list[Wanted]) -> list[Fetched | None]:
        from relay.handoff.progress import show_progress
        from relay.sources.download import RetryPolicy

        section = self.parameters
        policy = self.policy or RetryPolicy(
            section.connect_timeout,
            section.read_timeout,
            section.retries,
            max_bytes=section.max_bytes,
            max_seconds=section.max_seconds,
        )
        with show_progress(self.run_name, None, "B") as advance:
            return download_side_by_side(due, policy, parallel=section.parallel, advance=advance)

    def _keep(self, wanted: Wanted, fetched: Fetched | None, old: KeptFile | None) -> KeptFile:
        """The manifest's line of a file that the server was asked for."""
        now = format_utc(self.now)
        if fetched is not None and (old is None or fetched.sha256 != old.sha256):
            return keep_part(wanted, fetched, now)
        assert old is not None  # noqa: S101 - the server is asked for another version only when there is one
        version = old.version if fetched is None else fetched.version
        said = {"etag": version.etag, "last_modified": version.last_modified, "checked_at_utc": now}
        return old.model_copy(update=said)

    def _note(self, fresh: dict[str, KeptFile], kept: dict[str, KeptFile], seconds: float) -> None:
        """Keep the fingerprints of what came, and say it in one line."""
        changed = [file for name, file in fresh.items() if name not in kept or kept[name].sha256 != file.sha256]
        for file in changed:
            self.fingerprints.remember(self.folder / file.file, file.sha256)
        logger.info(
            "{}: {} files fetched ({:,.1f} MB), {} asked for and unchanged, {} not due, {:.2f} s",
            *(self.run_name, len(changed), sum(file.bytes for file in changed) / 1e6, len(fresh) - len(changed)),
            *(len(self.wanted) - len(fresh), seconds),
        )


def open_source(run: Run[HttpSection]) -> HttpSource:
    """The source of a recipe.

    Raises:
        RecipeError: a URL stands there twice, or is none.
        UsageError: RELAY_REFRESH is neither never, always nor an age.
    """
    folder = run.settings.data_dir / "raw" / "source" / run.recipe.name
    return HttpSource(
        parameters=run.parameters,
        columns=run.recipe.raw_columns,
        wanted=list_wanted(run.parameters, folder),
        folder=folder,
        fingerprints=run.fingerprints,
        refresh_after=choose_refresh(run.settings.refresh, run.parameters.refresh),
        now=run.started,
        run_name=run.name,
    )


def list_wanted(section: HttpSection, folder: Path) -> list[Wanted]:
    """The URLs of a recipe, each under a name that tells no secret and that no other has.

    Raises:
        RecipeError: a URL stands there twice, or is none.
    """
    wanted: dict[str, Wanted] = {}
    items = distinguish([path_file(url) for url in section.urls])
    names: Counter[str] = Counter()
    for index, url in enumerate(section.urls):
        name = mask_url(url)
        names[name] += 1
        one = Wanted(
            url=url,
            name=name if names[name] == 1 else f"{name} ({names[name]})",
            item=section.items[index % len(section.items)] if section.items else items[index],
            folder=folder,
            may_be_page=reads_pages(section, urlsplit(url).path),
            sha256=section.checksums[index].lower() if section.checksums else None,
        )
        if one.digest in wanted:
            raise RecipeError(f"[ingest] url: {name} stands there twice; name each file once")
        wanted[one.digest] = one
    return list(wanted.values())


def download_side_by_side(
    wanted: list[Wanted], policy: "RetryPolicy", *, parallel: int, advance: Callable[[int], object]
) -> list[Fetched | None]:
    """What was fetched, in the order asked for; None where the kept version still is the server's.

    Raises:
        SourceError: one cannot be had; the others stop, and what came of them is resumed next time.
        OSError: the disk refuses.
    """
    from relay.sources.download import DownloadControl, download

    todo: SimpleQueue[int] = SimpleQueue()
    news: SimpleQueue[int | tuple[int, Fetched | BaseException | None]] = SimpleQueue()
    control = DownloadControl(advance=news.put, stop=Event())
    for index in range(len(wanted)):
        todo.put(index)

    def work() -> None:
        while not control.stop.is_set():
            try:
                index = todo.get_nowait()
            except Empty:
                return
            try:
                news.put((index, download(wanted[index], policy, control)))
            except BaseException as error:  # raised again by the main thread
                news.put((index, error))

    # Not a ThreadPoolExecutor: it joins its threads at exit, so that Ctrl-C would wait for a silent server.
    threads = [Thread(target=work, daemon=True) for _ in range(min(parallel, len(wanted)))]
    for thread in threads:
        thread.start()
    try:
        return _gather(news, len(wanted), advance)
    finally:
        control.stop.set()
        end = monotonic() + STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - monotonic()))


def _gather(
    news: "SimpleQueue[int | tuple[int, Fetched | BaseException | None]]",
    count: int,
    advance: Callable[[int], object],
) -> list[Fetched | None]:
    """The results in order, while the bar moves; the first failure is raised at once."""
    results: dict[int, Fetched | None] = {}
    while len(results) < count:
        match news.get():
            case int(arrived):
                advance(arrived)
            case (index, BaseException() as error):
                raise error
            case (index, result):
                results[index] = result
    return [results[index] for index in range(count)]
