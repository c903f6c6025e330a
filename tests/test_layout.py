"""Who imports whom: the table of folders in ARCHITECTURE.md, held by reading each file's imports."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LIBRARIES: dict[str, set[str]] = {
    "relay.handoff": set(),
    "relay.reading": {"relay.handoff"},
    "relay.registry": {"relay.handoff", "relay.reading"},
    "relay.results": {"relay.handoff", "relay.registry"},
    "relay.compute": {"relay.handoff"},
    "relay.tables": {"relay.handoff"},
    "relay.monitoring": {"relay.handoff", "relay.registry", "relay.tables"},
    "relay.sources": {"relay.handoff", "relay.reading", "relay.tables"},
    "stylometry": set(),
    "drift": set(),
}
"""Library -> the libraries that it may import."""
STAGES = ("ingest", "preprocess", "model")
PROGRAMS = (*STAGES, "serve", "page", "adopt", "monitor")
"""They import libraries and themselves, never each other."""
DECLARATIONS = {"page": {f"{stage}.parameters" for stage in STAGES}}
"""Program -> the only modules of other programs that it may import: the page makes its form from them."""
SERVICES: dict[str, set[str]] = {
    "services.runner": set(),
    "services.airflow": set(),
    "services.backup": set(),
    "services.update": set(),
    "services.mlflow": set(),
    "services.stack": {"relay.handoff"},
    "images": {"stylometry"},
}
"""What runs beside the stages -> the libraries that it may import."""
INSIDE_MODEL = {
    "model.training": {"model.release", "model.ask"},
    "model.training.estimator": {"model.training.authorship", "model.training.own"},
    "model.training.authorship": {"model.training.estimator", "model.training.own"},
    "model.training.own": {"model.training.authorship"},  # its models answer rows as estimators do
    "model.parameters": {"model.training", "model.release", "model.ask"},
    "model.style_parameters": {"model.training", "model.release", "model.ask"},
}
"""Part of the stage -> the parts that it never imports."""
COMPUTED = {
    "relay.handoff.verbs": "the module of a subcommand, which its program names in `VERBS`",
    "relay.handoff.own.child": "the task of the process of own code, which the stage names",
    "relay.handoff.own.frames": "polars, where a user has it",
    "relay.handoff.own.loading": "the user's own module",
    "model.training.estimator.resolve": "the estimator that a recipe names, of scikit-learn",
}
"""Module that imports by a name that it was given -> what that is."""
EMPTY = "relay"
"""It holds the libraries and no code: `from relay.handoff import lock` names it on the way."""
OWN = "<own>"
MODEL_PACKAGES = {"training", "release", "ask"}
MODEL_MODULES = {"__init__.py", "__main__.py", "parameters.py", "style_parameters.py"}


def is_within(module: str, *packages: str) -> bool:
    """Whether a module is one of the packages or lies in one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@cache
def find_modules() -> dict[str, Path]:
    """Dotted name -> file, of every module that is ours."""
    folders = {name.split(".")[0] for name in (*LIBRARIES, *PROGRAMS, *SERVICES)}
    files = [path for folder in sorted(folders) for path in sorted((ROOT / folder).rglob("*.py"))]
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files}
    return {name: path for path, name in names.items()}


def read_imports(tree: ast.Module) -> Iterator[str]:
    """The modules and names that a file imports, wherever in it; for `from a import b` both `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _name_last(node.func) == "import_module":
            yield _read_name(node.args[0])
        elif isinstance(node, ast.Call) and _name_last(node.func) == "Verb":
            named = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "module")]
            yield from map(_read_name, named)


def _name_last(function: ast.expr) -> str:
    """The last part of a called name, such as `import_module`; nothing for what has no name."""
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _read_name(argument: ast.expr) -> str:
    """What `import_module` is asked for, with `*` for each part that is computed; `__name__` is the module's own."""
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        return "".join(map(_read_part, argument.values))
    return "*"


