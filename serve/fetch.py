"""One process asks the registry who holds `production`, fetches that version, checks it, and puts it in force.

Of several workers the one that holds a lock does it; when it ends, another takes over.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import msgspec
from loguru import logger

from relay.handoff.errors import RelayError
from relay.registry.contract import UNSERVED_NEXT
from relay.registry.errors import RegistryAwayError, RegistryEmptyError
from serve.copies import Copies, ServingState
from serve.loading import load_folder
from serve.store import VersionRef

LONGEST_PAUSE_SECONDS = 600.0
"""Between two attempts at a version that was refused."""


def find_pause(first: float, attempts: int) -> float:
    """Seconds before the next attempt at a version: twice as long each time.

    Args:
        first: the pause after the first attempt.
        attempts: that have failed, at least one.
    """
    return min(first * 2.0 ** (attempts - 1), LONGEST_PAUSE_SECONDS)


class Fetcher(Protocol):
    """Where the versions of one model come from."""

    def check(self) -> VersionRef | None:
        """The version that holds the alias; None when none does.

        Raises:
            RegistryAwayError: the registry does not answer.
            RegistryEmptyError: the holder is none of ours: nothing vouches for its files.
        """

    def fetch(self, ref: VersionRef) -> Path:
        """A folder with all files of a version.

        Raises:
            RegistryAwayError: they cannot be had.
            RelayError: they are not what was registered.
        """


class Discovery(Protocol):
    """Where all models come from, where no setting names them."""

    def find(self) -> Mapping[str, bool]:
        """Model of which a version is in production -> whether that version can be served.

        Raises:
            RegistryAwayError: the registry does not answer.
        """

    def make(self, name: str) -> Fetcher:
        """Where the versions of one of them come from."""


class Refusal(NamedTuple):
    """That a version was fetched and may not be served."""

    attempts: int
    not_before: float
    """When it may be fetched again, in seconds since 1970."""
    error: Exception


class Fetching:
    """Keeps the copies in line with the registry."""

    def __init__(
        self,
        fetchers: Mapping[str, Fetcher],
        copies: Copies,
        pause_seconds: float,
        discovery: Discovery | None = None,
    ) -> None:
        self._fetchers, self._copies, self._pause = fetchers, copies, pause_seconds
        self._discovery = discovery
        self._refused: dict[VersionRef, Refusal] = {}
        self._whole: set[VersionRef] = set()
        self._told: dict[str, str] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fetch")
        self._lock: IO[str] | None = None

    async def fetch_on(self) -> None:
        """Ask again and again, until cancelled; only while this process is the one that asks."""
        while True:
            await asyncio.sleep(self._pause)
            await self.ask_all()

    async def ask_all(self) -> None:
        """Ask for all models, if this process is the one that asks."""
        if self._is_chosen():
            if self._discovery is not None:
                await self._follow("the models of the registry", self._renew, self._discovery)
            for name in self._fetchers:
                await self.ask(name)

    def _renew(self, discovery: Discovery) -> None:
        self._fetchers = self._find_all(discovery)

    def _find_all(self, discovery: Discovery) -> Mapping[str, Fetcher]:
        """Where each model comes from; those that are not served any more are forgotten."""
        known, before = self._copies.list_models(), self._copies.read_found()
        try:
            # One that is served goes on until it holds the alias no more; why a newer version is refused is then said.
            found = [name for name, can_answer in discovery.find().items() if can_answer or name in known]
        except RegistryAwayError as error:
            why = f"the registry is away: {error}"
            next_step = f"{error.next_step or 'Start the registry'}; it is asked again by itself"
            if before.why != why:
                logger.warning("the models of the registry are not known: {}", error)
                self._copies.write_found(ServingState(why=why, next_step=next_step))
            found = known
        else:
            if before != ServingState():
                self._copies.write_found(ServingState())
        for name in set(known) - set(found):
            logger.info("{}: no version that can be served is in production any more", name)
            self._copies.forget(name)
        return {name: self._fetchers.get(name) or discovery.make(name) for name in found}

    async def ask(self, name: str) -> None:
        """Ask the registry for one model, and take over what it says."""
        await self._follow(name, self._take_over, name)

    async def _follow(self, subject: str, work: Callable[..., None], *arguments: Any) -> None:
        """Do work in the thread that fetches; a failure ends nothing, and is logged once while it lasts."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except OSError as error:
            if self._told.get(subject) != str(error):
                logger.warning("{}: what the registry says cannot be kept here: {}", subject, error)
            self._told[subject] = str(error)
        except Exception as error:
            logger.opt(exception=error).error("{}: the registry could not be followed", subject)
        else:
            self._told.pop(subject, None)

    def close(self) -> None:
        """Ask no more, and let another process take over."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._lock is not None:
            self._lock.close()

    def _is_chosen(self) -> bool:
        """Whether this process holds the lock; the system gives it back when the process ends, however it ends."""
        if self._lock is not None:
            return True
        self._copies.folder.mkdir(parents=True, exist_ok=True)
        lock = (self._copies.folder / ".fetching.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _take_over(self, name: str) -> None:
        before = self._copies.read(name)
        try:
            after = self._decide(name, before)
        except RegistryAwayError as error:
            since = before.away_since_unix or time.time()
            if before.away_since_unix is None:
                logger.warning("{}: the registry is away, what was fetched stays in force: {}", name, error)
            is_known = before.ref is None and before.asked_unix is not None
            why = before.why if is_known and before.why else f"the registry is away: {error}"
            next_step = f"{error.next_step or 'Start the registry'}; it is asked again by itself"
            after = msgspec.structs.replace(before, away_since_unix=since, why=why, next_step=next_step)
        if after != before:
            self._copies.write(name, after, sync=after.ref != before.ref)

    def _decide(self, name: str, before: ServingState) -> ServingState:
        """What is to be in force, by what the registry says."""
        now = time.time()
        try:
            ref = self._fetchers[name].check()
        except RegistryEmptyError as error:
            return msgspec.structs.replace(
                before, why=str(error), next_step="train it with Relay", asked_unix=now, away_since_unix=None
            )
        if ref is None:
            return ServingState(
                why="no version holds the alias in the registry",
                next_step=f"promote one, see `python -m model list {name}`, or correct the name in MODEL_URI",
                asked_unix=now,
            )
        if ref == before.ref and self._is_whole(ref):
            return ServingState(ref=ref, asked_unix=now)
        refused = self._refused.get(ref)
        if refused is not None and now < refused.not_before:
            return describe_refusal(before, ref, refused.error, now)
        try:
            self._obtain(ref)
        except RegistryAwayError:
            raise
        except (RelayError, OSError, ValueError) as error:
            attempts = 1 if refused is None else refused.attempts + 1
            self._refused[ref] = Refusal(attempts, now + find_pause(self._pause, attempts), error)
            logger.error("{}: version {} is not put in force: {}", name, ref.version, error)
            return describe_refusal(before, ref, error, now)
        self._refused.pop(ref, None)
        return ServingState(ref=ref, asked_unix=now)

    def _is_whole(self, ref: VersionRef) -> bool:
        """Whether the copy of the version that is served is what was registered; looked at once, after a start."""
        if ref not in self._whole and self._copies.is_whole(ref):
            self._whole.add(ref)
        return ref in self._whole

    def _obtain(self, ref: VersionRef) -> None:
        """A whole copy of a version, checked by answering its example."""
        location = self._copies.location(ref)
        try:
            load_folder(location, ref)
        except (RelayError, OSError, ValueError):  # not there yet, pruned or damaged
            load_folder(self._copies.keep(ref, self._fetchers[ref.model].fetch(ref)), ref)
        os.utime(location)  # the folders' times tell in which order they came in force
        self._copies.prune(ref.model)


def describe_refusal(before: ServingState, ref: VersionRef, error: Exception, now: float) -> ServingState:
    """What is served after a version was refused: the one before, and why it is not the new one."""
    message, next_step = (error.message, error.next_step) if isinstance(error, RelayError) else (str(error), "")
    return msgspec.structs.replace(
        before,
        why=f"version {ref.version} holds the alias and was refused: {message}",
        next_step=next_step or UNSERVED_NEXT,
        asked_unix=now,
        away_since_unix=None,
    )
