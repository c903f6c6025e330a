"""Leaks are corrected by dividing the rows first, or refused with the cell and the reason."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tracing import divide

from adopt.notebooks.corrections import correct_leaks
from adopt.notebooks.plan import NotebookError, RefusalKind, Split

READ = (
    "import pandas as pd\nfrom sklearn.feature_selection import SelectKBest\nfrom sklearn.impute import SimpleImputer\n"
    "from sklearn.linear_model import Ridge\nfrom sklearn.model_selection import cross_val_score, train_test_split\n"
    "from sklearn.preprocessing import LabelEncoder, StandardScaler\n"
    "from sklearn.feature_extraction.text import CountVectorizer\n"
    "df = pd.read_csv('a.csv')"
)
SPLIT = "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)"
PART, TEXTS, LABELS, BOTH = "df[['a', 'b']], y", "df['text'], y", "X, df['y']", "df[['a', 'b']], df['y']"
FIT_SIDES = "scaler.fit(X_train)\nX_train = scaler.transform(X_train)\nX_test = scaler.transform(X_test)"
SIDES = "X_train = scaler.fit_transform(X_train)\nX_test = scaler.transform(X_test)"
MODEL = "model = Ridge().fit(X_train, y_train)\nprint('r2', model.score(X_test, y_test))"
START = "X = df[['a', 'b']]\ny = df['y']\nscaler = StandardScaler()"
COLUMNS = "df[['a', 'b']] = scaler.fit_transform(df[['a', 'b']])"
SIDE_COLUMNS = (
    "X_train[['a', 'b']] = scaler.fit_transform(X_train[['a', 'b']])\n"
    "X_test[['a', 'b']] = scaler.transform(X_test[['a', 'b']])"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "book"
    made.mkdir()
    rows = [f"{i},{i * i % 17},{('red', 'blue')[i % 2]} t{i % 3},{3 * i + i % 5}" for i in range(40)]
    (made / "a.csv").write_text("\n".join(["a,b,text,y", *rows]) + "\n")
    return made


def write_model(split: Split) -> str:
    """The statements of the model stage, corrected."""
    corrections = correct_leaks(split)
    lines = []
    for index in split.parts[-1].statements:
        texts = [split.statements[index].text] if index not in corrections else [c.text for c in corrections[index]]
        lines += texts
    return "\n".join(lines)


CORRECTED = {
    "another name": (
        (f"{START}\nZ = scaler.fit_transform(X)\n{SPLIT.replace('X, y', 'Z, y')}"),
        f"{START}\n{SPLIT}\n{SIDES}",
    ),
    "the same name": (f"{START}\nX = scaler.fit_transform(X)\n{SPLIT}", f"{START}\n{SPLIT}\n{SIDES}"),
    "an expression": (
        f"y = df['y']\nscaler = StandardScaler()\nX = scaler.fit_transform(df[['a', 'b']])\n{SPLIT}",
        f"y = df['y']\nscaler = StandardScaler()\n{SPLIT.replace('X, y', PART)}\n{SIDES}",
    ),
    "fit, then transform": (
        f"{START}\nscaler.fit(X)\nX = scaler.transform(X)\n{SPLIT}",
        f"{START}\n{SPLIT}\n{FIT_SIDES}",
    ),
    "made and fitted": (
        f"{START.replace('StandardScaler()', 'StandardScaler().fit(X)')}\nX = scaler.transform(X)\n{SPLIT}",
        f"{START}\n{SPLIT}\n{FIT_SIDES}",
    ),
    "without a name": (
        f"X = df[['a', 'b']]\ny = df['y']\nX = StandardScaler().fit_transform(X)\n{SPLIT}",
        f"X = df[['a', 'b']]\ny = df['y']\nstandard_scaler = StandardScaler()\n{SPLIT}\n"
        + SIDES.replace("scaler.", "standard_scaler."),
    ),
    "a new frame": (
        f"{START}\nX = pd.DataFrame(scaler.fit_transform(X), columns=X.columns)\n{SPLIT}",
        f"{START}\n{SPLIT}\n"
        "X_train = pd.DataFrame(scaler.fit_transform(X_train), columns=X_train.columns, index=X_train.index)\n"
        "X_test = pd.DataFrame(scaler.transform(X_test), columns=X_test.columns, index=X_test.index)",
    ),
    "two fits": (
        f"{START}\nimputer = SimpleImputer()\nX = imputer.fit_transform(X)\nX = scaler.fit_transform(X)\n{SPLIT}",
        f"{START}\nimputer = SimpleImputer()\n{SPLIT}\n{SIDES.replace('scaler', 'imputer')}\n{SIDES}",
    ),
    "a vectoriser": (
        f"vec = CountVectorizer()\ny = df['y']\nX = vec.fit_transform(df['text']).toarray()\n{SPLIT}",
        f"vec = CountVectorizer()\ny = df['y']\n{SPLIT.replace('X, y', TEXTS)}\n"
        "X_train = vec.fit_transform(X_train).toarray()\nX_test = vec.transform(X_test).toarray()",
    ),
    "with labels": (
        f"X = df[['a', 'b']]\ny = df['y']\nX = SelectKBest(k=1).fit_transform(X, y)\n{SPLIT}",
        f"X = df[['a', 'b']]\ny = df['y']\nselect_kbest = SelectKBest(k=1)\n{SPLIT}\n"
        "X_train = select_kbest.fit_transform(X_train, y_train)\nX_test = select_kbest.transform(X_test)",
    ),
    "columns of a frame": (
        f"scaler = StandardScaler()\n{COLUMNS}\nX, y = df[['b', 'a']], df['y']\n{SPLIT}",
        f"scaler = StandardScaler()\nX, y = df[['b', 'a']], df['y']\n{SPLIT}\n{SIDE_COLUMNS}",
    ),
    "columns, and another one coded": (
        f"scaler = StandardScaler()\n{COLUMNS}\ndf['text'] = LabelEncoder().fit_transform(df['text'])\n"
        f"X = df.drop(columns='y')\n{SPLIT.replace('X, y', LABELS)}",
        "scaler = StandardScaler()\ndf['text'] = LabelEncoder().fit_transform(df['text'])\n"
        f"X = df.drop(columns='y')\n{SPLIT.replace('X, y', LABELS)}\n{SIDE_COLUMNS}",
    ),
    "columns, fit, then transform": (
        "scaler = StandardScaler()\nscaler.fit(df[['a', 'b']])\n"
        f"df[['a', 'b']] = scaler.transform(df[['a', 'b']])\n{SPLIT.replace('X, y', BOTH)}",
        f"scaler = StandardScaler()\n{SPLIT.replace('X, y', BOTH)}\n"
        "scaler.fit(X_train[['a', 'b']])\nX_train[['a', 'b']] = scaler.transform(X_train[['a', 'b']])\n"
        "X_test[['a', 'b']] = scaler.transform(X_test[['a', 'b']])",
    ),
}


@pytest.mark.parametrize(("text", "expected"), CORRECTED.values(), ids=CORRECTED)
def test_rows_are_divided_before_anything_is_fitted(folder: Path, text: str, expected: str) -> None:
    written = write_model(divide(folder, READ, text, MODEL)).removesuffix(f"\n{MODEL}")
    assert written in expected  # what stands above belongs to an earlier stage
    assert written.endswith(expected[expected.index("X_train, X_test") :])
    run_text(folder, f"{READ}\n{expected}\n{MODEL}")


def run_text(folder: Path, text: str) -> Mapping[str, Any]:
    names: dict[str, Any] = {}
    exec(text.replace("'a.csv'", f"{str(folder / 'a.csv')!r}"), names)
    return names


def test_a_side_may_have_the_name_of_what_is_divided(folder: Path) -> None:
    cut = "df, test = train_test_split(df, random_state=0)"
    fit = "model = Ridge().fit(df[['a', 'b']], df['y'])\nprint('r2', model.score(test[['a', 'b']], test['y']))"
    written = write_model(divide(folder, READ, f"scaler = StandardScaler()\n{COLUMNS}\n{cut}\n{fit}"))
    sides = SIDE_COLUMNS.replace("X_train", "df").replace("X_test", "test")
    assert written == f"scaler = StandardScaler()\n{cut}\n{sides}\n{fit}"


REFUSED = {
    "cross-validation": (
        f"{START}\nX = scaler.fit_transform(X)\nprint(cross_val_score(Ridge(), X, y).mean())",
        "the rows are divided several times there; put the transformer into a Pipeline",
    ),
    "used before the split": (
        f"{START}\nX = scaler.fit_transform(X)\nX = X[:, :1] * 2\n{SPLIT}\n{MODEL}",
        "X is used with what the fit made of all rows",
    ),
    "used after the split": (
        f"{START}\nZ = scaler.fit_transform(X)\n{SPLIT.replace('X, y', 'Z, y')}\n{MODEL}\nmodel.predict(Z)[0]",
        "Z is used with what the fit made of all rows",
    ),
    "rows are left out": (
        f"scaler = StandardScaler()\n{COLUMNS}\ndf = df[df['a'] < 1]\nX, y = df[['a', 'b']], df['y']\n{SPLIT}\n{MODEL}",
        "df is used with what the fit made of all rows",
    ),
    "the data changes": (
        f"{START}\nZ = scaler.fit_transform(X)\nX = X * 2\n{SPLIT.replace('X, y', 'Z, y')}\n{MODEL}\nX['a'].sum()",
        "X changes between the fit and the split",
    ),
    "the transformer changes": (
        f"{START}\nZ = scaler.fit_transform(X)\nscaler = 1\n{SPLIT.replace('X, y', 'Z, y')}\n{MODEL}\nprint(scaler)",
        "scaler changes between the fit and the split",
    ),
    "the transformer is asked": (
        f"{START}\nX = scaler.fit_transform(X)\nfirst = scaler.mean_[0]\n{SPLIT}\n{MODEL}\nprint(first)",
        "scaler is used before the rows are divided",
    ),
    "a loop": (
        f"scaler = StandardScaler()\nfor c in ['a', 'b']:\n    df[[c]] = scaler.fit_transform(df[[c]])\n"
        f"X, y = df[['a', 'b']], df['y']\n{SPLIT}\n{MODEL}",
        "the fit is not a statement of its own",
    ),
    "an alias": (
        f"scaler = StandardScaler()\nsame = df\n{COLUMNS}\nX, y = same[['a', 'b']], df['y']\n{SPLIT}\n{MODEL}",
        "it changes same as well",
    ),
    "other rows": (
        f"{START}\nscaler.fit(X.head(20))\nX = scaler.transform(X)\n{SPLIT}\n{MODEL}",
        "scaler is fitted on other rows than it transforms",
    ),
    "a part of the columns": (
        f"scaler = StandardScaler()\n{COLUMNS}\nX, y = df[['a']], df['y']\n{SPLIT}\n{MODEL}",
        "df is used with what the fit made of all rows",
    ),
    "labels of other rows": (
        f"{START}\nX = SelectKBest(k=1).fit_transform(X, df['b'])\n{SPLIT}\n{MODEL}",
        "the labels that the fit takes are not divided by the same call",
    ),
    "a sum": (
        f"{START}\nX = scaler.fit_transform(X) + 1\n{SPLIT}\n{MODEL}",
        "more than the fit happens in its statement",
    ),
    "by slices": (
        f"{START}\nX = scaler.fit_transform(X)\ntrain_test_split(y)\nmodel = Ridge().fit(X[:30], y[:30])\n"
        f"{SPLIT}\nprint(model.score(X_test, y_test))",
        "X is used with what the fit made of all rows",
    ),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_corrected_safely_is_refused_with_cell_and_reason(folder: Path, text: str, why: str) -> None:
    split = divide(folder, READ, text)
    with pytest.raises(NotebookError) as refused:
        correct_leaks(split)
    (refusal,) = refused.value.refusals
    assert refusal.kind is RefusalKind.LEAK
    assert why in refusal.message
    assert "cell 2" in refusal.message


def test_a_fit_on_the_training_rows_is_no_leak(folder: Path) -> None:
    split = divide(folder, READ, f"{START}\n{SPLIT}\n{SIDES}\n{MODEL}")
    assert [one.kind for one in split.remarks if one.kind == "leak"] == []
    assert correct_leaks(split) == {}


def test_the_corrected_statements_give_what_a_fit_on_the_training_rows_gives(folder: Path) -> None:
    text = f"{START}\nX = pd.DataFrame(scaler.fit_transform(X), columns=X.columns)\n{SPLIT}\n{MODEL}"
    names = run_text(folder, f"{READ}\n{write_model(divide(folder, READ, text))}")
    expected = run_text(folder, f"{READ}\n{START}\n{SPLIT}\nscaler.fit(X_train)\nX_test = scaler.transform(X_test)")
    assert names["X_test"].to_numpy().tolist() == expected["X_test"].tolist()
    leaky = run_text(folder, f"{READ}\n{text}")
    assert not names["X_test"].equals(pd.DataFrame(leaky["X_test"]))