def _read_part(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return OWN if isinstance(part, ast.FormattedValue) and ast.unparse(part.value) == "__name__" else "*"


@cache
def find_imports() -> dict[str, set[str]]:
    """Module of ours -> the modules of ours that it imports; a computed name stands as it is, with `*`."""
    modules = find_modules()
    found = {}
    for name, path in modules.items():
        named = {other.replace(OWN, name) for other in read_imports(ast.parse(path.read_text(encoding="utf-8")))}
        if name in COMPUTED:
            named.discard("*")
        found[name] = {other for other in named if other in modules or "*" in other} - {name}
    return found


def find_forbidden(part: str, allowed: set[str]) -> dict[str, list[str]]:
    """Module of a part -> what it imports of ours that is neither its own nor allowed."""
    mine = {name: others for name, others in find_imports().items() if is_within(name, part)}
    assert mine != {}
    found = {
        name: sorted(other for other in others if other != EMPTY and not is_within(other, part, *allowed))
        for name, others in mine.items()
    }
    return {name: others for name, others in found.items() if others}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_imports_only_the_libraries_below_it(library: str) -> None:
    assert find_forbidden(library, LIBRARIES[library]) == {}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_imports_libraries_and_itself(program: str) -> None:
    found = find_forbidden(program, set(LIBRARIES))
    declared = DECLARATIONS.get(program, set())
    # A computed name counts: the page asks for the declared parameters of the stage that the form is about.
    patterns = {"*.parameters"} if declared else set()
    rest = {name: [other for other in others if other not in declared | patterns] for name, others in found.items()}
    assert {name: others for name, others in rest.items() if others} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_no_program(service: str) -> None:
    assert find_forbidden(service, SERVICES[service]) == {}


@pytest.mark.parametrize("part", INSIDE_MODEL)
def test_the_parts_of_the_model_stage_keep_apart(part: str) -> None:
    mine = {name: others for name, others in find_imports().items() if is_within(name, part)}
    found = {
        name: sorted(other for other in others if is_within(other, *INSIDE_MODEL[part]))
        for name, others in mine.items()
    }
    assert {name: others for name, others in found.items() if others} == {}


def test_the_model_stage_has_three_packages_and_nothing_else_at_its_top() -> None:
    packages = {path.parent.name for path in (ROOT / "model").glob("*/*.py")}
    assert (packages, {path.name for path in (ROOT / "model").glob("*.py")}) == (MODEL_PACKAGES, MODEL_MODULES)


def test_nothing_is_imported_in_a_circle() -> None:
    graph = {name: {other for other in others if other in find_modules()} for name, others in find_imports().items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise AssertionError(" -> ".join(reversed(error.args[1]))) from None
    assert len(order) == len(graph)


def test_the_reader_of_imports_sees_every_form() -> None:
    text = """
import a.b
from c import d
def f():
    from e import g
    import_module("h.i")
    import_module(f"{x}.parameters")
    import_module(f"{__name__}.j")
    import_module(k)
Verb("help", "l.m")
Verb("help", program="n")
"""
    expected = {"a.b", "c", "c.d", "e", "e.g", "h.i", "*.parameters", f"{OWN}.j", "*", "l.m"}
    assert set(read_imports(ast.parse(text))) == expected


IMAGES = {
    "ingest/ingest.Dockerfile": ("ingest",),
    "preprocess/preprocess.Dockerfile": ("preprocess",),
    "serve/serve.Dockerfile": ("serve",),
    "model/model.Dockerfile": ("model",),
    "services/dask/worker.Dockerfile": ("ingest", "preprocess", "model", "monitor"),  # tasks of all stages
}


@pytest.mark.parametrize("dockerfile", IMAGES)
def test_an_image_holds_each_module_that_its_program_imports(dockerfile: str) -> None:
    copied = re.findall(r"^COPY (\S+) \S+$", (ROOT / dockerfile).read_text(encoding="utf-8"), re.MULTILINE)
    needed, waiting = set[str](), [name for name in find_modules() if is_within(name, *IMAGES[dockerfile])]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [other for other in find_imports()[name] if "*" not in other]
    paths = {name: find_modules()[name].relative_to(ROOT).as_posix() for name in needed}
    missing = [path for path in paths.values() if not any(path == one or path.startswith(f"{one}/") for one in copied)]
    assert missing == []


@pytest.mark.parametrize("dockerfile", IMAGES)
def test_an_image_holds_the_recipes_late_where_an_edit_of_them_should_build_little(dockerfile: str) -> None:
    text = (ROOT / dockerfile).read_text(encoding="utf-8")
    assert text.count("COPY recipes recipes\n") == 1
    assert text.index("COPY recipes") > text.find("images.warm_caches\n")


DOCKERFILES = [*ROOT.glob("*/*.Dockerfile"), *ROOT.glob("services/*/*.Dockerfile")]


@pytest.mark.parametrize("dockerfile", sorted(path.relative_to(ROOT).as_posix() for path in DOCKERFILES))
def test_docker_gets_each_folder_that_a_dockerfile_copies(dockerfile: str) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    named = [line.strip("!/") for line in lines if line.startswith("!") and f"{line[1:]}*" not in lines]
    text = (ROOT / dockerfile).read_text(encoding="utf-8")
    copied = [path for line in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.MULTILINE) for path in line.split()]
    assert copied
    assert [path for path in copied if not any(f"{path}/".startswith(f"{name}/") for name in named)] == []
