"""The monitoring on a system that works: who is watched, what arrives, what each panel shows, and what alerts see.

One project for the whole module: the stages run once, two replicas of the API answer, and the last tests stop them.
"""

import base64
import http.client
import json
import os
import shutil
import stat
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engine import ROOT, Docker, build_image, compose_in, find_users
from patience import HANG_SECONDS

sys.path.append(str(Path(__file__).resolve().parents[1] / "services"))

from monitor_reports import make_labelled
from monitoring_files import PROMETHEUS, RULE_TESTS, Panel, find_panels

from relay.monitoring.figures import format_figures

PROMETHEUS_PORT, GRAFANA_PORT = 19090, 13000
PASSWORD = "made for this test"
PROJECT = f"relay-test-monitoring-{os.getpid()}"
IMAGE = "prom/prometheus:v3.5.3"
SERVICES = ("prometheus", "grafana", "node-exporter")

MAY_BE_EMPTY = {
    "ml-pipeline: Alerts": "nothing is broken",
    "system: Waiting": "not every kernel keeps pressure figures",
    "system: Workers": "no cluster is switched on; test_cluster_stack.py has one",
    "system: Tasks": "likewise",
    "system: Memory of the workers": "likewise",
    "drift: Values that look multiplied": "the report of these tests has no factor",
}
"""Panel -> why it has nothing to show on a system that is well; all others have."""

# Some of each kind: answered ones, callers' mistakes, and a route of its own.
ASK = """
import time, urllib.error, urllib.request as r

def ask(path, body):
    try:
        request = r.Request("http://127.0.0.1:8000" + path, body, {"Content-Type": "application/json"})
        r.urlopen(request, timeout=60).read()
    except urllib.error.HTTPError as error:
        error.read()

for _ in range(100):
    try:
        r.urlopen("http://127.0.0.1:8000/health", timeout=60)
        break
    except urllib.error.HTTPError:
        time.sleep(0.5)
for number in range(20):
    ask("/predict", b'{"values": [%d]}' % (number % 20))
    ask("/invocations", b'{"inputs": {"x": [1.0, 2.0]}}')
    ask("/predict", b"no record")
"""


def wait_for(find: Callable[[], Any], seconds: float = HANG_SECONDS) -> Any:
    """What is found, looked for until there is something; nothing when there is none in time."""
    end = time.monotonic() + seconds
    while not (found := find()) and time.monotonic() < end:
        time.sleep(1)
    return found


def get(port: int, path: str, user: str = "", **query: str) -> tuple[int, Any]:
    """Status and JSON of an answer."""
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG_SECONDS)
    headers = {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()} if user else {}
    server.request("GET", f"{path}?{urllib.parse.urlencode(query)}", headers=headers)
    answer = server.getresponse()
    return answer.status, json.loads(answer.read())


def query(text: str) -> list[Any]:
    """The series of an answer that have a number now."""
    status, answer = get(PROMETHEUS_PORT, "/api/v1/query", query=text)
    assert status == 200, answer
    return [series for series in answer["data"]["result"] if series["value"][1] != "NaN"]


def find_targets() -> dict[str, list[str]]:
    """Job -> how its targets are."""
    found: dict[str, list[str]] = {}
    for target in get(PROMETHEUS_PORT, "/api/v1/targets")[1]["data"]["activeTargets"]:
        found.setdefault(target["labels"]["job"], []).append(target["health"])
    return found


def find_alert(name: str) -> list[str]:
    """The states of an alert that is about to go off or has."""
    alerts = get(PROMETHEUS_PORT, "/api/v1/alerts")[1]["data"]["alerts"]
    return [alert["state"] for alert in alerts if alert["labels"]["alertname"] == name]


def settings_in(folder: Path) -> dict[str, str]:
    """The settings of the project that works on the folder."""
    return {
        "RELAY_SECRETS": str(folder / "secrets"),
        "GRAFANA_USER": "ada",
        "MODEL_URI": "models:/linear@production",
        "PAGE_PORT": "18502",
        "MLFLOW_PORT": "15002",
        "PROMETHEUS_PORT": str(PROMETHEUS_PORT),
        "GRAFANA_PORT": str(GRAFANA_PORT),
    }


