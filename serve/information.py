"""What the service says of itself: is it alive, is it ready, whom does it serve, and its figures."""

from importlib.metadata import version
from typing import Any

import msgspec
from starlette.routing import Route

from relay.handoff.database import name_database
from relay.handoff.place import word_commands
from serve.access import format_time
from serve.documentation import describe_service
from serve.documentation_page import render_page
from serve.exchange import Endpoint, Request, Response
from serve.log.record import PredictionLog
from serve.metrics import MEDIA_TYPE, Metrics
from serve.monitor import MonitorFigures
from serve.predictor import OnnxPredictor
from serve.settings import Settings
from serve.store import ModelStore, Served, Status

PACKAGES = ("relay", "mlflow", "onnxruntime", "scikit-learn", "starlette", "uvicorn")

_encode = msgspec.json.Encoder().encode


class Information:
    """Answers that need no model to be ready."""

    def __init__(
        self, store: ModelStore, log: PredictionLog, settings: Settings, metrics: Metrics, monitor: MonitorFigures
    ) -> None:
        self._store, self._log, self._settings, self._metrics = store, log, settings, metrics
        self._monitor = monitor

    async def index(self, _: Request) -> Response:
        """What this is, and where to go on."""
        models = {name: state.served.version if state.served else None for name, state in self._store.status().items()}
        routes = {"predict": "POST /predict", "health": "/health", "models": "/models", "documentation": "/docs"}
        return Response(_encode({"service": "relay", "models": models, "routes": routes}))

    async def ping(self, _: Request) -> Response:
        """Whether the process answers at all."""
        return Response(b'{"status":"alive"}')

    async def health(self, _: Request) -> Response:
        """Whether predictions can be asked for: 200, or 503 with the reason and what to do."""
        states = self._store.status()
        why = await self._log.is_healthy()
        aside = self._log.find_set_aside()
        needs_log = self._settings.log_failure == "refuse"
        ready = sum(state.is_ready for state in states.values())
        is_up = ready > 0 and (why is None or not needs_log)
        whole = ready == len(states) and why is None and not (aside or any(state.why for state in states.values()))
        body = {
            "status": ("ready" if whole else "degraded") if is_up else "not ready",
            "models": {name: describe_status(state) for name, state in states.items()},
            "prediction_log": describe_log(why, aside),
            "database": describe_database(self._settings, why),
        }
        if not states:
            body["why"], body["next_step"] = map(word_commands, self._store.why_none)
        return Response(_encode(body), 200 if is_up else 503)

    async def version(self, _: Request) -> Response:
        """The versions of what answers."""
        return Response(_encode(find_versions()))

    async def metrics(self, _: Request) -> Response:
        """The figures, and those of the monitor, in Prometheus's text format."""
        return Response(self._metrics.render() + await self._monitor.render(), media_type=MEDIA_TYPE)

    async def model(self, _: Request) -> Response:
        """All that is promised of the model that answers `/predict`."""
        return Response(_encode(describe_model(self._store.get(None))))

    async def models(self, _: Request) -> Response:
        """How each configured model stands."""
        return Response(_encode({"models": [describe_status(state) for state in self._store.status().values()]}))

    async def one_model(self, request: Request) -> Response:
        """All that is promised of one model."""
        return Response(_encode(describe_model(self._store.get(request.path("name")))))

    async def openapi(self, _: Request) -> Response:
        """The routes in the form of OpenAPI 3.1, with the columns of the models that are served now."""
        return Response(_encode(describe_service(self._store.all(), self._settings)))

    async def documentation(self, _: Request) -> Response:
        """The same as a page to read."""
        page = render_page(describe_service(self._store.all(), self._settings))
        return Response(page.encode(), media_type="text/html; charset=utf-8")

    def routes(self, guard: Any) -> list[Route]:
        """The routes; those that tell nothing of the data need no key."""
        opened = {
            "/": self.index,
            "/ping": self.ping,
            "/health": self.health,
            "/version": self.version,
            "/metrics": self.metrics,
            "/docs": self.documentation,
            "/openapi.json": self.openapi,
        }
        guarded = {"/models": self.models, "/model/info": self.model, "/models/{name}": self.one_model}
        return [
            *(Route(path, Endpoint(path, work), methods=["GET"]) for path, work in opened.items()),
            *(Route(path, Endpoint(path, work, guard), methods=["GET"]) for path, work in guarded.items()),
        ]


def find_versions() -> dict[str, str]:
    """Package -> version, of those that decide an answer."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except ModuleNotFoundError:
            continue  # our own folder is no installed package
    return found


def describe_log(why: str | None, aside: list[str]) -> dict[str, Any]:
    """How the prediction log stands.

    Args:
        why: why rows cannot be committed, or None.
        aside: names of damaged files that were set aside.
    """
    found: dict[str, Any] = {"ready": why is None} | ({} if why is None else {"why": why})
    if aside:
        found["set_aside"] = aside
        found["next_step"] = (
            "these logs are damaged: read what is in them (docs/prediction-log.md), then move them away"
        )
    return found


def describe_database(settings: Settings, why: str | None) -> dict[str, Any]:
    """How the database stands: as the prediction log in it does, so that nobody connects to be told."""
    if not settings.database_url:
        return {"configured": False}
    state = {"configured": True, "name": name_database(settings.database_url), "ready": why is None}
    return state | ({} if why is None else {"why": why})


def describe_status(status: Status) -> dict[str, Any]:
    """How a model stands, for answers."""
    served = status.served
    found: dict[str, Any] = {"model": status.model, "ready": served is not None}
    if served is not None:
        found |= {"version": served.version, "run_id": served.ref.run_id, "since": served.ref.since or None}
    if status.why:
        found |= {"why": status.why, "next_step": word_commands(status.next_step)}
    found["registry"] = {
        "reachable": status.away_since_unix is None,
        "asked_at": format_time(status.asked_unix),
        "away_since": format_time(status.away_since_unix),
    }
    return found


def describe_model(served: Served) -> dict[str, Any]:
    """The contract of a version, and which one it is."""
    contract = served.contract.model_dump(mode="json")
    return {
        "model": served.model,
        "model_version": served.version,
        "run_id": served.ref.run_id,
        "since": served.ref.since or None,
        "is_onnx": isinstance(served.predictor, OnnxPredictor),
        **{name: value for name, value in contract.items() if name != "model"},
    }
