"""The cluster in the compose files: who reaches it, who may use it, and that without it nothing is different."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.runner.order import SERVICES as ORDERED
from services.runner.order import Order
from services.runner.project import describe_container
from services.stack.addresses import list_addresses
from services.stack.certificates import FILES
from services.stack.cluster import check_cluster, choose_address, read_workers
from services.stack.docker import Container, StackError
from services.stack.ports import check_ports

ROOT = Path(__file__).parents[2]
FILE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = FILE["services"]
CLUSTER = {"dask-scheduler", "dask-worker"}
STAGES = {"ingest", "preprocess", "model", "train", "monitor"}
DOCKERFILES = {stage: ROOT / stage / f"{stage}.Dockerfile" for stage in ("ingest", "preprocess", "model")}
OWN = "tcp://dask-scheduler:8786"


def test_no_compose_file_publishes_the_port_by_which_code_comes() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("docker-compose*.yml")}
    # As in `ports: ["127.0.0.1:8786:8786"]`; what ends otherwise is an address or an option.
    assert {name for name, text in texts.items() if re.search(r':8786"|"8786:|8786/tcp', text)} == set()
    assert {name: service.get("ports") for name, service in SERVICES.items() if name in CLUSTER} == {
        "dask-scheduler": ["127.0.0.1:${CLUSTER_PORT:-8787}:8787"],
        "dask-worker": None,
    }


def test_the_network_of_the_cluster_holds_the_stages_and_what_measures_and_no_other() -> None:
    inside = {name for name, service in SERVICES.items() if "cluster" in service.get("networks", [])}
    assert inside == CLUSTER | STAGES | {"prometheus"}
    # No other network leads to a worker or a scheduler.
    assert {tuple(SERVICES[name]["networks"]) for name in CLUSTER} == {("cluster",)}


@pytest.mark.parametrize("name", sorted(STAGES))
def test_each_stage_gets_the_address_its_certificate_and_waits_for_the_cluster(name: str) -> None:
    service = SERVICES[name]
    assert service["environment"]["DASK_SCHEDULER_ADDRESS"] == "${DASK_SCHEDULER_ADDRESS:-}"
    assert {"cluster_ca", "cluster_client"} <= set(service["secrets"])
    assert {one: service["depends_on"][one] for one in CLUSTER} == {
        one: {"condition": "service_healthy", "required": False} for one in CLUSTER
    }
    build = service["build"]
    assert build["args"]["WITH_CLUSTER"] == "${DASK_SCHEDULER_ADDRESS:+1}", build


def test_every_part_gets_the_certificate_of_its_own_role_and_no_other() -> None:
    secrets = {
        name: {one for one in service.get("secrets", []) if one.startswith("cluster_")}
        for name, service in SERVICES.items()
    }
    roles = {"dask-scheduler": "scheduler", "dask-worker": "worker"} | dict.fromkeys(STAGES, "client")
    assert {name: found for name, found in secrets.items() if found} == {
        name: {"cluster_ca", f"cluster_{role}"} for name, role in roles.items()
    }
    for name, role in roles.items():
        named = SERVICES[name]["environment"][f"DASK_DISTRIBUTED__COMM__TLS__{role.upper()}__CERT"]
        assert named == f"${{CLUSTER_TLS:+/run/secrets/cluster_{role}}}"
        assert SERVICES[name]["environment"]["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] == "${CLUSTER_TLS:+true}"


def test_empty_files_stand_in_place_of_certificates() -> None:
    given = {one["file"] for name, one in FILE["secrets"].items() if name.startswith("cluster_")}
    folder = "${CLUSTER_TLS:-./services/dask/no_tls}"
    assert given == {f"{folder}/{name}" for name in FILES}
    there = ROOT / "services" / "dask" / "no_tls"
    assert {path.name: path.read_bytes() for path in there.iterdir()} == dict.fromkeys(FILES, b"")


def test_only_its_profile_starts_the_cluster_and_what_it_may_is_limited() -> None:
    assert {tuple(SERVICES[name]["profiles"]) for name in CLUSTER} == {("cluster",)}
    assert {name: SERVICES[name]["mem_limit"] for name in sorted(CLUSTER)} == {
        "dask-scheduler": "1g",
        "dask-worker": "${CLUSTER_WORKER_MEMORY:-2g}",
    }
    rules = ("cap_drop", "security_opt", "read_only", "logging")
    plain = SERVICES["ingest"]
    assert [name for name in CLUSTER for rule in rules if SERVICES[name][rule] != plain[rule]] == []
    assert (SERVICES["dask-scheduler"]["cap_add"], SERVICES["dask-scheduler"]["volumes"]) == ([], [])
    # A worker reads and writes what a stage does, as the same user.
    assert SERVICES["dask-worker"]["volumes"] == plain["volumes"]
    assert SERVICES["dask-worker"]["cap_add"] == plain["cap_add"]


def test_dask_ends_a_worker_before_the_kernel_does() -> None:
    [share] = [word for word in SERVICES["dask-worker"]["command"] if word.startswith("--memory-limit=")]
    assert int(float(share.partition("=")[2]) * 2 * 2**30) // 2**20 == 1800


def test_dask_is_set_up_as_the_design_says() -> None:
    settings = yaml.safe_load((ROOT / "services/dask/config.yaml").read_text(encoding="utf-8"))["distributed"]
    assert settings["scheduler"] == {"worker-ttl": "60s", "no-workers-timeout": "300s"}
    assert settings["worker"]["profile"] == {"enabled": False}
    assert settings["worker"]["memory"]["spill"] is False


def test_a_stage_has_the_packages_of_the_cluster_only_where_one_is_used() -> None:
    found = {}
    for stage, path in DOCKERFILES.items():
        [block] = re.findall(r"^ARG WITH_CLUSTER=\n(RUN (?:.*\\\n)+.*\n)", path.read_text(encoding="utf-8"), re.M)
        found[stage] = block
    assert len(set(found.values())) == 1
    [block] = set(found.values())
    assert 'test -z "${WITH_CLUSTER}" ||' in block
    assert "--require-hashes -r /tmp/cluster.txt" in block


def test_a_run_on_schedule_uses_the_cluster_as_its_service_does() -> None:
    host = {"Binds": ["/srv/ca.pem:/run/secrets/cluster_ca:ro"]}
    for stage, service in ORDERED.items():
        pattern = {
            "Image": "sha256:1",
            "Config": {"Env": [f"DASK_SCHEDULER_ADDRESS={OWN}"], "Labels": {}},
            "HostConfig": host,
            "NetworkSettings": {"Networks": {"relay_back": {}, "relay_cluster": {}}},
        }
        version = 1 if stage.startswith("rollback") else None
        made = describe_container(pattern, Order("abcdefgh", stage, "linear", version=version))
        assert f"DASK_SCHEDULER_ADDRESS={OWN}" in made["Env"]
        assert set(made["NetworkingConfig"]["EndpointsConfig"]) == {"relay_back", "relay_cluster"}
        assert made["HostConfig"]["Binds"] == host["Binds"]
        assert service in STAGES


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (["cluster"], "python3 -m services.stack start cluster"),
        (["cluster", "WORKERS=4"], 'python3 -m services.stack start cluster --workers "4"'),
        (["cluster-certs"], "python3 -m services.stack certificates"),
    ],
)
def test_the_make_targets_of_the_cluster_call_the_stack(target: list[str], expected: str) -> None:
    asked = subprocess.run(["make", "--silent", "--dry-run", *target], cwd=ROOT, capture_output=True, text=True)
    assert asked.stdout.splitlines()[-1].strip() == expected


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, OWN),
        ({"CLUSTER_TLS": "secrets/cluster"}, "tls://dask-scheduler:8786"),
        ({"CLUSTER_TLS": "secrets/cluster", "DASK_SCHEDULER_ADDRESS": OWN}, "tls://dask-scheduler:8786"),
        ({"DASK_SCHEDULER_ADDRESS": "tls://dask-scheduler:8786"}, OWN),
        ({"DASK_SCHEDULER_ADDRESS": "tls://head.example.org:8786"}, "tls://head.example.org:8786"),
    ],
)
def test_the_address_fits_the_certificates_unless_a_person_chose_another(
    settings: dict[str, str], address: str
) -> None:
    assert choose_address(settings) == address


@pytest.mark.parametrize("said", ["0", "-1", "two", "1.5", "1001", "²", "2;id"])
def test_what_is_no_number_of_workers_is_refused(said: str) -> None:
    with pytest.raises(StackError, match="expected a whole number from 1 to 1000"):
        read_workers(said)


@pytest.mark.parametrize(
    ("settings", "wanted", "words", "level"),
    [
        ({}, [], "", ""),
        ({"DASK_SCHEDULER_ADDRESS": OWN}, ["cluster"], "", ""),
        ({"DASK_SCHEDULER_ADDRESS": "tls://head:8786"}, [], "", ""),
        ({}, ["cluster"], "DASK_SCHEDULER_ADDRESS is empty", "note"),
        ({"DASK_SCHEDULER_ADDRESS": OWN}, [], "COMPOSE_PROFILES does not switch on", "mend"),
        ({"DASK_SCHEDULER_ADDRESS": "tls://dask-scheduler:8786"}, ["cluster"], f"expected {OWN}", "mend"),
        ({"CLUSTER_TLS": "/nowhere"}, [], "Missing in /nowhere: ca.pem", "mend"),
    ],
)
def test_the_doctor_names_settings_of_a_cluster_that_do_not_fit(
    settings: dict[str, str], wanted: list[str], words: str, level: str
) -> None:
    found = [(finding.level, words in finding.text) for finding in check_cluster(settings, wanted)]
    assert found == ([(level, True)] if level else [])


def test_the_dashboard_is_told_on_this_machine_whatever_the_others_are_published_on() -> None:
    running = [Container("dask-scheduler", "relay-dask-scheduler-1", "running", "healthy", 0)]
    told = list_addresses({"BIND_ADDRESS": "192.0.2.7", "CLUSTER_PORT": "18799"}, running)
    assert [line.split()[0] for line in told] == ["http://localhost:18799/status"]


def test_the_port_of_the_dashboard_is_looked_at_with_the_cluster_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("services.stack.ports.is_free", lambda address, port: asked.append((address, port)) or True)
    check_ports({"BIND_ADDRESS": "192.0.2.7", "CLUSTER_PORT": "18799"}, [])
    assert 18799 not in [port for _, port in asked]
    check_ports({"BIND_ADDRESS": "192.0.2.7", "CLUSTER_PORT": "18799"}, ["cluster"])
    assert ("127.0.0.1", 18799) in asked
