"""Inputs that give the target away, and the usual values of a version, as its commands tell them."""

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import commands
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from checkout import CHECKOUT, HANG_SECONDS, Project
from hypothesis import given
from hypothesis import strategies as st
from once import make_once
from sklearn.datasets import load_iris
from sklearn.metrics import r2_score, roc_auc_score

from model.training.estimator.contract import find_usual
from model.training.estimator.leaks import find_leaks
from model.training.estimator.rows import Part, Split
from relay.handoff.recipe import Column
from relay.registry.contract import Contract, Leak
from relay.registry.reasons import say_method
from relay.registry.records import find_usual as read_usual

RECIPE = """
title = "Late payers"
[ingest]
source = "file"
path = "{folder}/rows.csv"
[preprocess]
kind = "table"
[columns]
row = { type = "int", role = "id" }
age = { type = "int", role = "input", min = 18, max = 120 }
income = { type = "float", role = "input", null = true }
home = { type = "category", role = "input" }
rooms = { type = "int", role = "input", allowed = [1, 2, 4] }
member = { type = "bool", role = "input", null = true }
fee = { type = "float", role = "input", null = true }
late = { type = "int", role = "target", allowed = [0, 1] }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""


def draw_rows() -> pd.DataFrame:
    """400 people; a fee is written down for those who paid late, and for no other."""
    draw = random.Random(11)
    late = [int(draw.random() < 0.3) for _ in range(400)]
    return pd.DataFrame(
        {
            "row": range(400),
            "age": [draw.randint(18, 90) for _ in late],
            "income": [None if draw.random() < 0.1 else round(draw.gauss(3000, 800), 2) for _ in late],
            "home": [draw.choice(["own", "rent", "rent", "other"]) for _ in late],
            "rooms": [draw.choice([1, 4, 4]) for _ in late],
            "member": [draw.choice(["true", "false", "true", None]) for _ in late],
            "fee": [round(draw.uniform(5, 50), 2) if one else None for one in late],
            "late": late,
        }
    )


def run_all(folder: Path) -> None:
    """Train with a registry, and keep what the training said."""
    project = Project(folder)
    folder.mkdir(exist_ok=True)
    project.write("rows.csv", draw_rows().to_csv(index=False))
    recipe = project.recipe(RECIPE)
    for stage in ("ingest", "preprocess"):
        assert project.run(stage, recipe).exit_code == 0
    trained = project.run("model", recipe, MLFLOW_TRACKING_URI="")
    assert trained.exit_code == 0
    project.write("said.txt", trained.log)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which a version was registered."""
    return Project(make_once(tmp_path_factory, "late_payers", run_all))


