"""The key names every module and package that can change the bytes of a result, and nothing else wakes a stage."""

import ast
import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from relay.handoff.code import Code
from relay.handoff.files import Fingerprints
from relay.handoff.recipe import load_recipe
from relay.handoff.run import Run
from relay.handoff.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
STAGES = ("ingest", "preprocess", "model")
LONGEST_SECONDS = 600

CANNOT_CHANGE_BYTES = {
    "relay": "holds packages, no code",
    "relay.handoff": "holds modules, no code",
    "relay.handoff.code": "says what is in the key",
    "relay.handoff.answer": "prints answers",
    "relay.handoff.command": "reads the command line; what it says of the result is in the key by value",
    "relay.handoff.data_recipe": "refuses recipes in the data folder that name code or files elsewhere",
    "relay.handoff.database": "says where datasets are published, after they are in place",
    "relay.handoff.disk": "says what it means when the disk refuses",
    "relay.handoff.errors": "errors: a run that raises one writes nothing",
    "relay.handoff.files": "hashes files and renames finished ones",
    "relay.handoff.held": "hashes open files",
    "relay.handoff.journal": "notes how a run ended",
    "relay.handoff.logbook": "notes how a run ended",
    "relay.handoff.field_names": "gives a field's names for values ours, under which they are in the key",
    "relay.handoff.renamed_keys": "gives old keys of a recipe their new names, under which they are in the key",
    "relay.handoff.renamed_variables": "gives old variables their new names",
    "relay.handoff.verbs": "runs subcommands",
    "relay.handoff.interrupt": "ends a run",
    "relay.handoff.lock": "lets one writer in at a time",
    "relay.handoff.log": "writes the log",
    "relay.handoff.location": "names paths and renames finished files",
    "relay.handoff.place": "words commands of messages, and takes the rights of the data folder's owner",
    "relay.handoff.progress": "draws the progress bar",
    "relay.handoff.receipt": "describes a finished dataset",
    "relay.handoff.recipe": "reads the recipe; all that it says is in the key by value",
    "relay.handoff.override": "reads overrides, which are in the key by value",
    "relay.handoff.recipe_file": "finds the file of a recipe",
    "relay.handoff.reproduce": "runs a stage a second time and compares",
    "relay.handoff.own": "holds nothing itself",
    "relay.handoff.own.apart": "starts the process of own code and passes on what it sends",
    "relay.handoff.own.arguments": "checks arguments, which are in the key by value",
    "relay.handoff.own.channel": "passes messages on as they are",
    "relay.handoff.own.check": "checks that own code can be imported",
    "relay.handoff.own.docstring": "reads the help of parameters",
    "relay.handoff.own.failure": "describes how own code failed",
    "relay.handoff.own.function": "finds a function and what of it is in the key",
    "relay.handoff.own.scopes": "finds the names that own code uses, for the key",
    "relay.handoff.own.module": "finds the files beside a recipe",
    "relay.handoff.own.names": "reads the statements of own code for the key",
    "relay.handoff.own.packages": "names the packages of own code for the key",
    "relay.handoff.own.reach": "finds what of own code is in the key",
    "relay.handoff.own.signature": "reads parameters, whose values are in the key",
    "relay.handoff.settings": "says where files lie and which recipes run",
    "relay.handoff.program": "runs a stage for each recipe of the command line",
    "relay.handoff.report": "says how a run ended",
    "relay.handoff.stage": "declares what a stage is",
    "relay.handoff.user": "names who decides about versions",
    "relay.handoff.variables": "reads variables of the environment, which say where files lie and which recipes run",
    "relay.handoff.up_to_date": "decides whether a stage runs",
    "drift.errors": "errors: a run that raises one writes nothing",
    "drift.estimates": "figures of labelled records, of which a training computes none",
    "relay.registry": "holds modules, no code",
    "relay.registry.code_key": "signs versions, after the result is in place",
    "relay.registry.own_code": "checks the own code of versions in the registry",
    "relay.registry.connection": "finds the registry, to which finished results are sent",
    "relay.registry.promotion": "changes which version is in production",
    "relay.registry.unpacked": "refuses model files that are too large",
    "relay.registry.quick": "asks the registry for finished results",
    "relay.registry.rest": "asks the registry for finished results",
    "relay.registry.versions": "reads versions, which are finished results",
    "relay.registry.monitor_section": "declares [monitor]; what of it decides files is in the key by value",
    "relay.registry.errors": "errors: a run that raises one writes nothing",
    "relay.results": "holds modules, no code",
    "relay.results.output": "moves finished files into place",
    "relay.compute": "runs tasks on this machine or another one; their results are the same on each",
    "relay.tables": "publishes finished datasets as tables",
    "ingest": "holds the stage's description",
    "ingest.parameters": "declares [ingest]; what a recipe says there is in the key by value",
    "relay.sources": "holds modules, no code",
    "relay.sources.databases": "finds and checks the URL of a database, whose rows are in the key by their SHA-256",
    "relay.sources.download": "fetches bytes, whose SHA-256 is in the key",
    "relay.sources.kept": "keeps fetched bytes, whose SHA-256 is in the key",
    "ingest.own_function": "finds the user's function, what of which is in the key",
    "ingest.refresh": "decides when a source is asked again; the SHA-256 of what came is in the key",
    "relay.sources.queries": "fetches rows of a database, the SHA-256 of whose file is in the key",
    "relay.sources.session": "fetches bytes, whose SHA-256 is in the key",
    "relay.sources.urls": "names and masks URLs",
    "relay.sources.version": "asks a server for a newer version; the SHA-256 of what came is in the key",
    "preprocess": "holds the stage's description",
    "preprocess.parameters": "declares [preprocess]; what a recipe says there is in the key by value",
    "model": "holds the stage's description",
    "model.__main__": "hands the rows to model.training and what comes back to the writer",
    "model.parameters": "declares [model]; what a recipe says there is in the key by value",
    "model.style_parameters": "declares [model] of texts; likewise",
    "model.training": "holds packages, no code",
    "model.training.plots": "holds modules, no code",
    "model.release": "works on a finished result",
}
"""Module, or package with all in it where that is said -> why no change of it can change the bytes of a result."""
WHOLE_PACKAGES = ("relay.tables", "relay.compute", "model.release")

