"""What a run from the page may change, whatever arrives from a browser: typed parameters, and nothing else."""

import shutil
from pathlib import Path

import pytest
from own_project import OwnProject, write_project

from model.training.estimator.resolve import find_estimator
from page.run.allowed import NotAllowedError, require_allowed
from page.run.job import Order, RunFiles
from page.run.presets import PRESETS
from page.shell.recipes import list_names, require_known
from relay.handoff.errors import UsageError
from relay.handoff.own.module import OwnCodeError
from relay.handoff.settings import Settings

HTTP = """
title = "Pages"
[columns]
text = { type = "text", role = "input" }
[ingest]
source = "http"
url = "https://example.com{item}"
items = ["a"]
sha256 = "0"
"""


@pytest.fixture
def project(tmp_path: Path) -> OwnProject:
    project = write_project(tmp_path)
    project.data.mkdir()
    return project


@pytest.mark.parametrize(
    "override",
    [
        "seed=7",
        "ingest.delimiter=';'",
        "preprocess.test_share=0.3",
        "preprocess.arguments.least=20",
        "preprocess.arguments.since=2025-01-01",
        "preprocess.arguments.prices='data/prices.csv'",
        "preprocess.arguments.more=['data/a.csv', 'data/b/c.csv']",
        "model.arguments.bins=5",
    ],
)
def test_typed_parameters_may_be_set(project: OwnProject, override: str) -> None:
    require_allowed(project.settings, project.rooms, [override])


@pytest.mark.parametrize(
    "override",
    [
        "preprocess.function=study",
        " preprocess.function = 'study'",
        "preprocess.function=os.system",
        "model.function=../../elsewhere",
        "preprocess.kind=table",
        "preprocess.reads=['linear']",
        "preprocess={ kind = 'python', function = 'study' }",
        "preprocess.arguments={ least = 1 }",
        "preprocess.arguments.unknown=1",
        "model.kind=estimator",
        "model.estimator=build_model",
        "ingest.path=/etc/passwd",
        "ingest.source=http",
        "ingest.format=python",
        "ingest.function=study",
        "ingest.url=http://localhost:9/",
        "ingest.query=select 1",
        "columns.size.type=text",
        "title=another",
        "__class__.x=1",
        "model.arguments.seed=1",
    ],
)
def test_what_decides_which_code_runs_or_what_is_read_is_refused(project: OwnProject, override: str) -> None:
    with pytest.raises(NotAllowedError, match="cannot be set from the page"):
        require_allowed(project.settings, project.rooms, [override])


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "data/../rooms.csv", "rooms.csv", "data/out/x"])
@pytest.mark.parametrize("override", ["preprocess.arguments.prices='{}'", "preprocess.arguments.more=['data/a', '{}']"])
def test_a_file_outside_the_data_folder_is_refused(project: OwnProject, override: str, path: str) -> None:
    (project.data / "out").symlink_to(project.root)
    with pytest.raises(NotAllowedError, match="expected a file in the data folder"):
        require_allowed(project.settings, project.rooms, [override.format(path)])


@pytest.mark.parametrize("name", [PRESETS[0], PRESETS[-1]])
def test_an_estimator_of_the_list_may_be_chosen(project: OwnProject, name: str) -> None:
    require_allowed(project.settings, "linear", [f"model.estimator={name}"])
    require_allowed(project.settings, "own", [f"model.estimator={name}", "model.estimator=build_model"])


@pytest.mark.parametrize(
    "override",
    [
        "model.estimator=sklearn.linear_model.TweedieRegressor",
        "model.estimator=os.system",
        "model.estimator=build_model",
        "model.estimator=['sklearn.linear_model.Ridge']",
        "model.options={ base = { estimator = 'sklearn.linear_model.TweedieRegressor' } }",
        "model.options={ estimator = 'os.system' }",
        "model.options={ estimator = { estimator = 'evil' } }",
        "model.options={ estimators = [['a', { estimator = 'evil.Model' }]] }",
        "model.options={ steps = [['a', 'evil.Model']] }",
    ],
)
def test_another_estimator_is_refused_however_deep_it_is(project: OwnProject, override: str) -> None:
    with pytest.raises(NotAllowedError, match="the page takes an estimator that the recipe names"):
        require_allowed(project.settings, "linear", [override])


