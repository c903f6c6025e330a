"""What a make target switches on is written to .env, and taken back from it; what a person wrote stays."""

from pathlib import Path

import pytest

from services.stack.env_file import read_env, set_variable, write_env
from services.stack.switches import forget, remember

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def read(text: str, folder: Path) -> dict[str, str]:
    """The variables that a text gives compose."""
    (folder / "env").write_text(text, encoding="utf-8")
    return read_env(folder / "env")


def switch(text: str, folder: Path, *profiles: str) -> tuple[str, str, str]:
    """The text after a target, and its two variables."""
    text = remember(text, read(text, folder), profiles)
    return text, *look(text, folder)


def take_back(text: str, folder: Path, *, with_store: bool = False) -> tuple[str, str, str]:
    """The text after `make down` or `make down-volumes`, and its two variables."""
    text = forget(text, read(text, folder), with_store=with_store)
    return text, *look(text, folder)


def look(text: str, folder: Path) -> tuple[str, str]:
    settings = read(text, folder)
    return settings.get("COMPOSE_PROFILES", ""), settings.get("USE_POSTGRES", "")


def test_what_targets_switch_on_adds_up_and_goes_with_down(tmp_path: Path) -> None:
    text, *found = switch(EXAMPLE, tmp_path, "dev", "postgres")
    assert found == ["dev,postgres", "true"]
    text, *found = switch(text, tmp_path, "serve")
    assert found == ["dev,postgres,serve", "true"]
    # PostgreSQL stays, for what is in it stays.
    text, *found = take_back(text, tmp_path)
    assert found == ["postgres", "true"]
    text, *found = take_back(text, tmp_path, with_store=True)
    assert (found, text) == (["", ""], EXAMPLE)


def test_a_cluster_is_named_with_its_profile_and_goes_with_down(tmp_path: Path) -> None:
    text, *_ = switch(EXAMPLE, tmp_path, "cluster")
    assert find_scheduler(text, tmp_path) == ("cluster", "tcp://dask-scheduler:8786")
    assert switch(text, tmp_path, "cluster")[0] == text
    # With certificates the same scheduler has another address.
    text, *_ = switch(set_variable(text, "CLUSTER_TLS", "secrets/cluster"), tmp_path, "cluster")
    assert find_scheduler(text, tmp_path) == ("cluster", "tls://dask-scheduler:8786")
    text, *_ = take_back(text, tmp_path)
    assert text == set_variable(EXAMPLE, "CLUSTER_TLS", "secrets/cluster")


def test_a_scheduler_that_a_person_named_stays(tmp_path: Path) -> None:
    own = "COMPOSE_PROFILES=\nDASK_SCHEDULER_ADDRESS=tls://head.example.org:8786\n"
    text, *_ = switch(own, tmp_path, "cluster")
    assert find_scheduler(text, tmp_path) == ("cluster", "tls://head.example.org:8786")
    assert take_back(text, tmp_path)[0] == own


def find_scheduler(text: str, folder: Path) -> tuple[str, str]:
    settings = read(text, folder)
    return settings["COMPOSE_PROFILES"], settings["DASK_SCHEDULER_ADDRESS"]


def test_what_a_person_wrote_stays(tmp_path: Path) -> None:
    own = "COMPOSE_PROFILES=monitoring,postgres\nUSE_POSTGRES=true\n"
    text, *found = switch(own, tmp_path, "serve", "postgres")
    assert found == ["monitoring,postgres,serve", "true"]
    assert take_back(text, tmp_path, with_store=True) == (own, "monitoring,postgres", "true")


def test_what_is_on_already_changes_nothing(tmp_path: Path) -> None:
    text, *_ = switch(EXAMPLE, tmp_path, "dev", "postgres")
    assert switch(text, tmp_path, "dev", "postgres")[0] == text
    assert take_back(EXAMPLE, tmp_path, with_store=True)[0] == EXAMPLE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RECIPES=linear",
        "export COMPOSE_PROFILES=\nRECIPES=linear\n",
        "# COMPOSE_PROFILES=dev\nCOMPOSE_PROFILES=\nCOMPOSE_PROFILES=\n",
        "COMPOSE_PROFILES = \r\nUSE_POSTGRES=\r\n",
        "USE_POSTGRES=false\nCOMPOSE_PROFILES=''\n",
    ],
)
def test_files_of_any_shape_take_the_switches(text: str, tmp_path: Path) -> None:
    text, *found = switch(text, tmp_path, "dev", "postgres")
    assert found == ["dev,postgres", "true"]
    text, *found = take_back(text, tmp_path, with_store=True)
    assert (found, "Switched on" in text) == (["", ""], False)


def test_other_lines_stay_where_they_are() -> None:
    text = "# COMPOSE_PROFILES of ours\nA=1\nCOMPOSE_PROFILES=a\n# last\nB=2\n"
    assert set_variable(text, "COMPOSE_PROFILES", "a,b") == text.replace("=a", "=a,b")


def test_the_file_is_replaced_whole_and_stays_as_closed_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / ".env").symlink_to("real")
    write_env(tmp_path / ".env", "A=2\n")
    assert ((tmp_path / "real").read_text(), (tmp_path / "real").stat().st_mode & 0o777) == ("A=2\n", 0o600)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "real"]
