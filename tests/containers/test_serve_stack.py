"""Predictions through the gateway: trained by the profile, answered by three replicas, logged whatever ends one.

One project for the whole module, whose services are stopped, killed and made anew by one test after another; each
test leaves it as it found it.
"""

import gzip
import json
import os
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from engine import ROOT, Docker, build_image, compose_in, find_users
from load import Load
from patience import HANG_SECONDS

from serve.settings import Settings

PORTS = {
    "MLFLOW_PORT": "15010",
    "PAGE_PORT": "18520",
    "GATEWAY_PORT": "18020",
    "GATEWAY_API_PORT": "18021",
    "API_PORT": "18022",
}
UI, API, API_TOO = (f"http://127.0.0.1:{PORTS[name]}" for name in ("GATEWAY_PORT", "GATEWAY_API_PORT", "API_PORT"))
TLS = {"GATEWAY_TLS_PORT": "18044", "API_TLS_PORT": "18043"}
CHROMIUM = shutil.which("chromium")

STYLES = """
import sys

from numba.core.dispatcher import Dispatcher
from stylometry.attribution import AuthorshipClassifier

words = "the of and to a in that is was he for it with as his on be at by".split()
texts = [" ".join(words[(i * step + i // 3) % len(words)] for i in range(600)) for step in (1, 3, 7, 9, 11, 13)]
model = AuthorshipClassifier().fit(texts, ["one", "two", "one", "two", "one", "two"])
model.predict_proba(texts[:1])
model.verify(texts[:1], "one")
ours = [module for name, module in sys.modules.items() if name.startswith("stylometry.")]
used = {id(kernel): kernel for module in ours for kernel in vars(module).values() if isinstance(kernel, Dispatcher)}
print(*sorted(kernel.py_func.__name__ for kernel in used.values() if kernel.stats.cache_misses))
print(sum(sum(kernel.stats.cache_hits.values()) for kernel in used.values()))
"""


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Gives the redirect itself."""

    def redirect_request(self, *_: Any) -> None:
        return None


def ask(url: str, body: Any = None, *, context: ssl.SSLContext | None = None, **headers: str) -> Answer:
    """One request on a connection of its own; a POST where there is a body."""
    handlers: list[Any] = [NoRedirect, urllib.request.ProxyHandler({})]
    handlers += [urllib.request.HTTPSHandler(context=context)] if context else []
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} | named)
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=100) as answer:
            return Answer(answer.status, lower(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, lower(error.headers), error.read())


def lower(headers: Any) -> dict[str, str]:
    """Headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


def wait_for(status: int, url: str, seconds: float = HANG_SECONDS) -> None:
    """Until the status is the one."""
    end = time.monotonic() + seconds
    while (answer := ask(url)).status != status:
        assert time.monotonic() < end, f"{url}: {answer.status} {answer.body[:500]!r}, expected {status}"
        time.sleep(0.2)


def wait_until_ready(seconds: float = HANG_SECONDS) -> None:
    """Until whichever replica is asked may predict: a new one reads the copies of the models within a second."""
    end, ready = time.monotonic() + seconds, 0
    while ready < 12:
        answer = ask(f"{API}/health")
        ready = ready + 1 if answer.status == 200 else 0
        assert time.monotonic() < end, f"{answer.status} {answer.body[:500]!r}"
        time.sleep(0 if ready else 0.2)


@pytest.fixture(scope="session")
def serve_image() -> str:
    """Name of the image of the API."""
    return build_image("relay-serve", "serve/serve.Dockerfile")


def find_kind(answer: Answer) -> tuple[int, str, str]:
    """Status, media type and kind of a problem; its status and request id must be those of the answer."""
    problem = answer.json
    assert (problem["status"], problem["request_id"]) == (answer.status, answer.headers["x-request-id"])
    return answer.status, answer.headers["content-type"], problem["type"].rpartition(":")[2]


