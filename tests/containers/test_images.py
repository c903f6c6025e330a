"""Each image by itself: built and run as the README says, on folders of any owner, and never as root."""

import os
import subprocess
from pathlib import Path

import pytest
from engine import HARDENED, Docker

WHO = "import os; print(os.getuid(), os.getgid(), os.getgroups())"


def ask_python(image: str, code: str, *options: str) -> str:
    """What a program prints that starts as the stage would."""
    entry = ["--entrypoint", "python", *options, image, "/app/images/entrypoint.py", "python", "-c", code]
    done = subprocess.run(["docker", "run", "--rm", *entry], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def own(folder: Path, uid: int) -> None:
    """Give the folder's data and logs to a user."""
    for name in ("data", "logs"):
        os.chown(folder / name, uid, uid)


def test_an_image_holds_only_what_its_stage_needs(images: dict[str, str]) -> None:
    code = "import importlib.util as u; print(*[m for m in {} if u.find_spec(m)])"
    heavy = ["sklearn", "streamlit", "matplotlib", "numba", "skops"]
    ours = ["ingest", "preprocess", "model", "page", "monitor", "stylometry", "drift", "serve"]
    # The client of a cluster is there only where one is used: WITH_CLUSTER.
    asked = code.format([*heavy, *ours, "distributed"])
    found = {stage: ask_python(image, asked).split() for stage, image in images.items()}
    # The page's button runs the whole pipeline, so its image holds all stages.
    whole = [*heavy, "ingest", "preprocess", "model", "page", "monitor", "stylometry", "drift"]
    assert found == {"ingest": ["ingest"], "preprocess": ["preprocess"], "model": whole}


def test_the_recipes_of_the_project_are_in_every_image(images: dict[str, str]) -> None:
    code = "import pathlib; print(*sorted(p.stem for p in pathlib.Path('/app/recipes').glob('*.toml')))"
    expected = sorted(path.stem for path in Path("recipes").glob("*.toml"))
    assert {ask_python(image, code) for image in images.values()} == {" ".join(expected)}


@pytest.mark.parametrize("uid", [0, 1000, 4321], ids=["root", "the first user", "another user"])
def test_a_stage_runs_on_a_folder_of_any_owner(uid: int, folder: Path, run_image: Docker) -> None:
    own(folder, uid)
    done = run_image("ingest", "linear")
    assert (done.returncode, "100 rows in raw/linear" in done.stderr) == (0, True)
    assert {path.stat().st_uid for path in folder.rglob("*")} == {uid or 10001}


def test_a_stage_runs_on_a_folder_that_docker_made(folder: Path, images: dict[str, str]) -> None:
    mounts = ["-v", f"{folder}/made/data:/app/data", "-v", f"{folder}/made/logs:/app/logs"]
    done = subprocess.run(["docker", "run", "--rm", *mounts, images["ingest"], "linear"], check=False)
    assert done.returncode == 0
    assert (folder / "made" / "data").stat().st_uid == 10001


def test_files_that_root_left_in_a_users_folder_are_given_to_the_user(folder: Path, run_image: Docker) -> None:
    (folder / "data" / "raw").mkdir()  # as the tests' user, who is root where Docker is started by root
    os.chown(folder / "data" / "raw", 0, 0)
    own(folder, 1000)
    done = run_image("ingest", "linear")
    assert done.returncode == 0, done.stderr
    assert (folder / "data" / "raw").stat().st_uid == 1000


@pytest.mark.parametrize("stage", ["ingest", "preprocess", "model"])
def test_the_program_is_not_root_and_has_no_groups_left(stage: str, folder: Path, images: dict[str, str]) -> None:
    own(folder, 1000)
    mount = ("-v", f"{folder}/data:/app/data", "-v", f"{folder}/logs:/app/logs")
    assert ask_python(images[stage], WHO, *mount, *HARDENED) == "1000 1000 []"


def test_the_program_cannot_become_root_again(folder: Path, images: dict[str, str]) -> None:
    code = "import os\ntry: os.setuid(0)\nexcept PermissionError: print('refused')"
    assert ask_python(images["ingest"], code, "-v", f"{folder}/data:/app/data", *HARDENED) == "refused"


def test_under_a_given_user_the_entry_point_changes_nothing(folder: Path, run_image: Docker) -> None:
    own(folder, 4321)
    done = run_image("ingest", "linear", options=("--user", "4321"))
    assert done.returncode == 0, done.stderr
    assert (folder / "data" / "raw" / "linear.parquet").stat().st_uid == 4321


def test_without_the_right_to_change_its_user_a_container_refuses_to_run_as_root(run_image: Docker) -> None:
    done = run_image("ingest", "linear", options=("--cap-drop", "ALL"))
    assert (done.returncode, "will not run as root" in done.stderr) == (1, True)


def test_all_stages_run_with_a_read_only_root_and_three_capabilities(folder: Path, run_image: Docker) -> None:
    for stage in ("ingest", "preprocess", "model"):
        done = run_image(stage, "linear", options=HARDENED)
        assert done.returncode == 0, done.stderr
    assert (folder / "data" / "output" / "linear" / "latest" / "fitted_line.png").exists()


def test_kernels_are_compiled_when_the_image_is_built(folder: Path, images: dict[str, str]) -> None:
    code = """
import sys

import stylometry
from numba.core.dispatcher import Dispatcher

chunks = stylometry.cut_within(["some words " * 100] * 2, ["one", "two"], 500)
stylometry.count_manhattan(stylometry.count_ngrams(chunks, 3).matrix)
stylometry.measure(stylometry.count_words(chunks), "burrows_delta")
ours = [module for name, module in sys.modules.items() if name.startswith("stylometry.")]
used = {id(kernel): kernel for module in ours for kernel in vars(module).values() if isinstance(kernel, Dispatcher)}
print(sum(sum(kernel.stats.cache_misses.values()) for kernel in used.values()))
print(sum(sum(kernel.stats.cache_hits.values()) for kernel in used.values()))
"""
    misses, hits = ask_python(images["model"], code, *HARDENED).split()
    assert (misses, int(hits) > 0) == ("0", True)


def test_an_unknown_recipe_is_bad_usage_and_names_the_nearest(run_image: Docker) -> None:
    done = run_image("preprocess", "linaer")
    assert (done.returncode, 'did you mean "linear"' in done.stderr) == (2, True)


def test_data_that_cannot_be_written_is_said_in_one_line(folder: Path, images: dict[str, str]) -> None:
    mounts = ["-v", f"{folder}/data:/app/data:ro", "-v", f"{folder}/logs:/app/logs"]
    command = ["docker", "run", "--rm", *mounts, images["ingest"], "linear"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "read-only" in done.stderr


def test_the_previous_stage_not_run_yet_names_its_command(run_image: Docker) -> None:
    done = run_image("preprocess", "linear")
    assert (done.returncode, "docker compose run --rm ingest linear" in done.stderr) == (1, True)


def test_the_caches_of_the_image_lie_where_a_read_only_root_lets_them_be_written(images: dict[str, str]) -> None:
    code = (
        "import os, pathlib; folders = [pathlib.Path(os.environ[n]) for n in ('NUMBA_CACHE_DIR', 'MPLCONFIGDIR')];"
        "print(*[any(f.rglob('*')) and all(p.stat().st_uid == os.getuid() for p in f.rglob('*')) for f in folders])"
    )
    assert ask_python(images["model"], code, *HARDENED) == "True True"
