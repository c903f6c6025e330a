"""The gateway's templates and the file that gives them their values agree; the rest is tried with a real nginx."""

import re
from pathlib import Path

import yaml

from serve.__main__ import KEEP_ALIVE_SECONDS
from serve.settings import Settings

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "services" / "gateway"
TEMPLATES = [*(FOLDER / "templates").rglob("*.template"), FOLDER / "tls.conf.template"]


def given(file: str) -> dict[str, str]:
    """The gateway's variables in a compose file."""
    services = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))["services"]
    found: dict[str, str] = services["gateway"]["environment"]
    return found


def used(*paths: Path) -> set[str]:
    """The variables that templates leave to the environment."""
    return {name for path in paths for name in re.findall(r"\$\{(\w+)\}", path.read_text(encoding="utf-8"))}


def test_every_variable_of_the_templates_has_a_value_and_every_value_is_used() -> None:
    plain, tls = given("docker-compose.yml"), given("docker-compose.tls.yml")
    names = re.compile(plain.pop("NGINX_ENVSUBST_FILTER"))
    assert used(*TEMPLATES) == {*plain, *tls}
    assert [name for name in used(*TEMPLATES) if not names.search(name)] == []
    assert used(FOLDER / "tls.conf.template") == set(tls)


def test_no_variable_of_nginx_is_taken_for_one_of_the_environment() -> None:
    names = re.compile(given("docker-compose.yml")["NGINX_ENVSUBST_FILTER"])
    own = {name for path in TEMPLATES for name in re.findall(r"\$(\w+)", path.read_text(encoding="utf-8"))}
    assert [name for name in own if names.search(name)] == []


def test_limits_and_times_agree_with_those_of_the_api() -> None:
    values = given("docker-compose.yml")
    assert values["API_MAX_BODY_BYTES"] == f"${{API_MAX_BODY_BYTES:-${{API_MAX_BODY:-{Settings().max_body}}}}}"
    found = re.fullmatch(r"\$\{GATEWAY_TIMEOUT:-(\d+)\}", values["GATEWAY_TIMEOUT"])
    assert found is not None
    assert int(found[1]) > Settings().timeout
    upstreams = (FOLDER / "templates" / "upstreams.conf.template").read_text(encoding="utf-8")
    kept = re.search(r"keepalive_timeout (\d+)s;", upstreams)
    assert kept is not None
    assert int(kept[1]) < KEEP_ALIVE_SECONDS


def test_every_file_that_is_included_is_there() -> None:
    included = {
        name for path in TEMPLATES for name in re.findall(r"conf\.d/(\S+\.conf);", path.read_text(encoding="utf-8"))
    }
    assert [name for name in sorted(included) if not (FOLDER / "templates" / f"{name}.template").is_file()] == []


def test_each_named_location_is_there_where_it_is_used() -> None:
    parts = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES if path.parent.name == "parts"}
    for server in ("api.conf.template", "mlflow.conf.template"):
        whole = parts[server] + "".join(
            parts[f"{name}.template"] for name in re.findall(r"parts/(\S+);", parts[server])
        )
        wanted, there = set(re.findall(r"= (@\w+);", whole)), set(re.findall(r"location (@\w+)", whole))
        assert (server, wanted - there, wanted != set()) == (server, set(), True)
