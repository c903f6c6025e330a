"""The conventions of the house that a machine can check: the folders' shape, who imports whom, sizes and words."""

import ast
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

Desk = Any  # tests/conftest.py

ROOT = Path(__file__).resolve().parent.parent

LIBRARIES = ("relay", "stylometry", "drift")
"""Imported and never run; tests/test_layout.py says who imports whom."""
# A folder with pinned packages of its own is a stage, unless it only looks at the stages.
PINNED = sorted(path.parent.name for path in ROOT.glob("*/requirements.in"))
STAGES = [name for name in PINNED if name not in ("tests", "notebooks")]
# It runs until it is stopped and takes no recipe; every other stage takes recipes and ends.
LASTING = ("serve",)
BATCH_STAGES = [name for name in STAGES if name not in LASTING]
PROGRAMS = (*STAGES, "page", "adopt", "monitor")
PACKAGES = (*LIBRARIES, *PROGRAMS)
# Servers that we configure have packages of their own too, but nothing else of a stage.
SERVERS = sorted(path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("services/*/requirements.in"))
OWN_VERSIONS = {
    "services/airflow": "Airflow holds several packages below the versions that the project uses",
    "services/mlflow": "the object store's client, botocore, does the same with python-dateutil",
}
"""Folder -> why its packages need not have the versions of the others."""
RECIPES = sorted(path.stem for path in (ROOT / "recipes").glob("*.toml"))

READ_BY_COMPOSE = ("COMPOSE_FILE", "COMPOSE_PROFILES")

LONGEST_FILE, LONGEST_FUNCTION = 300, 40
LONGEST_README, LONGEST_STAGE_README = 150, 40

MOST_MAKE_LINES = 40
PROMISED_TARGETS = (
    *("dev", "dev-postgres", "dev-full", "train", "serve", "monitoring", "down", "down-volumes"),
    *("status", "logs", "logs-mlflow", "logs-serve", "docker-build", "test-docker"),
)

LONG_FILES: dict[str, str] = {}
"""Path -> why it may be longer."""

LONG_FUNCTIONS: dict[str, str] = {}
"""Path:function -> why it may be longer."""

TOUCHES_THE_SYSTEM = {"io", "os", "pathlib", "sys", "shutil", "socket", "subprocess", "tempfile", "logging", "loguru"}
ALLOWED_IN_STYLOMETRY = {("stylometry/parallel.py", "os"): "counts the cores that this process may use"}

NAMES_THAT_SAY_NOTHING = {"utils", "util", "common", "helpers", "helper", "misc", "base", "tools"}

TEXT_ENDINGS = {
    ".py", ".md", ".toml", ".txt", ".in", ".yml", ".yaml", ".json", ".ipynb", ".cfg", ".sql", ".conf", ".ini",
    ".html", ".css", ".js", ".Dockerfile",
}  # fmt: skip
TEXT_NAMES = {"Makefile", ".env.example", ".gitattributes", ".gitignore", ".editorconfig", ".dockerignore"}
NOT_OURS = {"data", "logs", "secrets", "results"}


def find_files() -> Iterator[Path]:
    """The project's files of text, without what runs leave behind."""
    for path in sorted(ROOT.rglob("*")):
        folders = path.relative_to(ROOT).parts[:-1]
        is_ours = all(name == ".ci" or not (name.startswith((".", "_")) or name in NOT_OURS) for name in folders)
        is_text = path.suffix in TEXT_ENDINGS or path.name in TEXT_NAMES or ".ci" in folders
        if is_ours and is_text and path.is_file():
            yield path


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Path below the project and syntax tree of each Python file in the folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), parse(path)


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a file, which no test changes."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """The top packages that a file imports, wherever in it."""
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods of a file."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def count_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function, its docstring not counted: words are no burden."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    docstring = ast.get_docstring(function, clean=False)
    return lines if docstring is None else lines - docstring.count("\n") - 1


def public_without_docstring(body: list[ast.stmt], where: str) -> Iterator[str]:
    """Public functions, classes and methods that do not say what they give."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield f"{where}:{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from public_without_docstring(node.body, f"{where}:{node.name}")


def requirements(path: Path) -> list[str]:
    """The requirements of a file, each on one line, without comments and options."""
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith(("#", "-"))]


