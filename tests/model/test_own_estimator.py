"""An own estimator in the gate, in serving and when it fails: its code runs in the process apart, and nowhere else."""

import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from own_recipes import BUILD_POWERS, BUILT, failure, mine
from projects import Project

from model.release.candidates import Fetched, find_other_code, judge_apart
from model.release.common_rows import TrainedOn
from model.release.promotion_gate import Decision
from relay.handoff.errors import RelayError
from relay.handoff.files import hash_file
from relay.handoff.recipe import Recipe, load_recipe
from relay.registry.code_key import locate_key, make_key
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE, Contract
from relay.registry.model_file import ModelUntrustedError, list_own_types, read_model
from serve.loading import VersionRefusedError, load_folder
from serve.store import VersionRef

sys.path.append(str(Path(__file__).parents[1] / "relay" / "registry"))

from forged import forge

SPLIT = {"seed": 42, "test_share": 0.2, "by": ["x", "y"]}

PARTS = '''
from sklearn.base import BaseEstimator, TransformerMixin

class Powers(TransformerMixin, BaseEstimator):
    """x to the powers of 0 to `degree`."""

    def __init__(self, degree=1):
        self.degree = degree

    def fit(self, frame, y=None):
        self.fitted_ = True
        return self

    def transform(self, frame):
        return frame[["x"]].to_numpy() ** range(self.degree + 1)
'''


def train(folder: Path, code: str = BUILD_POWERS, parts: str = PARTS, *overrides: str) -> Project:
    """A project with an own estimator, trained."""
    project = mine(folder, code, BUILT)
    (folder / "parts.py").write_text(parts)
    changes = (part for text in overrides for part in ("--set", text))
    assert project.run(*changes) == 0, project.log()
    return project


def fetch(project: Project, number: int) -> Fetched:
    """The current result as a version of that number."""
    folder = project.latest.resolve()
    contract = Contract.from_json((folder / CONTRACT_FILE).read_bytes())
    return Fetched(number, folder, contract, SPLIT, "data")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Fetched, Fetched]:
    """A project with a constant as version 1 and a line as version 2."""
    folder = tmp_path_factory.mktemp("own")
    project = train(folder, BUILD_POWERS, PARTS, "model.arguments.degree=0")
    constant = fetch(project, 1)
    assert project.run() == 0
    return project, constant, fetch(project, 2)


@pytest.fixture
def recipe(both: tuple[Project, Fetched, Fetched], tmp_path: Path) -> Recipe:
    """The recipe with its code in a folder that the test may change."""
    for name in ("case.toml", "case.py", "parts.py"):
        shutil.copy(both[0].folder / name, tmp_path / name)
    return load_recipe(str(tmp_path / "case.toml"))


def decide(recipe: Recipe, project: Project, challenger: Fetched, champion: Fetched) -> Decision:
    trained_on = TrainedOn([*project.receipt().key.inputs.values()], "")
    return judge_apart(recipe, project.data_dir, (challenger, champion), trained_on)


def test_the_contract_names_the_files_that_the_model_needs_and_no_other(both: Any) -> None:
    project, constant, _ = both
    assert constant.contract.code == {"recipes/parts.py": hash_file(project.folder / "parts.py")}
    content = (constant.folder / MODEL_FILE).read_bytes()
    assert list_own_types(content) == ["recipes.parts.Powers"]


def test_versions_with_own_code_are_compared_with_it(both: Any, recipe: Recipe) -> None:
    project, constant, line = both
    better = decide(recipe, project, line, constant)
    assert (better.passes, better.checks[0].name, better.checks[0].rows) == (True, "r2", 20)


def test_code_that_was_changed_since_leaves_it_to_a_person(both: Any, recipe: Recipe) -> None:
    project, constant, line = both
    (recipe.path.parent / "case.py").write_text(BUILD_POWERS + "\nMORE = 1\n")  # the models do not need this file
    assert find_other_code(recipe, line, constant) == ""
    (recipe.path.parent / "parts.py").write_text(PARTS + "\nMORE = 1\n")
    found = decide(recipe, project, line, constant)
    assert (found.passes, found.why) == (
        False,
        "version 2 was trained with other code than there is now (recipes/parts.py): promote by hand if you want it",
    )


