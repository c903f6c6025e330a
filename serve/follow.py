"""Each worker follows what is in force: a new version is loaded and checked beside the old one, then swapped in."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from loguru import logger

from relay.handoff.errors import RelayError
from serve.copies import Copies, ServingState
from serve.fetch import find_pause
from serve.loading import load_folder
from serve.store import NONE_YET, MemoryStore, VersionRef

PAUSE_SECONDS = 0.1
"""Between two looks at the files: a stat each."""
FIRST_PAUSE_SECONDS = 5.0
"""After the first attempt at a copy that cannot be loaded."""


@dataclass(frozen=True)
class Failure:
    """A copy that could not be loaded: it is not loaded again at each word of the registry."""

    ref: VersionRef
    copied_ns: int
    """When the copy was made; another one is tried at once."""
    attempts: int
    not_before: float
    """By the monotonic clock."""


class Follower:
    """Keeps a store in line with the copies."""

    def __init__(self, store: MemoryStore, copies: Copies) -> None:
        self._store, self._copies = store, copies
        self._seen: dict[str, tuple[int, int]] = {}
        self._failures: dict[str, Failure] = {}
        # A thread of its own: batches of predictions must not wait behind a model that is being loaded.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="load")

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self) -> None:
        """Take over what has changed since the last look."""
        if self._store.is_open:
            self._find()
        for name in self._store.status():
            mark = self._mark(name)
            if self._seen.get(name) != mark:
                self._seen[name] = mark
                await self._apply(name, self._copies.read(name))

    def _find(self) -> None:
        """Follow every model that has a copy, and no other."""
        there = self._copies.list_models()
        for name in self._store.status().keys() - set(there):
            logger.warning("{}: no version is served any more", name)
            self._seen.pop(name, None)
            self._store.remove(name)
        for name in set(there) - self._store.status().keys():
            self._store.add(name)
        if not there:
            found = self._copies.read_found()
            self._store.why_none = (found.why, found.next_step) if found.why else NONE_YET

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _mark(self, name: str) -> tuple[int, int]:
        try:
            found = self._copies.current(name).stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino

    async def _apply(self, name: str, state: ServingState) -> None:
        self._store.note(name, asked_unix=state.asked_unix, away_since_unix=state.away_since_unix)
        served = self._store.status()[name].served
        if state.ref is None:
            if served is not None:
                logger.warning("{}: no version is served any more: {}", name, state.why)
            self._store.withdraw(name, state.why, state.next_step)
            return
        if served is not None and served.ref == state.ref:
            served = replace(served, ref=state.ref)  # it may have been promoted again
            self._store.note(name, served=served, why=state.why, next_step=state.next_step)
            return
        location = self._copies.location(state.ref)
        if self._failed_before(name, state.ref, location):
            return
        try:
            loop = asyncio.get_running_loop()
            loaded = await loop.run_in_executor(self._thread, load_folder, location, state.ref)
        except (RelayError, OSError, ValueError) as error:
            logger.error("{}: version {} is not served: {}", name, state.ref.version, error)
            why, next_step = (error.message, error.next_step) if isinstance(error, RelayError) else (str(error), "")
            self._store.note(name, why=why, next_step=next_step or "register the version again, or roll back")
            self._note_failure(name, state.ref, location)
            return
        self._failures.pop(name, None)
        self._store.swap(loaded)
        self._store.note(name, why=state.why, next_step=state.next_step)
        logger.info("{}: version {} is served from now on", name, loaded.version)

    def _failed_before(self, name: str, ref: VersionRef, location: Path) -> bool:
        """Whether the same copy failed, and it is too early to try it again."""
        known = self._failures.get(name)
        if known is None or (known.ref, known.copied_ns) != (ref, _stat(location)):
            return False
        return time.monotonic() < known.not_before

    def _note_failure(self, name: str, ref: VersionRef, location: Path) -> None:
        known = self._failures.get(name)
        attempts = known.attempts + 1 if known is not None and known.ref == ref else 1
        not_before = time.monotonic() + find_pause(FIRST_PAUSE_SECONDS, attempts)
        self._failures[name] = Failure(ref, _stat(location), attempts, not_before)


def _stat(location: Path) -> int:
    try:
        return location.stat().st_ctime_ns
    except OSError:
        return 0