def documents() -> list[Path]:
    """Where commands are promised."""
    folders = [ROOT / folder for folder in (*PROGRAMS, *SERVERS)]
    pages = [ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING")]
    return [*pages, *sorted((ROOT / "docs").glob("*.md")), *(folder / "README.md" for folder in folders)]


def promised_targets(text: str) -> set[str]:
    """The targets of `make …` in a document's code, in blocks and between back quotes."""
    code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.S))
    calls = re.findall(r"(?:^|[\s`;&|(])make((?: +[\w.=/:-]+)+)", code, re.M)
    return {word for call in calls for word in call.split() if "=" not in word and not word.startswith("-")}


def make_targets() -> dict[str, str]:
    """Target -> the rest of its line in the Makefile; rules of make itself, such as .PHONY, left out."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.findall(r"^([A-Za-z_.][\w.-]*(?: [\w.-]+)*):(?!=)(.*)$", text, re.M)
    return {name: rest for names, rest in found for name in names.split() if not re.match(r"\.[A-Z]", name)}


def test_the_three_stages_are_there() -> None:
    assert {"ingest", "preprocess", "model"} - set(STAGES) == set()


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_the_same_inside(stage: str) -> None:
    wanted = ["README.md", "requirements.in", "requirements.txt", "__main__.py", "__init__.py"]
    assert [name for name in wanted if not (ROOT / stage / name).is_file()] == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_says_what_it_reads_and_writes(stage: str) -> None:
    tree = ast.parse((ROOT / stage / "__main__.py").read_text(encoding="utf-8"))
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    assert {"READS", "WRITES"} - names == set()


@pytest.mark.parametrize("folder", ["", *PINNED, *SERVERS])
def test_every_requirement_is_pinned_and_hashed(folder: str) -> None:
    lines = requirements(ROOT / folder / "requirements.txt")
    pinned = re.compile(r"^[A-Za-z0-9._\[\]-]+==\S+.*--hash=sha256:[0-9a-f]{64}")
    assert ([line for line in lines if not pinned.match(line)], lines != []) == ([], True)


def test_a_package_has_the_same_version_in_every_folder() -> None:
    versions: dict[str, dict[str, set[str]]] = {}
    for folder in sorted({"", *PINNED, *SERVERS} - set(OWN_VERSIONS)):
        for line in requirements(ROOT / folder / "requirements.txt"):
            name, version = line.split()[0].split("==")  # another version for another Python is another line
            versions.setdefault(name, {}).setdefault(folder or "all", set()).add(version)
    assert {name: found for name, found in versions.items() if len({*map(frozenset, found.values())}) > 1} == {}


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_are_never_run(library: str) -> None:
    assert [path for path, _ in sources(library) if path.endswith("__main__.py")] == []


@pytest.mark.parametrize("library", ["stylometry", "drift"])
def test_statistics_read_and_write_nothing(library: str) -> None:
    found = []
    for path, tree in sources(library):
        touched = imported(tree) & TOUCHES_THE_SYSTEM
        found += [(path, name) for name in sorted(touched) if (path, name) not in ALLOWED_IN_STYLOMETRY]
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        found += [(path, call.id) for call in calls if isinstance(call, ast.Name) and call.id in ("open", "print")]
    assert found == []


def test_every_module_has_a_name_that_says_something() -> None:
    names = [path for path, _ in sources(*PACKAGES)]
    assert [path for path in names if NAMES_THAT_SAY_NOTHING & set(Path(path).with_suffix("").parts)] == []


def test_everything_public_has_a_docstring() -> None:
    assert [name for path, tree in sources(*PACKAGES) for name in public_without_docstring(tree.body, path)] == []


def test_every_module_says_what_it_is_about() -> None:
    assert [path for path, tree in sources(*PACKAGES) if tree.body and not ast.get_docstring(tree)] == []


def test_no_file_of_code_is_long() -> None:
    # Tests may be: one reads them case by case.
    lengths = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for path in find_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] != "tests"
    }
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE and path not in LONG_FILES} == {}


def test_no_function_is_long() -> None:
    lengths = {
        f"{path}:{node.name}": count_lines(node)
        for path, tree in sources(*PACKAGES, "benchmarks")
        for node in functions(tree)
    }
    found = {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION}
    assert {name: lines for name, lines in found.items() if name not in LONG_FUNCTIONS} == {}


def test_readmes_are_short() -> None:
    limits = {ROOT / folder / "README.md": LONGEST_STAGE_README for folder in (*PROGRAMS, *SERVERS)}
    limits[ROOT / "README.md"] = LONGEST_README
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in limits}
    assert {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > limits[path]} == {}


def test_the_example_environment_lists_every_setting_and_no_other() -> None:
    from variables import VARIABLES

    from relay.handoff.renamed_variables import NEW_NAMES

    listed = re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M)
    files = [path.read_text(encoding="utf-8") for path in ROOT.glob("docker-compose*.yml")]
    compose = {name for text in files for name in re.findall(r"\$\{([A-Z0-9_]+)", text)} - set(NEW_NAMES)
    assert sorted(listed) == sorted({*VARIABLES, *compose, *READ_BY_COMPOSE})


OTHER_IN_CONTAINERS = {
    "RECIPES": "a plain `docker compose up` runs two",
    "PREDICT_MODEL": "the API has the recipes of all services",
    "MLFLOW_TRACKING_URI": "the registry is the service mlflow",
    "API_URL": "the API is the service api, or off where that name leads nowhere",
    "AIRFLOW_URL": "the schedule is the service airflow, likewise",
    "AIRFLOW_PASSWORD_FILE": "a secret needs a file, and an empty one is no password",
    "CODE_KEY_FILE": "a secret needs a file, and an empty one is no key",
    "DASK_SCHEDULER_ADDRESS": "workers join the scheduler that the same profile starts",
}
"""Variable -> why it has another default in containers."""


def test_the_example_environment_says_what_each_empty_variable_means() -> None:
    from variables import VARIABLES

    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    # A comment is about the variables that follow it, up to the next comment.
    blocks = re.findall(r"((?:^#.*\n)+)((?:^[A-Z0-9_]+=.*\n)+)", text, re.M)
    comments = {name: " ".join(comment.split()) for comment, names in blocks for name in re.findall(r"\w+(?==)", names)}
    defaults = {name: str(one.shown or one.default or "").split(",")[0] for name, one in VARIABLES.items()}
    told = {name: shown for name, shown in defaults.items() if re.search(r"\d|^(auto|refuse|admin|INFO|false)$", shown)}
    assert len(told) > 10
    assert {name: shown for name, shown in told.items() if shown not in comments[name]} == {}


READ_ELSEWHERE = {
    ("relay/registry/connection.py", "MLFLOW_TRACKING_URI"): "puts back what MLflow overwrites",
}
"""File and variable -> why it is read there without its declaration."""


def test_a_variable_is_read_through_its_declaration() -> None:
    from variables import VARIABLES

    found = set()
    for path, tree in sources(*PACKAGES):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("get", "getenv")
            ):
                found |= {(path, word.value) for word in node.args[:1] if isinstance(word, ast.Constant)}
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.ctx, ast.Load)
                and isinstance(node.slice, ast.Constant)
                and "environ" in ast.unparse(node.value)
            ):
                found.add((path, node.slice.value))
    assert {(path, name) for path, name in found if name in VARIABLES} == set(READ_ELSEWHERE)


def test_compose_gives_an_empty_variable_the_default_that_its_declaration_has() -> None:
    from variables import VARIABLES

    from relay.handoff.renamed_variables import NEW_NAMES

    text = "".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docker-compose*.yml")))
    for old in NEW_NAMES:
        text = re.sub(rf"\$\{{{old}:-([^}}]*)\}}", r"\1", text)
    given = {(name, value) for name, value in re.findall(r"\$\{([A-Z0-9_]+):-([^${}]+)\}", text) if name in VARIABLES}
    assert len(given) > 5
    assert {
        (name, value) for name, value in given
        if name not in OTHER_IN_CONTAINERS and str(VARIABLES[name].read(value)) != str(VARIABLES[name].default)
    } == set()  # fmt: skip


def test_every_make_command_in_the_documents_exists() -> None:
    promised = {path: promised_targets(path.read_text(encoding="utf-8")) for path in documents()}
    targets = set(make_targets())
    assert {str(path.relative_to(ROOT)): found - targets for path, found in promised.items() if found - targets} == {}


def test_the_readme_names_make_commands_at_all() -> None:
    assert promised_targets((ROOT / "README.md").read_text(encoding="utf-8")) != set()


def test_every_make_target_has_its_help() -> None:
    targets = make_targets()
    assert ([name for name, rest in targets.items() if not re.search(r"## \S", rest)], targets != {}) == ([], True)


def ask_make(*arguments: str) -> list[str]:
    """What `make` prints, line by line."""
    command = ["make", "--silent", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


def test_make_lists_every_command_once_in_groups_and_on_one_screen() -> None:
    lines = ask_make("help")
    groups = [place for place, line in enumerate(lines) if not line.startswith(" ")]
    listed = [name for line in lines if line.startswith("  make ") for name in read_names(line)]
    assert (len(lines) <= MOST_MAKE_LINES, groups[0], len(groups) >= 3) == (True, 0, True)
    assert [place for place in groups if place + 1 in (*groups, len(lines))] == []  # a heading without commands
    assert sorted(listed) == sorted(set(make_targets()) - {"help", ".env"})


def read_names(line: str) -> list[str]:
    """The targets of a line of the list, which stand before the first word with a capital letter."""
    return re.findall(r"[a-z-]+", re.split(r"[A-Z]", line)[0])[1:]


def test_the_commands_that_others_rely_on_are_there() -> None:
    assert set(PROMISED_TARGETS) - set(make_targets()) == set()


def test_make_run_lets_every_stage_check_the_recipe_before_one_starts() -> None:
    loops = [line for line in ask_make("--dry-run", "run", "RECIPE=linear") if line.startswith("for stage in ")]
    assert ["ingest preprocess model" in line for line in loops] == [True, True]
    assert ["--check --quick linear" in line for line in loops] == [True, False]


def test_notebooks_carry_no_output() -> None:
    found = []
    for path in find_files():
        if path.suffix == ".ipynb":
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            found += [str(path) for cell in cells if cell.get("outputs") or cell.get("execution_count")]
    assert found == []


@pytest.mark.parametrize("stage", BATCH_STAGES)
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_is_valid_for_every_stage(desk: Desk, recipe: str, stage: str) -> None:
    assert desk.run(stage, recipe, "--check") == 0


def test_every_source_of_a_recipe_is_a_module() -> None:
    from ingest.parameters import SECTIONS

    assert [name for name in SECTIONS if not (ROOT / "ingest/sources" / f"{name}.py").is_file()] == []


def test_no_file_names_another_package_index() -> None:
    unsafe = re.compile(r"(index-url|index_url|trusted-host|find-links)[ =:\"']", re.I)
    paths = [path for path in find_files() if path.name != Path(__file__).name]
    found = {path: unsafe.search(path.read_text(encoding="utf-8")) for path in paths}
    assert [str(path.relative_to(ROOT)) for path, match in found.items() if match] == []


def test_pinned_packages_come_from_no_plain_http() -> None:
    paths = [path for depth in ("", "*/", "services/*/") for path in ROOT.glob(f"{depth}requirements.*")]
    assert [str(path) for path in paths if "http://" in path.read_text(encoding="utf-8")] == []


def test_every_text_ends_its_lines_as_unix_does() -> None:
    contents = {path: path.read_bytes() for path in find_files()}
    wrong = {path for path, content in contents.items() if b"\r" in content or (content and content[-1:] != b"\n")}
    assert [str(path.relative_to(ROOT)) for path in sorted(wrong)] == []


def test_no_two_files_of_tests_have_one_name() -> None:
    # The folders of tests are no packages: two modules of one name would hide each other.
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_no_two_files_of_container_tests_publish_on_the_same_port() -> None:
    # So that they can run beside each other.
    found = [
        (port, path.name)
        for path in sorted((ROOT / "tests" / "containers").glob("test_*.py"))
        for port in set(re.findall(r"_PORT\"?(?:: |=)\"(\d+)\"", path.read_text(encoding="utf-8")))
    ]
    assert len(found) > 30
    ports = Counter(port for port, _ in found)
    assert [one for one in sorted(found) if ports[one[0]] > 1] == []