def test_a_champion_that_fails_on_the_rows_leaves_it_to_a_person(both: Any, recipe: Recipe) -> None:
    project, constant, line = both
    failing = PARTS.replace("return frame", 'raise KeyError("no such row")\n        return frame')
    (recipe.path.parent / "parts.py").write_text(failing)
    code = {"code": {"recipes/parts.py": hash_file(recipe.path.parent / "parts.py")}}
    versions = (
        Fetched(one.number, one.folder, one.contract.model_copy(update=code), SPLIT, "data") for one in (line, constant)
    )
    found = decide(recipe, project, *versions)
    assert not found.passes
    assert "failed in own code: recipes/parts.py, line 15, in transform: KeyError: 'no such row'" in found.why


def test_the_model_file_is_not_read_where_own_code_is_not_admitted(both: Any) -> None:
    _, constant, _ = both
    with pytest.raises(ModelUntrustedError, match=r"needs recipes\.parts\.Powers"):
        read_model(constant.folder / MODEL_FILE, constant.contract.files[MODEL_FILE])


def refer(folder: Path) -> VersionRef:
    return VersionRef("case", "1", "run", hash_file(folder / CONTRACT_FILE))


def test_a_result_holds_the_code_that_its_model_file_needs(both: Any) -> None:
    project, constant, _ = both
    assert (constant.folder / "code/recipes/parts.py").read_text() == PARTS
    assert project.receipt().files["code/recipes/parts.py"] == constant.contract.code["recipes/parts.py"]
    assert not (constant.folder / "code/recipes/case.py").exists()  # it builds the model, which is built by now


def test_the_api_refuses_unsigned_code_that_is_not_its_own(both: Any) -> None:
    _, constant, _ = both
    make_key(locate_key())
    with pytest.raises(VersionRefusedError) as caught:
        load_folder(constant.folder, refer(constant.folder))
    assert str(caught.value) == (
        "version 1 of case: its model needs own code (recipes/parts.py), which is not run: it is not signed; nor is it "
        "the code in recipes/ of this program. Train it again, or put the code of that version back into recipes/ "
        "(of the image, in containers). A training signs where it has the project's key"
    )


def test_the_gate_builds_only_what_the_code_defines(both: Any, recipe: Recipe, tmp_path: Path) -> None:
    project, constant, line = both
    forged = forge("recipes.parts", "BaseEstimator", "ObjectNode")  # the module imports it
    folder = tmp_path / "forged"
    folder.mkdir()
    (folder / MODEL_FILE).write_bytes(forged)
    contract = constant.contract.model_copy(update={"files": {MODEL_FILE: sha256(forged).hexdigest()}})
    with pytest.raises(RelayError, match=r"needs recipes\.parts\.BaseEstimator, which the recipe's own code does not"):
        decide(recipe, project, line, Fetched(1, folder, contract, SPLIT, "data"))


PLAIN = """
def build_model(alpha: float = 1.0):
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    return make_pipeline(StandardScaler(), Ridge(alpha))
"""


def test_a_pipeline_of_scikit_learns_classes_is_served_whoever_built_it(tmp_path: Path) -> None:
    project = train(tmp_path, PLAIN)
    contract = Contract.from_json((project.latest / CONTRACT_FILE).read_bytes())
    served = load_folder(project.latest, refer(project.latest))
    assert (contract.code, served.predictor.answer_plainly(served.schema.read_values([{"x": 3.0}]))[0]) == (
        {},
        pytest.approx(7.0, abs=0.5),
    )


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (
            PARTS.replace("self.fitted_ = True", "raise ValueError(f'{len(frame)} rows')"),
            "recipes/parts.py, line 11, in fit: ValueError: 80 rows",
        ),
        (
            PARTS.replace("self.degree = degree", "self.degree = [degree]"),
            "recipes/case.py: build_model: RuntimeError: Cannot clone object",
        ),
    ],
)
def test_own_code_that_fails_while_it_is_fitted_is_named_with_its_line(tmp_path: Path, parts: str, why: str) -> None:
    project = mine(tmp_path, BUILD_POWERS, BUILT)
    (tmp_path / "parts.py").write_text(parts)
    assert project.run() == 1
    assert why in failure(project)
    assert "site-packages" not in failure(project)


def test_what_a_model_file_cannot_name_is_refused_at_training(tmp_path: Path) -> None:
    code = BUILD_POWERS.replace("Powers(degree)", "FunctionTransformer(lambda frame: frame)").replace(
        "from .parts import Powers", "from sklearn.preprocessing import FunctionTransformer"
    )
    project = mine(tmp_path, code, BUILT)
    assert project.run() == 1
    assert "<lambda>" in failure(project)