def test_a_nested_estimator_of_the_list_and_offers_of_the_recipe_are_allowed(project: OwnProject) -> None:
    nested = "model.options={ estimator = { estimator = 'sklearn.linear_model.Ridge', options = { alpha = 2.0 } } }"
    require_allowed(project.settings, "linear", [nested])
    require_allowed(
        project.settings, "credit", ["model.use=logistic", "model.estimators.boosted.options={ max_iter = 9 }"]
    )
    with pytest.raises(NotAllowedError):
        require_allowed(project.settings, "credit", ["model.estimators.boosted.estimator=sklearn.linear_model.Ridge"])


@pytest.mark.parametrize("option", ["memory = 'cache'", "file = '/etc/passwd'", "a = { b = ['..\\\\x'] }"])
def test_options_name_no_files(project: OwnProject, option: str) -> None:
    with pytest.raises(NotAllowedError, match="no files or folders"):
        require_allowed(project.settings, "linear", [f"model.options={{ {option} }}"])


def test_items_lead_to_the_hosts_of_the_recipe_alone(project: OwnProject) -> None:
    recipe = Path(project.rooms)
    recipe.write_text(HTTP.replace("{item}", "/{item}"), encoding="utf-8")
    require_allowed(project.settings, project.rooms, ["ingest.items=['b', '//evil']"])
    recipe.write_text(HTTP, encoding="utf-8")
    for item in (".evil", "@evil", ":80"):
        with pytest.raises(NotAllowedError, match=r"is not a host of the recipe: https://example\.coma"):
            require_allowed(project.settings, project.rooms, [f"ingest.items=['{item}']"])


def test_the_expected_sha256_of_a_file_is_the_recipes(project: OwnProject) -> None:
    Path(project.rooms).write_text(HTTP, encoding="utf-8")
    with pytest.raises(NotAllowedError, match="sha256 cannot be set"):
        require_allowed(project.settings, project.rooms, ["ingest.sha256='1'"])


@pytest.mark.parametrize("source", ["../rooms", "/etc/x.toml", "{root}/other.toml", "recipes/own.toml", "rooms", ""])
def test_a_recipe_that_is_not_one_of_the_pages_is_refused(project: OwnProject, source: str) -> None:
    shutil.copy(project.rooms, project.root / "other.toml")
    with pytest.raises(UsageError, match="the page has no recipe"):
        require_allowed(project.settings, source.format(root=project.root), [])


def test_a_crafted_order_starts_no_process(project: OwnProject) -> None:
    files = RunFiles(project.settings, "rooms")
    orders = [
        Order("rooms", project.rooms, ("preprocess",), ("preprocess.function=study",)),
        Order("rooms", "/tmp/evil.toml", ("preprocess",)),
    ]
    for order in orders:
        with pytest.raises(UsageError):
            files.start(order)
    assert not files.log.exists()
    assert files.find() is None


def test_a_module_that_is_a_link_out_of_the_recipes_folder_does_not_run(project: OwnProject) -> None:
    module = project.root / "rooms.py"
    module.rename(project.data.parent.parent / "uploaded.py")
    module.symlink_to(project.data.parent.parent / "uploaded.py")
    with pytest.raises(OwnCodeError, match="a symbolic link out of"):
        require_allowed(project.settings, project.rooms, [])


def test_every_preset_is_an_estimator_that_takes_no_file() -> None:
    for name in PRESETS:
        assert "memory" not in find_estimator(name)().get_params()


def test_what_the_environment_sets_is_not_the_pages_doing(project: OwnProject) -> None:
    settings = Settings(data_dir=project.data, recipes=(project.rooms,), overrides=("preprocess.arguments.prices='x'",))
    require_allowed(settings, project.rooms, ["seed=1"])


def test_the_page_offers_the_recipes_in_the_data_folder_by_name(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "people.toml").write_text("")
    assert list_names(settings)[-2:] == ["tanakh", "people"]
    assert require_known(settings, "people") == "people"
    with pytest.raises(UsageError, match=r'no recipe "data/recipes/people\.toml"'):
        require_known(settings, "data/recipes/people.toml")