PACKAGES_THAT_CANNOT = {
    "adbc-driver-manager": "fetches rows of a database, the SHA-256 of whose file is in the key",
    "adbc-driver-postgresql": "as above",
    "filelock": "lets one writer in at a time",
    "loguru": "writes the log",
    "pydantic": "checks recipes, whose values are in the key",
    "requests": "fetches bytes, whose SHA-256 is in the key",
    "tqdm": "draws the progress bar",
    "mlflow": "works on a finished result",
}
"""Distribution that the modules of a key import -> why its version is not in the key."""

TRACE = """
import json, sys
from importlib import import_module
from pathlib import Path

name, into, *arguments = sys.argv[1:]
stage = import_module(f"{name}.__main__").STAGE
stage_work = stage.work


def work(run):
    receipt = stage_work(run)
    root = Path.cwd()
    files = {module: Path(str(getattr(loaded, "__file__", ""))) for module, loaded in sys.modules.items()}
    below = {module: path.relative_to(root).parts[0] for module, path in files.items() if path.is_relative_to(root)}
    ours = [module for module, folder in below.items() if not folder.startswith(".")]
    Path(into).write_text(json.dumps(ours))
    return receipt


from relay.handoff.program import main

stage.work = work
sys.exit(main(stage, arguments))
"""
"""A stage in a process of its own, which lists the modules that were imported when its work was done."""

WORDS = [
    "upon",
    "while",
    "whilst",
    "there",
    "on",
    "by",
    "also",
    "an",
    "although",
    "though",
    "power",
    "people",
    "state",
    "union",
    "law",
    "war",
    "peace",
    "trade",
    "land",
    "sea",
]