def call(project: Project, *arguments: str, content: str = "") -> Any:
    """What a subcommand of model answers as JSON."""
    recipe = str(project.folder / "values.toml")
    environment = os.environ | {"MLFLOW_TRACKING_URI": "", "DATA_DIR": str(project.folder / "data")}
    done = commands.run(
        [sys.executable, "-m", "model", arguments[0], recipe, *arguments[1:], "--json"],
        cwd=CHECKOUT,
        env=environment,
        input=content,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    return json.loads(done.stdout)


@pytest.mark.slow
def test_a_version_with_a_leak_waits_for_a_person_and_its_reasons_use_medians_of_the_training_rows(
    trained: Project,
) -> None:
    found, said = trained.text("output/values/latest/findings.md"), (trained.folder / "said.txt").read_text()
    assert (
        "Possible leak: whether fee is missing alone separates late = 1 from the other test rows (ROC AUC 1)." in found
    )
    assert 'give it role = "ignore" and train again; otherwise promote this version by hand.' in found
    assert "Possible leak: income" not in found
    assert "1 is not promoted: possible leak: whether fee is missing alone separates late = 1" in said
    record = {"age": 30, "income": None, "home": "own", "rooms": 2, "member": None, "fee": 9.5}
    assert call(trained, "predict", content=json.dumps(record))["error"]["kind"] == "registry_empty"
    call(trained, "promote", "1")
    answered = call(trained, "predict", "--reasons", content=json.dumps(record))

    frame = draw_rows()
    train = frame[[row["split"] == "train" for row in trained.rows("processed/values")]]
    assert {reason["column"]: reason["usual"] for reason in answered["reasons"][0]} == {
        "age": int(train["age"].median()),
        "income": train["income"].median(),
        "home": train["home"].mode()[0],
        "rooms": train["rooms"].mode()[0],
        "member": train["member"].mode()[0] == "true",
        "fee": train["fee"].median(),
    }


@pytest.mark.slow
def test_the_version_without_the_input_is_promoted(project: Project) -> None:
    project.write("rows.csv", draw_rows().to_csv(index=False))
    recipe = project.recipe(
        RECIPE.replace('fee = { type = "float", role = "input"', 'fee = { type = "float", role = "ignore"')
    )
    for stage in ("ingest", "preprocess"):
        assert project.run(stage, recipe).exit_code == 0
    assert "1 is production now: the first version" in project.run("model", recipe, MLFLOW_TRACKING_URI="").log


Numbers = npt.NDArray[np.float64]


def split_up(cells: Any, target: Any, share: float = 0.25) -> Split:
    """An input, one of noise, and the target, every fourth row a test row."""
    draw = np.random.default_rng(3)
    is_word = any(isinstance(cell, str) for cell in cells)
    inputs = pd.DataFrame(
        {
            "x": pd.Series(list(cells), dtype="str") if is_word else np.array(cells, dtype=np.float64),
            "noise": draw.normal(size=len(target)),
        }
    )
    is_test = np.arange(len(target)) % round(1 / share) == 0
    parts = [
        Part(inputs[rows].reset_index(drop=True), np.asarray(target)[rows], pa.table({}))
        for rows in (~is_test, is_test)
    ]
    return Split(parts[0], parts[1], without_target=0)


DRAW = np.random.default_rng(1)
NOISE = DRAW.normal(size=400)
LATE = DRAW.random(400) < 0.3
PRICE = DRAW.lognormal(size=400)
KIND = DRAW.choice(["a", "b", "c"], 400)

OF_CLASSES: dict[str, tuple[Any, Any]] = {
    "a multiple": (LATE * 7.5, LATE),
    "with a constant offset": (LATE + 1e6, LATE),
    "turned around": (-1.0 * LATE, LATE),
    "with noise": (10 * LATE + NOISE, LATE),
    "another name": (np.where(LATE, "yes", "no"), LATE),
    "several names for each class": ([f"{one}{row % 7}" for row, one in enumerate(LATE)], LATE),
    "one range in the middle": (np.where(LATE, NOISE / 10, np.sign(NOISE) * (1 + abs(NOISE))), LATE),
    "zero where the class is another": (np.where(LATE, abs(NOISE) + 0.1, 0), LATE),
    "a text of its own where it is late": ([f"reason {row}" if one else "-" for row, one in enumerate(LATE)], LATE),
    "known for half of the rows": (np.where(DRAW.random(400) < 0.5, np.nan, LATE), LATE),
    "three classes, a code with noise": ((KIND == "b") + 2.0 * (KIND == "a") + NOISE / 50, KIND),
    "three classes, other names": ([kind.upper() for kind in KIND], KIND),
    "three classes, whether it is one of them": (KIND == "a", KIND),
}

BY_MISSING: dict[str, tuple[Any, Any]] = {
    "filled only where it is late": (np.where(LATE, NOISE, np.nan), LATE),
    "filled only where it is not": (np.where(LATE, np.nan, NOISE), LATE),
    "a text only where it is late": ([f"reason {row}" if one else None for row, one in enumerate(LATE)], LATE),
    "three classes, filled only for one": (np.where(KIND == "a", NOISE, np.nan), KIND),
}

OF_NUMBERS: dict[str, Any] = {
    "a multiple": 3 * PRICE,
    "with a constant offset": PRICE - 1e4,
    "its logarithm": np.log(PRICE),
    "its inverse": -1 / PRICE,
    "its cube": PRICE**3,
    "rounded": PRICE.round(3),
    "out of the range of squares": PRICE * 1e200,
    "known for half of the rows": np.where(DRAW.random(400) < 0.5, np.nan, PRICE),
}


@pytest.mark.parametrize("name", OF_CLASSES)
def test_an_input_that_is_the_class_in_another_form_is_a_leak(name: str) -> None:
    cells, target = OF_CLASSES[name]
    assert [(leak.column, leak.by) for leak in find_leaks(split_up(cells, target), as_classes=True)] == [
        ("x", "values")
    ]


@pytest.mark.parametrize("name", BY_MISSING)
def test_an_input_that_is_missing_by_class_is_a_leak(name: str) -> None:
    cells, target = BY_MISSING[name]
    found = find_leaks(split_up(cells, target), as_classes=True)
    assert [(leak.column, leak.by, leak.value) for leak in found] == [("x", "missing cells", 1.0)]


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_an_input_that_is_the_number_in_another_form_is_a_leak(name: str) -> None:
    found = find_leaks(split_up(OF_NUMBERS[name], PRICE), as_classes=False)
    assert [(leak.column, leak.by, leak.value > 0.999) for leak in found] == [("x", "values", True)]


def test_a_number_of_few_values_under_other_names_is_a_leak() -> None:
    stars = np.arange(400) // 3 % 5
    names = [["none", "one", "two", "three", "four"][number] for number in stars]
    assert [leak.value for leak in find_leaks(split_up(names, stars), as_classes=False)] == [1.0]


def test_what_is_close_to_the_target_and_no_other_form_of_it_is_no_leak() -> None:
    honest = {
        "2 standard deviations apart": 2 * LATE + NOISE,
        "words by chance": [f"{row % 9}" for row in range(400)],
        "a word per row": [f"{row}" for row in range(400)],
    }
    assert [name for name, cells in honest.items() if find_leaks(split_up(cells, LATE), as_classes=True)] == []
    assert find_leaks(split_up(np.log(PRICE) + NOISE / 20, np.log(PRICE)), as_classes=False) == []


def test_a_measurement_that_sets_one_of_several_classes_apart_is_no_leak() -> None:
    flowers = load_iris(as_frame=True)  # the petals of one kind are far shorter
    inputs, kinds = pd.concat([flowers.data] * 2, ignore_index=True), np.tile(flowers.target, 2)
    is_test = np.arange(300) % 3 == 0
    parts = [Part(inputs[rows], kinds[rows], pa.table({})) for rows in (~is_test, is_test)]
    assert roc_auc_score(kinds != 0, inputs["petal length (cm)"]) == 1.0
    assert find_leaks(Split(parts[0], parts[1], without_target=0), as_classes=True) == []


def test_one_input_or_few_test_rows_are_no_leak() -> None:
    both = split_up(LATE * 2.0, LATE)
    alone = [Part(part.inputs[["x"]], part.target, part.ids) for part in (both.train, both.test)]
    assert find_leaks(Split(alone[0], alone[1], without_target=0), as_classes=True) == []
    assert find_leaks(split_up(LATE * 2.0, LATE, share=0.125), as_classes=True) != []
    assert find_leaks(split_up(LATE[:392] * 2.0, LATE[:392], share=0.125), as_classes=True) == []  # 49 test rows


@given(st.integers(0, 2**32), st.floats(0.05, 3), st.sampled_from([1.0, -1.0]), st.sampled_from([0.05, 0.3, 0.5]))
def test_the_borders_are_the_figures_of_scikit_learn(seed: int, noise: float, sign: float, share: float) -> None:
    draw = np.random.default_rng(seed)
    late = draw.random(800) < share
    cells = sign * (5 * late + noise * draw.normal(size=800))
    split = split_up(cells, late)
    areas = [roc_auc_score(part.target, sign * part.inputs["x"]) for part in (split.train, split.test)]
    found = find_leaks(split, as_classes=True)
    assert not (min(areas) >= 0.99 + 1e-9 and not found)
    assert [leak.column for leak in found] in ([], ["x"])
    assert all(leak.value >= max(0.99, min(areas)) - 1e-9 for leak in found)  # the sums differ in the last digit
    price = np.exp(draw.normal(size=800))
    numbers = split_up(sign * (price + noise / 20 * draw.normal(size=800)), price)
    by_line = [r2_score(part.target, np.polyval(np.polyfit(numbers.train.inputs["x"], numbers.train.target, 1),
               part.inputs["x"])) for part in (numbers.train, numbers.test)]  # fmt: skip
    assert not (min(by_line) >= 0.9991 and not find_leaks(numbers, as_classes=False))


@given(st.integers(0, 2**32))
def test_noise_is_no_leak(seed: int) -> None:
    draw = np.random.default_rng(seed)
    cells = np.where(draw.random(400) < 0.2, np.nan, draw.normal(size=400))
    assert find_leaks(split_up(cells, LATE), as_classes=True) == []
    assert find_leaks(split_up(cells, PRICE), as_classes=False) == []


def test_a_rare_class_in_a_large_table_is_not_thinned_out() -> None:
    rare = np.arange(40_000) % 1_000 < 4
    found = find_leaks(split_up(rare * 3.0, rare, share=0.25), as_classes=True)
    assert [(leak.column, leak.value) for leak in found] == [("x", 1.0)]


@given(
    st.lists(st.none() | st.integers(-100, 100), min_size=1, max_size=30),
    st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.lists(st.none() | st.sampled_from(["a", "b", "c"]), min_size=1, max_size=30),
)
def test_usual_values_are_those_of_pandas(whole: list[Any], numbers: list[Any], words: list[Any]) -> None:
    columns = {
        "whole": Column(type="int", role="input", null=True),
        "number": Column(type="float", role="input", null=True),
        "word": Column(type="category", role="input", null=True),
    }
    rows = min(map(len, (whole, numbers, words)))
    cells = {"whole": whole[:rows], "number": numbers[:rows], "word": words[:rows]}
    frame = pd.DataFrame(
        {
            "whole": np.array(cells["whole"], dtype=np.float64),
            "number": np.array(cells["number"], dtype=np.float64),
            "word": pd.Series(cells["word"], dtype="str"),
        }
    )
    by_pandas = {
        "whole": pd.Series(cells["whole"], dtype="Int64").median() // 1,
        "number": pd.Series(cells["number"], dtype="Float64").median(),
        "word": next(iter(sorted(pd.Series(cells["word"]).mode())), None),
    }
    found = find_usual(frame, columns)
    assert found == {name: None if pd.isna(value) else value for name, value in by_pandas.items()}
    assert all(isinstance(found["whole"], int | None) for _ in found)


@pytest.mark.slow
def test_an_older_version_says_that_its_usual_values_are_of_example_rows(trained: Project) -> None:
    content = json.loads(trained.text("output/values/latest/contract.json"))
    new = Contract.from_json(json.dumps(content).encode())
    old = Contract.from_json(json.dumps({name: part for name, part in content.items() if name != "usual"}).encode())
    assert "Usual is the median of the training rows for numbers" in say_method(new)
    assert "Usual is the median of the 5 example rows for numbers" in say_method(old)
    assert "this version is older and keeps no median of its training rows" in say_method(old)
    ages = sorted(record["age"] for record in content["example"]["records"])
    assert (read_usual(new)["age"], read_usual(old)["age"]) == (content["usual"]["age"], ages[2])


@pytest.mark.parametrize(
    ("leak", "said"),
    [
        ({"by": "values", "metric": "ROC AUC", "value": 0.99321, "label": 1},
         "fee alone separates late = 1 from the other test rows (ROC AUC 0.9932)"),
        ({"by": "values", "metric": "ROC AUC", "value": 1.0},
         "fee alone separates all classes of late in the test rows (ROC AUC 1)"),
        ({"by": "missing cells", "metric": "R²", "value": 0.9995},
         "whether fee is missing alone predicts late of the test rows (R² 0.9995)"),
    ],
)  # fmt: skip
def test_a_leak_is_told_with_input_and_figure(leak: dict[str, Any], said: str) -> None:
    assert Leak(column="fee", **leak).say("late") == said
