"""The application of one worker: what it is made of, and what begins and ends with it."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from multiprocessing import parent_process
from typing import Any

from loguru import logger
from starlette.routing import Route, Router

from relay.handoff.errors import RelayError
from relay.registry.connection import find_registry
from serve.access import AccessLog
from serve.copies import Copies
from serve.exchange import Endpoint
from serve.fetch import Fetching
from serve.follow import Follower
from serve.information import Information
from serve.labels import LabelRoutes
from serve.log import open_log
from serve.metrics import Metrics
from serve.middleware import KeyGuard, Middleware
from serve.monitor import MonitorFigures, MonitorRoutes
from serve.monitor_store import open_monitor
from serve.predicting import PredictRoutes
from serve.registry_fetcher import RegistryFetcher, RegistryModels
from serve.sample import Sample
from serve.settings import Settings, read_settings
from serve.store import MemoryStore
from serve.stored import StoredPredictions

DAY_SECONDS = 86_400
FIRST_WORD_SECONDS = 20.0
"""That a start waits for the registry and for the version that it names, alive and not ready."""

HOLD_SECONDS = 5.0
"""That a start holds its port back for the first models, so that a replica beside others gets no request that it would
refuse; then it is alive all the same, and says what it waits for."""

STATE_SECONDS = 1.0
"""Between two updates of the figures that other workers read."""


def create_app() -> Middleware:
    """The application by the environment, for each worker."""
    from serve.logs import configure_logs

    settings = read_settings()
    configure_logs(settings)
    return Service(settings).middleware


def find_fetching(settings: Settings, copies: Copies) -> Fetching | None:
    """What asks the registry; nothing where MLFLOW_TRACKING_URI=off: then the copies alone are served.

    Raises:
        UsageError: MLFLOW_TRACKING_URI names no registry.
    """
    address = find_registry(settings.data_dir, settings.tracking_uri)
    if address is None:
        return None
    scratch = settings.folder / "fetched"
    scratch.mkdir(parents=True, exist_ok=True)
    named = {model.name: RegistryFetcher(address, model.name, model.alias, scratch) for model in settings.models}
    every = None if settings.models else RegistryModels(address, scratch)
    return Fetching(named, copies, settings.follow_seconds, every)


class Service:
    """All parts of a worker."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = MemoryStore((model.name for model in settings.models), settings.predict_model)
        self.copies = Copies(settings.folder / "models")
        self.follower = Follower(self.store, self.copies)
        self.fetching = find_fetching(settings, self.copies)
        self.log = open_log(settings.database_url, settings.folder, on_damage=settings.log_damage)
        self.metrics, self.access = Metrics(), AccessLog(settings.log_dir)
        self.predictions = PredictRoutes(self.store, self.log, settings, self.metrics)
        guard = KeyGuard(settings.api_key_sha256)
        busy = {
            "/predict": Endpoint("/predict", self.predictions.predict, guard),
            "/invocations": Endpoint("/invocations", self.predictions.invoke, guard),
        }
        router = Router(routes=self._routes(busy, guard), lifespan=self._live, redirect_slashes=False)
        self.middleware = Middleware((router, busy), settings, metrics=self.metrics, access=self.access)
        self._looked = asyncio.Event()

    def _routes(self, busy: Mapping[str, Endpoint], guard: KeyGuard) -> list[Route]:
        monitor = open_monitor(self.settings.folder, self.settings.database_url)
        figures = MonitorFigures(monitor, self.store)
        information = Information(self.store, self.log, self.settings, self.metrics, figures)
        stored = StoredPredictions(self.log, self.copies.find_lineage, self.copies.find_target)
        by_name = Endpoint("/models/{name}/predict", self.predictions.predict_by_name, guard)
        return [
            *(Route(path, endpoint, methods=["POST"]) for path, endpoint in busy.items()),
            Route(by_name.template, by_name, methods=["POST"]),
            *information.routes(guard),
            *stored.routes(guard),
            *MonitorRoutes(monitor).routes(guard),
            *LabelRoutes(self.store, self.log, self.copies.find_target, self.settings, self.metrics).routes(guard),
            *Sample(self.store, self.settings.data_dir, self.settings.database_url).routes(guard),
        ]

    @asynccontextmanager
    async def _live(self, _: Any) -> AsyncIterator[None]:
        """Begin everything before the first request, end it after the last."""
        end_with_parent()
        await self.log.start()
        tasks = [asyncio.create_task(work) for work in self._background()]
        with suppress(TimeoutError):
            # Without a registry nothing else is waited for than our own copies.
            await asyncio.wait_for(self._looked.wait(), HOLD_SECONDS if self.fetching else None)
        # Only now: a worker that has not begun must not say that it is not ready.
        tasks.append(asyncio.create_task(self._note_state()))
        names = ", ".join(model.name for model in self.settings.models)
        logger.info("alive; to be served: {}", names or "every model with a version in production")
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.follower.close()
            if self.fetching is not None:
                self.fetching.close()
            self.predictions.close()
            await self.predictions.refusals.flush()
            await self.log.close()
            self.access.flush()

    def _background(self) -> list[Any]:
        works = [self._follow(), self.access.write_on(), self.middleware.deadlines.watch()]
        works.append(self.predictions.refusals.write_on())
        if self.fetching is not None:
            works.append(self.fetching.fetch_on())
        if self.settings.retention_days is not None:
            works.append(self._prune(self.settings.retention_days))
        return works

    async def _follow(self) -> None:
        if self.fetching is not None:
            # Who holds the alias may have changed while we were off: an own copy is served when nobody can tell.
            with suppress(TimeoutError):
                await asyncio.wait_for(self.fetching.ask_all(), FIRST_WORD_SECONDS)
        await self.follower.look()
        self._looked.set()
        await self.follower.follow()

    async def _note_state(self) -> None:
        while True:
            self.metrics.note_state(self.store.status().values(), self.log.stats, self.middleware.under_way)
            await asyncio.sleep(STATE_SECONDS)

    async def _prune(self, days: float) -> None:
        """Remove what is older than the log keeps, every hour."""
        while True:
            with suppress(RelayError):  # the log is away: the next hour does
                removed = await self.log.prune(time.time() - days * DAY_SECONDS)
                if removed:
                    logger.info("{:,} predictions older than {:g} days were removed", removed, days)
            await asyncio.sleep(3600)


def end_with_parent() -> None:
    """End this worker in order when the process that started it is gone, however it went.

    A worker that outlived it would keep the port, and the service could not be started again.
    """
    parent = parent_process()
    if parent is None:  # the only worker
        return
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(parent.sentinel)
        logger.warning("the process that started this worker is gone: it ends")
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(parent.sentinel, end)  # readable when its other end is closed