def write_text(author: str, words: int, seed: int) -> str:
    """Some text: what each author prefers comes up three times as often."""
    draw = random.Random(f"{author} {seed}")
    favourites = random.Random(author).sample(WORDS, 5)
    return " ".join(draw.choices([*WORDS, *favourites * 2], k=words)) + ". "


def write_borrowers(rows: int) -> str:
    """A file with the columns of the recipe `credit`."""
    draw = random.Random(1)
    names = [name for name in load_recipe("credit").columns if name != "row"]
    lines = [",".join(["", *names])]
    for number in range(1, rows + 1):
        late, age = draw.randint(0, 3), draw.randint(21, 90)
        target = int(draw.random() < 0.1 + 0.2 * late)
        cells: dict[str, object] = {"SeriousDlqin2yrs": target, "age": age}
        cells |= {"NumberOfTime30_59DaysPastDueNotWorse": late, "DebtRatio": round(draw.random(), 3)}
        cells |= {"MonthlyIncome": draw.choice(["", 3000, 5200])}
        lines.append(",".join([str(number), *(str(cells.get(name, draw.randint(0, 3))) for name in names)]))
    return "\n".join(lines) + "\n"


SALUTATION = "To the People of the State of New York:"


def write_federalist() -> str:
    """An e-text with essays of two authors and the heads that the recipe `federalist` looks for."""
    authors = ["HAMILTON", "MADISON"] * 6
    essays = [
        f"FEDERALIST No. {number}\n\n{author}\n\n{SALUTATION}\n\n{write_text(author, 900, number)}\n"
        for number, author in enumerate(authors, start=44)
    ]
    start, end = (f"*** {word} OF THE PROJECT GUTENBERG EBOOK ***\n" for word in ("START", "END"))
    return "Some preface\n" + start + "\n".join(essays) + end + "Some licence\n"


