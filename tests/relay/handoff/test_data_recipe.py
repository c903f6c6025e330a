"""A recipe in the data folder names no code, no file outside the data folder and no other model."""

from pathlib import Path
from typing import Any

import pytest

from ingest.parameters import FileSection
from model.parameters import EstimatorParameters, MultiEstimatorParameters
from model.style_parameters import AuthorshipParameters
from preprocess.parameters import SECTIONS
from relay.handoff import recipe as recipe_module
from relay.handoff.data_recipe import LARGEST_FILE, DataRecipeError
from relay.handoff.errors import RecipeError
from relay.handoff.recipe import load_recipe

TEXT = """
title = "Customers"
[columns]
age = { type = "int", role = "input" }
note = { type = "text", role = "input" }
left = { type = "category", role = "target" }
[ingest]
source = "file"
path = ["data/uploads/a.csv", "data/uploads/2026/*.csv"]
[preprocess]
kind = "table"
[model]
kind = "estimator"
use = "linear"
[model.estimators]
linear = { estimator = "sklearn.linear_model.LogisticRegression", options = { C = 0.5 } }
memory = { estimator = "sklearn.pipeline.Pipeline", options = { steps = [
  ["words", { estimator = "sklearn.feature_extraction.text.TfidfVectorizer", options = { input = "content" } }],
] } }
"""


def write(data_dir: Path, text: str | bytes, name: str = "people") -> Path:
    """A recipe in a data folder."""
    path = data_dir / "recipes" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_what_is_drafted_of_a_file_is_accepted(tmp_path: Path) -> None:
    write(tmp_path, TEXT)
    assert load_recipe("people", data_dir=tmp_path).is_in_data


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        (
            '"file"',
            '"python"\nfunction = "load"',
            "[ingest] names a function; a recipe in the data folder has no own code",
        ),
        ('"file"', '"file"\nformat = "python"', "[ingest] names a function"),
        ('"file"', '"file"\nfunction = "read"', "[ingest] names a function"),
        ('kind = "table"', 'kind = "python"\nfunction = "clean"', "[preprocess] names a function"),
        ('kind = "estimator"', 'kind = "python"\nfunction = "train"', "[model] names a function"),
        ('kind = "estimator"', 'kind = "authorship"\ndistance_function = "gap"', "[model] names a function"),
        ('"sklearn.linear_model.LogisticRegression"', '"build"', "[model] estimator = 'build' is no class"),
        ('"sklearn.linear_model.LogisticRegression"', '"people.Model"', "takes classes of scikit-learn, xgboost"),
        ('"sklearn.linear_model.LogisticRegression"', '"recipes.own.Model"', "takes classes of scikit-learn, xgboost"),
        ('"sklearn.feature_extraction.text.TfidfVectorizer"', '"os.system"', "estimator = 'os.system'"),
        ('input = "content"', 'input = "filename"', "input = 'filename' may name a file"),
        ("C = 0.5", 'memory = "cache"', "memory = 'cache' may name a file"),
        ("C = 0.5", 'xgb_model = "/etc/passwd"', "xgb_model = '/etc/passwd' may name a file"),
        ('kind = "estimator"', 'kind = "estimator"\nname = "credit"', "has the recipe's name, people"),
        ('"file"', '"http"\nurl = "http://mlflow:5000"', "source = 'http'"),
        ('"file"', '"sql"\nurl = "sqlite:////etc/x"', "source = 'sql'"),
        ('"data/uploads/a.csv"', '"/etc/passwd"', "path = '/etc/passwd'"),
        ('"data/uploads/a.csv"', '"../raw/x.csv"', "path = '../raw/x.csv'"),
        ('"data/uploads/a.csv"', '"data/../x.csv"', "path = 'data/../x.csv'"),
        ('"data/uploads/a.csv"', '"data//etc/passwd"', "path = 'data//etc/passwd'"),
        ('"data/uploads/a.csv"', "'data/x\\..\\..\\y'", "reads files of that folder only"),
        ('"data/uploads/2026/*.csv"', '"/run/secrets/*"', "path = '/run/secrets/*'"),
    ],
)
def test_what_names_code_or_leads_outside_is_refused(tmp_path: Path, right: str, wrong: str, why: str) -> None:
    assert right in TEXT
    write(tmp_path, TEXT.replace(right, wrong, 1))
    with pytest.raises(DataRecipeError) as caught:
        load_recipe("people", data_dir=tmp_path)
    assert why in str(caught.value)
    assert "Move the recipe to recipes/ of the project" in str(caught.value)