@pytest.fixture(scope="module")
def stack(
    images: dict[str, str], server_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Docker, Path]]:
    """`docker compose` of the project, started as the README says, and its folder."""
    assert images
    assert server_image
    folder = tmp_path_factory.mktemp("monitoring")
    for name in ("data", "logs", "secrets"):
        (folder / name).mkdir()
    (folder / "secrets" / "grafana_password").write_text(PASSWORD + "\n")
    compose = compose_in(folder, PROJECT, **settings_in(folder))
    try:
        compose("--profile", "monitoring", "up", "--detach", "--wait")
        yield compose, folder
    finally:
        compose("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


@pytest.fixture(scope="module")
def asked(stack: tuple[Docker, Path]) -> Docker:
    """`docker compose` of the project, with two replicas of the API that have answered for a while."""
    compose, folder = stack
    # As the monitor leaves it, which no test of figures waits for; the model of the name is not served here.
    (folder / "logs" / "metrics" / "monitor-credit.prom").write_text(format_figures(make_labelled(), time.time()))
    build_image("relay-serve", "serve/serve.Dockerfile")
    compose("--profile", "serve", "up", "--detach", "--wait", "--scale", "api=2", "api")
    for _ in range(3):  # a rate needs figures of two scrapes, between which something happened
        for index in ("1", "2"):
            compose("exec", "-T", "--index", index, "api", "python", "-c", ASK)
        time.sleep(15)
    return compose


def run_promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What promtool says about a folder like services/prometheus."""
    command = [
        "docker",
        "run",
        "--rm",
        "--init",
        "-v",
        f"{folder}:/etc/prometheus:ro",
        "--entrypoint",
        "promtool",
        IMAGE,
    ]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, check=False)


def test_the_configuration_and_its_rules_are_valid() -> None:
    done = run_promtool(PROMETHEUS, "check", "config", "/etc/prometheus/prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_every_alert_goes_off_when_it_must_and_not_when_it_must_not(path: Path) -> None:
    done = run_promtool(PROMETHEUS, "test", "rules", f"/etc/prometheus/tests/{path.name}")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("file", "before", "after", "test"),
    [
        ("limits.yml", "vector(0.01)", "vector(0.11)", "api.yml"),
        ("limits.yml", "vector(0)", "vector(24)", "batch.yml"),
        ("api.yml", "[6h]", "[1m]", "api.yml"),
        ("figures.yml", "/health|", "", "api.yml"),
        ("host.yml", "for: 5m", "for: 1m", "host.yml"),
        ("monitor.yml", 'kind="break"', 'kind="harm"', "monitor.yml"),
        ("monitor.yml", "for: 1h", "for: 9h", "monitor.yml"),
        ("limits.yml", "vector(0.9)", "vector(0)", "monitor.yml"),
        ("limits.yml", "vector(24)", "vector(12)", "monitor.yml"),
    ],
)
def test_a_rule_that_is_spoiled_is_noticed(file: str, before: str, after: str, test: str, tmp_path: Path) -> None:
    folder = shutil.copytree(PROMETHEUS, tmp_path / "prometheus")
    text = (folder / "rules" / file).read_text()
    assert before in text
    (folder / "rules" / file).write_text(text.replace(before, after))
    tmp_path.chmod(0o755)
    assert run_promtool(folder, "test", "rules", f"/etc/prometheus/tests/{test}").returncode == 1


def test_without_the_api_all_targets_answer_and_nothing_is_broken(stack: tuple[Docker, Path]) -> None:
    well = {"node": ["up"], "prometheus": ["up"], "grafana": ["up"]}
    assert wait_for(lambda: find_targets() == well), find_targets()
    assert query('ALERTS{alertstate="firing"}') == []


def test_what_a_stage_wrote_at_its_end_arrives(stack: tuple[Docker, Path]) -> None:
    _, folder = stack
    assert wait_for(lambda: len(query("relay_stage_success")) == 2)
    for stage in ("ingest", "preprocess"):
        written = (folder / "logs" / "metrics" / f"{stage}-linear.prom").read_text()
        values = {line.split("{")[0]: float(line.split()[-1]) for line in written.splitlines() if line[0] != "#"}
        labels = f'{{stage="{stage}",recipe="linear"}}'
        assert {name: [float(found["value"][1]) for found in query(name + labels)] for name in values} == {
            name: [value] for name, value in values.items()
        }
        assert (values["relay_stage_success"], values["relay_stage_rows"]) == (1.0, 100.0)


def test_a_run_that_fails_arrives_too_and_is_an_alert(stack: tuple[Docker, Path]) -> None:
    compose, folder = stack
    assert compose("run", "--rm", "ingest", "credit", check=False).returncode == 1
    assert wait_for(lambda: find_alert("StageFailed") == ["firing"])
    assert [found["metric"]["recipe"] for found in query("relay_stage_success == 0")] == ["credit"]
    (folder / "logs" / "metrics" / "ingest-credit.prom").unlink()
    assert wait_for(lambda: find_alert("StageFailed") == [])


def test_grafana_finds_the_dashboards(stack: tuple[Docker, Path]) -> None:
    status, found = get(GRAFANA_PORT, "/api/search", f"ada:{PASSWORD}", type="dash-db")
    assert (status, {(board["uid"], board["folderTitle"]) for board in found}) == (
        200,
        {(f"relay-{name}", "Relay") for name in ("pipeline", "system", "serving", "monitor")},
    )


@pytest.mark.parametrize("user", ["", "admin:admin", "ada:admin", f"admin:{PASSWORD}"])
def test_grafana_shows_nothing_without_its_password(user: str, stack: tuple[Docker, Path]) -> None:
    assert get(GRAFANA_PORT, "/api/search", user)[0] == 401


def test_without_a_password_grafana_is_not_started(stack: tuple[Docker, Path], tmp_path: Path) -> None:
    compose, _ = stack
    secrets = {"RELAY_SECRETS": str(tmp_path), "COMPOSE_PROJECT_NAME": f"relay-test-no-password-{os.getpid()}"}
    try:
        done = compose("up", "--detach", "--no-deps", "grafana", check=False, GRAFANA_PORT="13001", **secrets)
        assert (done.returncode != 0, "grafana_password" in done.stderr) == (True, True)
    finally:
        compose("--profile", "*", "down", "--volumes", **secrets)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_do_no_more_than_it_must(service: str, stack: tuple[Docker, Path]) -> None:
    compose, _ = stack
    container = compose("ps", "--quiet", service).stdout.strip()
    told = subprocess.run(["docker", "inspect", container], capture_output=True, text=True, check=True)
    host = json.loads(told.stdout)[0]["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["CapAdd"] or []) == (True, ["ALL"], [])
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert 0 < host["Memory"] <= 1 << 30
    assert find_users(container, "wget") in ({"65534"}, {"472"})
    # Its volumes are all that it may write; what is the host's it reads.
    binds = [mount for mount in json.loads(told.stdout)[0]["Mounts"] if mount["Type"] == "bind"]
    assert [mount["Destination"] for mount in binds if mount["RW"]] == []


def test_every_replica_of_the_api_is_asked(asked: Docker) -> None:
    assert wait_for(lambda: find_targets().get("api") == ["up", "up"]), find_targets()
    assert [found["value"][1] for found in query("relay_model_ready")] == ["1", "1"]


@pytest.mark.parametrize("panel", find_panels(), ids=str)
def test_every_query_of_a_panel_shows_something(panel: Panel, asked: Docker) -> None:
    shown = wait_for(
        lambda: all(query(text) for text in panel.queries), 0 if str(panel) in MAY_BE_EMPTY else HANG_SECONDS
    )
    assert shown or str(panel) in MAY_BE_EMPTY, [text for text in panel.queries if not query(text)]


def test_what_the_monitor_wrote_is_an_alert(asked: Docker) -> None:
    assert wait_for(lambda: find_alert("ModelHarmed") == ["firing"])
    assert find_alert("DataBreak") == []


def test_a_panel_that_may_be_empty_exists() -> None:
    assert set(MAY_BE_EMPTY) - {str(panel) for panel in find_panels()} == set()


def test_an_api_that_stops_is_noticed_although_its_name_goes_with_it(asked: Docker) -> None:
    assert find_alert("ApiGone") == []
    asked("stop", "--timeout", "20", "api")
    assert wait_for(lambda: find_alert("ApiGone")), find_targets()


def test_what_prometheus_knew_is_there_after_it_was_killed(stack: tuple[Docker, Path]) -> None:
    compose, _ = stack
    before = query("count_over_time(up{job='prometheus'}[10m])")[0]["value"][1]
    compose("kill", "--signal", "KILL", "prometheus")
    compose("--profile", "monitoring", "up", "--detach", "--wait", "prometheus")
    after = query("count_over_time(up{job='prometheus'}[10m])")
    assert int(after[0]["value"][1]) >= int(before)


@pytest.mark.parametrize(("service", "place"), [("grafana", "/var/lib/grafana"), ("prometheus", "/prometheus")])
def test_a_copy_of_a_volume_is_put_back_as_the_readme_says(
    service: str, place: str, stack: tuple[Docker, Path], tmp_path: Path
) -> None:
    compose, folder = stack
    readme = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")
    keep, put_back, start = readme.split("```")[-2].strip().splitlines()
    environment = os.environ | settings_in(folder) | {"COMPOSE_PROJECT_NAME": PROJECT}

    def run(line: str) -> None:
        command = line.replace(f"{service}.tar.gz", str(tmp_path / "copy.tar.gz"))
        subprocess.run(command, shell=True, cwd=ROOT, env=environment, check=True, capture_output=True)

    compose("exec", "-T", service, "sh", "-c", f"echo kept > {place}/marker")
    run(keep)
    compose("run", "--rm", "--no-deps", "-T", "--entrypoint", "rm", service, f"{place}/marker")
    run(put_back)
    run(start)
    assert compose("exec", "-T", service, "cat", f"{place}/marker").stdout == "kept\n"


def test_a_password_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    for name in ("Makefile", ".env.example"):
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["make", ".env"], cwd=tmp_path, check=True, capture_output=True)
    first = (tmp_path / "secrets" / "grafana_password").read_text()
    (tmp_path / ".env").write_text("GRAFANA_PORT=3001\n")
    subprocess.run(["make", ".env"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "secrets" / "grafana_password").read_text() == first
    assert (len(first.strip()) >= 32, stat.S_IMODE((tmp_path / "secrets").stat().st_mode)) == (True, 0o700)
    assert (tmp_path / ".env").read_text() == "GRAFANA_PORT=3001\n"
    (tmp_path / "secrets" / "grafana_password").unlink()
    subprocess.run(["make", ".env"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "secrets" / "grafana_password").read_text() != first
    assert (tmp_path / ".env").read_text() == "GRAFANA_PORT=3001\n"