def write_posts(count: int) -> str:
    """Posts as the recipe `posts` finds them."""
    sites = ("4ch", "8ch", "8kun")
    posts = [
        {
            "post_metadata": {"time": 1_510_000_000 + 86_400 * number, "source": {"site": sites[number * 3 // count]}},
            "text": write_text(sites[number * 3 // count], 40, number),
        }
        for number in range(count)
    ]
    return json.dumps({"posts": posts})


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on loopback with small stand-ins for the files behind the recipes' URLs."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "federalist.txt").write_text(write_federalist())
    (folder / "posts.json").write_text(write_posts(400))
    for book in load_recipe("tanakh").sections["ingest"]["items"]:
        (folder / f"{book.replace('%20', ' ')}.txt").write_text(write_text(book[0], 2500, 1))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing: the tests' output is for the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


SOURCES = {"federalist": "federalist.txt", "posts": "posts.json", "tanakh": "{item}.txt"}
"""Recipe -> the file that stands in for its URL."""
LONGER = ("docstrings", "credit", "own", *SOURCES)
RECIPES = ("linear", *(pytest.param(name, marks=pytest.mark.slow) for name in LONGER))


@dataclass
class Workbench:
    """Runs each stage on a recipe once, and keeps which modules of ours it imported."""

    folder: Path
    address: str
    found: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def list_modules(self, stage: str, recipe: str) -> list[str]:
        """The modules of ours that were imported when the stage's work on the recipe was done."""
        for one in STAGES[: STAGES.index(stage) + 1]:
            if (one, recipe) not in self.found:
                self.found[one, recipe] = self._run(one, recipe)
        return self.found[stage, recipe]

    def _run(self, stage: str, recipe: str) -> list[str]:
        into = self.folder / f"{stage}-{recipe}.json"
        changes = ["--set", f"ingest.url={self.address}/{SOURCES[recipe]}"] if recipe in SOURCES else []
        folders = ["--data-dir", str(self.folder / "data"), "--log-dir", str(self.folder / "logs")]
        ended = subprocess.run(
            [sys.executable, "-c", TRACE, stage, str(into), recipe, *changes, *folders],
            cwd=ROOT,
            env=os.environ | {"MLFLOW_TRACKING_URI": "off"},
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        modules: list[str] = json.loads(into.read_text())
        return modules


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, address: str) -> Workbench:
    """Folders with the file of the recipe `credit`."""
    folder = tmp_path_factory.mktemp("worked")
    (folder / "data").mkdir()
    (folder / "data/cs-training.csv").write_text(write_borrowers(600))
    return Workbench(folder, address)


def find_code(stage: str, recipe: str) -> Code:
    """What a stage says that decides its result."""
    program, loaded = import_module(f"{stage}.__main__").STAGE, load_recipe(recipe)
    run = Run(program.name, loaded, program.parse(loaded), Settings(), Fingerprints(Path("/nowhere"), Path("/nowhere")))
    code: Code = program.code(run)
    return code


def holds_words_only(module: str) -> bool:
    """Whether a module is the beginning of a package that says nothing but what it is."""
    file = ROOT.joinpath(*module.split("."), "__init__.py")
    return file.is_file() and all(isinstance(line, ast.Expr) for line in ast.parse(file.read_text()).body)


def is_within(module: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of the packages or lies in one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("stage", STAGES)
def test_each_module_that_a_stage_imports_is_in_its_key_or_cannot_change_bytes(
    bench: Workbench, stage: str, recipe: str
) -> None:
    code = find_code(stage, recipe)
    modules = bench.list_modules(stage, recipe)
    assert len(modules) > 10
    unnamed = [module for module in modules if not is_within(module, code.modules)]
    assert [
        module
        for module in unnamed
        if module not in CANNOT_CHANGE_BYTES and not is_within(module, WHOLE_PACKAGES) and not holds_words_only(module)
    ] == []


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("stage", STAGES)
def test_a_key_names_no_module_that_cannot_change_bytes(stage: str, recipe: str) -> None:
    assert [module for module in find_code(stage, recipe).modules if module in CANNOT_CHANGE_BYTES] == []


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("stage", STAGES)
def test_each_package_that_a_key_s_modules_import_is_pinned_in_the_key(stage: str, recipe: str) -> None:
    code = find_code(stage, recipe)
    imported = {name for path in list_files(code) for name in read_packages(path)}
    assert imported != set()
    assert sorted(imported - set(code.packages) - set(PACKAGES_THAT_CANNOT)) == []


def list_files(code: Code) -> list[Path]:
    """The files of the modules of a key."""
    paths = [ROOT / name.replace(".", "/") for name in code.modules]
    return [file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")])]


def read_packages(path: Path) -> set[str]:
    """The distributions of the modules that a file imports, wherever in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    known = list_distributions()
    tops = {name.split(".")[0] for name in names} - {"mpl_toolkits"}
    return {normalise(known[top][0]) for top in tops if top in known}


@cache
def list_distributions() -> Mapping[str, list[str]]:
    """Module -> the distributions that it comes from; to list them takes a second."""
    return packages_distributions()


def normalise(name: str) -> str:
    """A distribution's name as locks write it."""
    return name.lower().replace("_", "-").replace(".", "-")


PROPERTIES = {
    "HttpSection.checksums": "what comes is in the key by its SHA-256",
    "HttpSection.urls": "what comes is in the key by its SHA-256",
    "MultiEstimatorParameters.choose": "gives the parameters that are in the key",
}
"""Property or method of a declared section -> why it decides nothing that is not in the key."""


@pytest.mark.parametrize("stage", STAGES)
def test_a_declared_section_decides_nothing_by_itself(stage: str) -> None:
    """Parameters are in the key by value: whatever a section's own code computes would not be."""
    tree = ast.parse((ROOT / stage / "parameters.py").read_text(encoding="utf-8"))
    found = [
        f"{declared.name}.{function.name}"
        for declared in tree.body
        if isinstance(declared, ast.ClassDef)
        for function in declared.body
        if isinstance(function, ast.FunctionDef) and not function.name.startswith("_") and not is_check(function)
    ]
    assert [name for name in found if name not in PROPERTIES] == []


def is_check(function: ast.FunctionDef) -> bool:
    """Whether pydantic calls it: then what it gives is in the key."""
    names = [ast.unparse(decorator).split("(")[0] for decorator in function.decorator_list]
    return any(name.endswith(("_validator", "_serializer")) for name in names)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's code that may be changed."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("relay", "stylometry", "drift", "recipes", "ingest", "preprocess", "model", "page", "serve"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "data").mkdir()
    run_all(folder)
    return folder


RUN_ALL = """
import sys
from importlib import import_module
from relay.handoff.program import main

for stage in sys.argv[1:]:
    assert main(import_module(f"{stage}.__main__").STAGE, ["linear"]) == 0
"""


def run_all(checkout: Path) -> dict[str, str]:
    """Stage -> how its run on the recipe `linear` ended, by the journal; all in one process, which starts quicker."""
    ended = subprocess.run(
        [sys.executable, "-c", RUN_ALL, *STAGES],
        cwd=checkout,
        env=os.environ | {"MLFLOW_TRACKING_URI": "off", "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    lines = (checkout / "logs/runs.jsonl").read_text().splitlines()[-len(STAGES) :]
    return {entry["stage"]: entry["outcome"] for entry in map(json.loads, lines)}


def change(path: Path, old: str, new: str) -> None:
    """Replace a piece of a file that is there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_help_page_tracking_serving_and_their_packages_wake_no_stage(checkout: Path) -> None:
    change(checkout / "relay/handoff/command.py", "list the recipes and stop", "list the recipes, then stop")
    change(checkout / "ingest/__init__.py", "Brings", "Fetches")
    for name in (
        "relay/handoff/settings.py",
        "relay/handoff/stage.py",
        "relay/handoff/program.py",
        "page/settings.py",
        "page/app.py",
    ):
        (checkout / name).write_text((checkout / name).read_text(encoding="utf-8") + "# touched\n", encoding="utf-8")
    for folder in ("model/release", "model/ask", "page/screens", "serve", "relay/tables"):
        for path in (checkout / folder).rglob("*.py"):
            path.write_text(path.read_text(encoding="utf-8") + "# touched\n", encoding="utf-8")
    change(checkout / "model/requirements.txt", "streamlit==", "streamlit==0")
    change(checkout / "model/requirements.txt", "mlflow==", "mlflow==0")
    change(checkout / "serve/requirements.txt", "uvicorn==", "uvicorn==0")
    assert run_all(checkout) == dict.fromkeys(STAGES, "unchanged")


@pytest.mark.parametrize(
    ("path", "old", "new", "woken"),
    [
        ("model/training/estimator/metrics.py", "\n", "\n\n", "model"),
        pytest.param("model/training/plots/style.py", "\n", "\n\n", "model", marks=pytest.mark.slow),
        # In `make test` tests/relay/handoff/own/test_own_key.py has a changed pin.
        pytest.param("model/requirements.txt", "scikit-learn==", "scikit-learn==0", "model", marks=pytest.mark.slow),
        pytest.param("model/requirements.txt", "joblib==", "joblib==0", "model", marks=pytest.mark.slow),
        pytest.param("preprocess/split.py", "\n", "\n\n", "preprocess", marks=pytest.mark.slow),
        pytest.param("ingest/drawing.py", "\n", "\n\n", "ingest", marks=pytest.mark.slow),
    ],
)
def test_what_decides_bytes_wakes_its_stage_and_no_other(
    checkout: Path, path: str, old: str, new: str, woken: str
) -> None:
    before = (checkout / path).read_text(encoding="utf-8")
    change(checkout / path, old, new)
    assert run_all(checkout) == {stage: "ran" if stage == woken else "unchanged" for stage in STAGES}
    (checkout / path).write_text(before, encoding="utf-8")
    assert run_all(checkout)[woken] in ("ran", "restored")


@pytest.mark.slow
def test_the_other_kind_of_model_wakes_nothing(checkout: Path) -> None:
    path = checkout / "model/training/authorship/train.py"
    path.write_text(path.read_text(encoding="utf-8") + "# touched\n", encoding="utf-8")
    assert run_all(checkout) == dict.fromkeys(STAGES, "unchanged")