@pytest.fixture(scope="module")
def stack(
    images: dict[str, str], server_image: str, serve_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Docker]:
    """`docker compose` of the project: trained, served by three replicas, and ready."""
    assert images
    assert server_image
    assert serve_image
    folder = tmp_path_factory.mktemp("stack")
    for name in ("data", "logs"):
        (folder / name).mkdir()
        os.chown(folder / name, 1000, 1000)
    compose = compose_in(
        folder,
        f"relay-test-serve-{os.getpid()}",
        **PORTS,
        COMPOSE_PROFILES="serve",
        MODEL_URI="models:/linear@production",
        REGISTRY_POLL_SECONDS="1",
        GATEWAY_RATE="5000",
    )
    try:
        compose("up", "--detach", "--wait", "--scale", "api=3")
        wait_until_ready()
        yield compose
    finally:
        compose("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


def containers(compose: Docker, service: str) -> list[str]:
    """The ids of a service's running containers."""
    return compose("ps", "--quiet", "--status", "running", service).stdout.split()


def kill(*ids: str) -> None:
    """End containers without a word to them."""
    subprocess.run(["docker", "kill", "--signal", "KILL", *ids], capture_output=True, check=True)


def start_replicas(compose: Docker) -> None:
    """Three replicas that are alive, known to the gateway, and ready."""
    compose("up", "--detach", "--wait", "--no-deps", "--scale", "api=3", "api")
    wait_until_ready()


def make_gateway(compose: Docker, *arguments: str, **settings: str) -> None:
    """Start the gateway anew, with other settings."""
    compose(*arguments, "up", "--detach", "--wait", "--no-deps", "gateway", **settings)


def read_logged() -> dict[str, Any]:
    """Prediction id -> row, of all predictions in the log."""
    rows: dict[str, Any] = {}
    after = ""
    while after is not None:
        page = ask(f"{API}/predictions?limit=1000&after={after}").json
        rows |= {row["prediction_id"]: row for row in page["predictions"]}
        after = page["next"]
    return rows


def predict(**headers: str) -> tuple[int, Any]:
    """One prediction."""
    answer = ask(f"{API}/predict", {"values": [5]}, **headers)
    return answer.status, answer.json if answer.status == 200 else answer.body


def predict_with_key() -> tuple[int, Any]:
    """One that may be sent twice."""
    return predict(Idempotency_Key=uuid.uuid4().hex)


def run_in(image: str, code: str) -> list[str]:
    """The lines that a program prints which starts as the service would."""
    command = ["docker", "run", "--rm", "--read-only", "--tmpfs", "/tmp", "--entrypoint", "python", image]
    entry = ["/app/images/entrypoint.py", "python", "-c", code]
    return subprocess.run([*command, *entry], capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_image_holds_the_service_and_no_other_stage(serve_image: str) -> None:
    code = "import pathlib; print(*sorted(path.name for path in pathlib.Path('/app').iterdir()))"
    assert run_in(serve_image, code) == ["images recipes relay serve stylometry"]


def test_kernels_of_styles_are_compiled_when_the_image_is_built(serve_image: str) -> None:
    misses, hits = run_in(serve_image, STYLES)
    assert (misses, int(hits) > 0) == ("", True)


@pytest.mark.parametrize("url", [API, API_TOO])
def test_values_of_a_line_are_answered(url: str, stack: Docker) -> None:
    answer = ask(f"{url}/predict", {"values": [5]})
    assert answer.status == 200
    [[y]] = answer.json["predictions"]
    assert y == pytest.approx(11, abs=0.5)
    assert (answer.json["model"], answer.json["model_version"]) == ("linear", "1")


def test_mlflows_protocol_is_answered(stack: Docker) -> None:
    answer = ask(f"{API}/invocations", {"inputs": {"x": [5.0, 10.0]}})
    assert answer.status == 200, answer.body
    assert answer.json["predictions"] == [pytest.approx(11, abs=0.5), pytest.approx(21, abs=0.5)]


def test_a_prediction_is_found_by_its_id_with_what_led_to_it(stack: Docker) -> None:
    given = ask(f"{API}/predict", {"values": [7]}).json
    found = ask(f"{API_TOO}/predictions/{given['prediction_id']}").json
    assert (found["output"], found["input"]) == (given, [{"x": 7.0}])
    assert found["lineage"] is not None


def test_rows_of_the_data_can_be_tried(stack: Docker) -> None:
    answer = ask(f"{API}/data/sample?rows=3")
    assert (answer.status, answer.json["rows"], len(answer.json["sample"])) == (200, 100, 3)


def test_all_replicas_are_asked_and_answer_alike(stack: Docker) -> None:
    mark = f"balance-{uuid.uuid4().hex}"
    answers = [ask(f"{API}/predict", {"values": [5]}, X_Request_ID=f"{mark}-{number}") for number in range(60)]
    assert {(answer.status, answer.json["model_version"]) for answer in answers} == {(200, "1")}
    assert [answer.headers["x-request-id"] for answer in answers] == [f"{mark}-{number}" for number in range(60)]
    lines = stack("logs", "--no-log-prefix", "gateway").stdout.splitlines()
    asked = {json.loads(line[line.index("{") :])["upstream"] for line in lines if f'"request_id":"{mark}' in line}
    assert len(asked) == 3


def test_a_key_given_again_gets_the_first_answer_from_whichever_replica(stack: Docker) -> None:
    key = uuid.uuid4().hex
    answers = [ask(f"{API}/predict", {"values": [5]}, Idempotency_Key=key) for _ in range(12)]
    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    another = ask(f"{API}/predict", {"values": [6]}, Idempotency_Key=key)
    assert find_kind(another) == (422, "application/problem+json", "key-reused")


def test_a_replica_that_is_killed_fails_no_request_that_has_a_key(stack: Docker) -> None:
    try:
        with Load(predict_with_key) as load:
            load.wait(50)
            kill(containers(stack, "api")[0])
            load.wait(200)
            kill(containers(stack, "api")[0])
            load.wait(200)
    finally:
        start_replicas(stack)
    assert load.refused == []
    assert set(load.answered) - set(read_logged()) == set()
    assert len(load.answered) == len(set(load.answered))


def test_no_answered_prediction_is_lost_when_all_replicas_are_killed(stack: Docker) -> None:
    try:
        with Load(predict) as load:
            load.wait(200)
            kill(*containers(stack, "api"))
            time.sleep(1)
    finally:
        start_replicas(stack)
    kinds = {json.loads(body)["type"].rpartition(":")[2] for _, body in load.refused}
    assert kinds <= {"broken-off", "service-away"}
    assert "service-away" in kinds
    assert set(load.answered) - set(read_logged()) == set()


def test_an_api_that_is_off_says_so_on_its_own_path_alone(stack: Docker) -> None:
    stack("stop", "--timeout", "40", "api")
    try:
        wait_for(503, f"{API}/predict")
        away = ask(f"{API}/predict", {"values": [5]})
        assert find_kind(away) == (503, "application/problem+json", "service-away")
        assert (away.headers["retry-after"], "make serve" in away.json["detail"]) == ("5", True)
        assert (ask(f"{UI}/health").status, ask(f"{UI}/").status) == (200, 200)
    finally:
        start_replicas(stack)
    assert ask(f"{API}/predict", {"values": [5]}).status == 200


def test_an_mlflow_that_is_off_says_so_on_its_own_path_and_predictions_go_on(stack: Docker) -> None:
    stack("stop", "mlflow")
    try:
        wait_for(503, f"{UI}/")
        away = ask(f"{UI}/")
        assert (away.headers["content-type"], b"make logs-mlflow" in away.body) == ("text/html; charset=utf-8", True)
        stack("restart", "--timeout", "40", "api")
        wait_until_ready()
        assert ask(f"{API}/predict", {"values": [5]}).status == 200
    finally:
        stack("up", "--detach", "--wait", "--no-deps", "mlflow")
    wait_for(200, f"{UI}/health")


def test_who_asks_too_often_is_told_to_wait(stack: Docker) -> None:
    make_gateway(stack, GATEWAY_RATE="1")
    try:
        answers = [ask(f"{API}/ping") for _ in range(300)]
        refused = [answer for answer in answers if answer.status != 200]
        assert find_kind(refused[0]) == (429, "application/problem+json", "too-many-requests")
        assert refused[0].headers["retry-after"] == "1"
        assert len(answers) - len(refused) > 200
        # Whoever reads MLflow's pages is counted apart.
        assert ask(f"{UI}/health").status == 200
    finally:
        make_gateway(stack)


def test_a_body_over_the_limit_is_refused_before_it_reaches_the_api(stack: Docker) -> None:
    limit = Settings().max_body
    under, over = (ask(f"{API}/predict", b" " * size) for size in (limit, limit + 1))
    assert find_kind(under) == (400, "application/problem+json", "malformed-body")
    assert find_kind(over) == (413, "application/problem+json", "body-too-large")
    assert str(limit) in over.json["detail"]


@pytest.mark.parametrize("url", [f"{API}/docs", f"{API}/no-such-path", f"{UI}/", f"{API}/page/"])
def test_every_answer_has_each_header_of_security_once(url: str, stack: Docker) -> None:
    with_repeats = subprocess.run(["curl", "-si", url], capture_output=True, check=True).stdout.partition(b"\r\n\r\n")[
        0
    ]
    names = [line.partition(b":")[0].decode().lower() for line in with_repeats.splitlines()]
    wanted = ["content-security-policy", "referrer-policy", "x-content-type-options", "x-frame-options"]
    assert sorted(name for name in names if name in wanted) == wanted
    assert b"nginx/" not in with_repeats


def test_long_answers_are_compressed_for_those_who_can_read_that(stack: Docker) -> None:
    plain, packed = (ask(f"{API}/openapi.json", **more) for more in ({}, {"Accept_Encoding": "gzip"}))
    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert (gzip.decompress(packed.body), len(packed.body) < len(plain.body)) == (plain.body, True)


def test_the_api_is_no_root_and_publishes_nothing(stack: Docker) -> None:
    services = json.loads(stack("config", "--format", "json").stdout)["services"]
    assert [name for name in ("api", "train") if services[name].get("ports")] == []
    assert {user for replica in containers(stack, "api") for user in find_users(replica, "/ping")} == {"1000"}


def test_the_configuration_is_one_that_nginx_takes(stack: Docker) -> None:
    done = stack("run", "--rm", "--no-deps", "-T", "gateway", "nginx", "-t")
    assert "test is successful" in done.stderr


def test_the_page_is_below_its_path_where_it_was_given_one(stack: Docker) -> None:
    assert ask(f"{API}/page/").headers["location"] == f"http://127.0.0.1:{PORTS['PAGE_PORT']}/"
    stack("up", "--detach", "--wait", "--no-deps", "model", "gateway", PAGE_BASE_PATH="page")
    try:
        answer = ask(f"{API}/page/_stcore/health")
        assert (answer.status, answer.body) == (200, b"ok")
        if CHROMIUM is not None:
            assert look(f"{API}/page/?recipe=linear", "linear") == []
    finally:
        stack("up", "--detach", "--wait", "--no-deps", "model", "gateway")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install the package chromium")
@pytest.mark.parametrize(("url", "text"), [(f"{UI}/#/models", "linear"), (f"{API}/docs", "POST /predict")])
def test_a_browser_shows_the_pages_behind_the_gateway(url: str, text: str, stack: Docker) -> None:
    assert look(url, text) == []


def look(url: str, text: str) -> list[str]:
    """What a browser refuses to load or run while it shows a page, which must hold the text."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(url)
        page.get_by_text(text).first.wait_for(timeout=HANG_SECONDS * 1000)
        browser.close()
    return [line for line in said if "Content Security Policy" in line or "Content-Security-Policy" in line]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with a certificate for 127.0.0.1, readable for the gateway's user."""
    names = ["-subj", "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
    subprocess.run(command, capture_output=True, check=True)
    for path in (tmp_path, *tmp_path.iterdir()):
        path.chmod(0o755)
    return tmp_path


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_with_certificates_all_that_is_not_encrypted_only_says_where_to_go(stack: Docker, certificate: Path) -> None:
    both = ("-f", "docker-compose.yml", "-f", "docker-compose.tls.yml")
    make_gateway(stack, *both, RELAY_TLS=str(certificate), **TLS)
    try:
        context = ssl.create_default_context(cafile=str(certificate / "fullchain.pem"))
        secure = f"https://127.0.0.1:{TLS['API_TLS_PORT']}"
        answer = ask(f"{secure}/predict", {"values": [5]}, context=context)
        assert (answer.status, answer.headers["strict-transport-security"]) == (200, "max-age=63072000")
        assert ask(f"https://127.0.0.1:{TLS['GATEWAY_TLS_PORT']}/health", context=context).status == 200
        plain = ask(f"{API}/predict?a=b", {"values": [5]})
        assert (plain.status, plain.headers["location"]) == (308, f"{secure}/predict?a=b")
        old = ssl.create_default_context(cafile=str(certificate / "fullchain.pem"))
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with pytest.raises(urllib.error.URLError, match="ALERT_PROTOCOL_VERSION"):
            ask(f"{secure}/ping", context=old)
    finally:
        make_gateway(stack)


def test_a_missing_folder_of_certificates_is_named(stack: Docker) -> None:
    arguments = ("-f", "docker-compose.yml", "-f", "docker-compose.tls.yml", "create", "--no-recreate", "gateway")
    missing = str(ROOT / "no-such-folder")
    done = stack(*arguments, check=False, RELAY_TLS=missing, COMPOSE_PROJECT_NAME=f"relay-test-tls-{os.getpid()}")
    stack("down", "--remove-orphans", "--volumes", COMPOSE_PROJECT_NAME=f"relay-test-tls-{os.getpid()}")
    assert (done.returncode != 0, missing in done.stderr, Path(missing).exists()) == (True, True, False)