def test_reading_other_recipes_is_refused(tmp_path: Path) -> None:
    text = TEXT.replace('source = "file"\npath = ["data/uploads/a.csv", "data/uploads/2026/*.csv"]', "").replace(
        "[ingest]", ""
    )
    write(tmp_path, text.replace('kind = "table"', 'kind = "table"\nreads = ["credit"]'))
    with pytest.raises(DataRecipeError, match="reads other recipes"):
        load_recipe("people", data_dir=tmp_path)


def test_an_override_cannot_bring_in_what_the_file_may_not_say(tmp_path: Path) -> None:
    write(tmp_path, TEXT)
    for override in ("ingest.path=/etc/passwd", "preprocess.kind=python", "model.name=credit"):
        with pytest.raises(DataRecipeError):
            load_recipe("people", [override], data_dir=tmp_path)


def test_a_model_that_shares_the_name_of_another_recipes_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "project"
    own.mkdir()
    (own / "customers.toml").write_text('[model]\nname = "people"\n')
    (own / "broken.toml").write_text("[[[")
    monkeypatch.setattr(recipe_module, "RECIPES_DIR", own)
    write(tmp_path, TEXT)
    with pytest.raises(DataRecipeError, match=r"would share the name people with that of customers\.toml"):
        load_recipe("people", data_dir=tmp_path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not TOML"),
        (b"title = " + b"[" * 100_000, "not TOML"),
        (b"#" * (LARGEST_FILE + 1), "has 1,000,001 bytes"),
    ],
)
def test_what_is_no_small_toml_file_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    write(tmp_path, content)
    with pytest.raises(RecipeError, match=why):
        load_recipe("people", data_dir=tmp_path)


@pytest.mark.parametrize("target", ["there.toml", "nowhere.toml"])
def test_a_link_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "there.toml").write_text(TEXT)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "people.toml").symlink_to(tmp_path / target)
    with pytest.raises(DataRecipeError, match="is a link or no file"):
        load_recipe("people", data_dir=tmp_path)


JUDGED = {
    "ingest": """
        source max_rejected_share path format encoding delimiter quote escape header comment skip_rows decimal thousands
        missing true_words false_words time_format extra_columns function arguments timeout document document_head
        ends_before header_separator item_pattern max_unpacked_bytes member positions records sheet skip_if starts_after
        widths leave_out part_rows""",
    "preprocess": """
        kind max_rejected_share split test_share function reads arguments timeout extra_columns apostrophes case
        cleaning longer_than_chars normal_form per_part period relabel values""",
    "model": """
        kind threads name score cv_folds segments positive estimator options arguments timeout use estimators chunking
        chunk_chars chunks units ngram distance features culling projection order window stability unknown candidates
        caveat chunk_words overlap samples word_rule distance_function distance_of without start_at feature_list
        classifiers rolling imposters consensus oppose exports compare_with epochs memory sample_rows""",
}
"""Keys of which it was considered whether they can name code or files; the rules above hold for those that can."""


@pytest.mark.parametrize(
    ("stage", "types"),
    [
        ("ingest", [FileSection]),
        ("preprocess", list(SECTIONS.values())),
        ("model", [EstimatorParameters, MultiEstimatorParameters, AuthorshipParameters]),
    ],
)
def test_every_key_was_judged(stage: str, types: list[Any]) -> None:
    known = {info.alias or name for one in types for name, info in one.model_fields.items()}
    assert sorted(known - set(JUDGED[stage].split())) == []
