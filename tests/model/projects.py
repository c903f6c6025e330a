"""Small projects in a folder: a recipe, the processed dataset that it needs, and the stage's own main."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from model.__main__ import STAGE
from model.parameters import parse_parameters
from model.training.result import Results
from model.training.train import train
from relay.handoff.dataset import Dataset, open_dataset
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.preparation import Preparation
from relay.handoff.program import main
from relay.handoff.receipt import Key, Receipt
from relay.handoff.recipe import load_recipe
from relay.handoff.schema import arrow_schema, describe_schema
from relay.handoff.texts import note_preparation
from relay.handoff.writer import Block, DatasetWriter
from relay.results.findings import Topic
from relay.results.output import ResultLocation

LINEAR = """
title = "A line through noisy points"
[columns]
x = { type = "float", role = "input", min = 0, max = 20, unit = "m" }
y = { type = "float", role = "target", unit = "kg" }
[ingest]
source = "synthetic"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""


PREPARED = Preparation(cleaning="links", case="lower", normal_form="NFC")
"""What `[preprocess] kind = "documents"` does to a text."""


@dataclass(frozen=True)
class Project:
    """A folder with one recipe and its data."""

    folder: Path
    recipe: Path

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def location(self) -> ResultLocation:
        return ResultLocation(self.data_dir, self.recipe.stem)

    @property
    def latest(self) -> Path:
        return self.location.latest

    def arguments(self, *more: str) -> list[str]:
        return [str(self.recipe), "--data-dir", str(self.data_dir), "--log-dir", str(self.folder / "logs"), *more]

    def run(self, *more: str) -> int:
        return main(STAGE, self.arguments(*more))

    def train(self, *overrides: str) -> Results:
        """The work alone, without files: what the recipe makes of the processed rows."""
        recipe = load_recipe(str(self.recipe), overrides)
        return train(self.open_processed(), recipe, parse_parameters(recipe))

    def open_processed(self) -> Dataset:
        """The processed dataset."""
        location = DatasetLocation(self.data_dir, f"processed/{self.recipe.stem}", "preprocess")
        return open_dataset(location, Fingerprints(self.data_dir / ".state", self.data_dir), "python -m preprocess")

    def receipt(self) -> Receipt:
        return Receipt.read(self.latest / "receipt.json")

    def log(self) -> str:
        return (self.folder / "logs" / "model.log").read_text(encoding="utf-8")


def texts(results: Results) -> list[str]:
    """What the findings say, in their order."""
    return [finding.text for finding in results.findings]


def topics(results: Results) -> list[Topic]:
    """What the findings are about, in their order."""
    return [finding.topic for finding in results.findings]


def write_processed(data_dir: Path, recipe: Path, table: pa.Table) -> None:
    """What preprocess would have left: the table as `processed/<recipe>`, with a receipt."""
    location = DatasetLocation(data_dir, f"processed/{recipe.stem}", "preprocess")
    with DatasetWriter(location, table.schema, 0.0) as writer:
        writer.add(Block(table, read=table.num_rows))
        written = writer.finish()
        parameters = {"seed": 42, "test_share": 0.2, "columns": table.column_names}
        key = Key(code={}, parameters=parameters, inputs={})
        writer.commit(
            Receipt(
                stage="preprocess",
                recipe=recipe.stem,
                title="",
                seed=42,
                versions={},
                key=key,
                key_digest=key.digest,
                overrides={},
                sources=[],
                fingerprint=written.fingerprint,
                bytes=written.bytes,
                rows=written.rows,
                rejected=written.rejected,
                dropped=written.dropped,
                columns=describe_schema(table.schema),
                started_at_utc=datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
                seconds=0.0,
            )
        )


def make_project(folder: Path, recipe_text: str, columns: dict[str, Any], name: str = "case") -> Project:
    """A project of that recipe, with a processed dataset of those columns (`split` among them)."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(recipe_text, encoding="utf-8")
    schema = arrow_schema(load_recipe(str(path)).columns)
    fields = [*schema, pa.field("split", pa.string())] if "split" in columns else list(schema)
    if 'kind = "documents"' in recipe_text:
        fields = [note_preparation(item, PREPARED) if item.name == "text" else item for item in fields]
    table = pa.table({item.name: pa.array(columns[item.name], item.type) for item in fields}, schema=pa.schema(fields))
    write_processed(folder / "data", path, table)
    return Project(folder, path)


def mark_split(rows: int) -> list[str]:
    """Every fifth row is a test row."""
    return ["test" if row % 5 == 0 else "train" for row in range(rows)]


def linear_columns(rows: int = 100, seed: int = 42) -> dict[str, Any]:
    """y = 2x + 1 + noise of standard deviation 0.5, x uniform in 0..20."""
    draw = np.random.default_rng(seed)
    x = draw.uniform(0, 20, rows)
    return {"x": x, "y": 2 * x + 1 + draw.normal(0, 0.5, rows), "split": mark_split(rows)}


MIXED = """
title = "Columns of every type"
[columns]
row = { type = "int", role = "id" }
"age-in_years" = { type = "int", role = "input", unit = "years" }
income = { type = "float", role = "input", null = true, unit = "USD" }
"is member?" = { type = "bool", role = "input", null = true }
"Town" = { type = "category", role = "input", null = true }
bought = { type = "int", role = "target", allowed = [0, 1] }
[ingest]
source = "file"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.ensemble.RandomForestClassifier"
options = { n_estimators = 10 }
"""


def mixed_columns(rows: int = 300) -> dict[str, Any]:
    """Older people with an income buy; every fifth income, flag and town is missing."""
    draw = np.random.default_rng(5)
    age = draw.integers(18, 90, rows)
    income = draw.gamma(2.0, 1000.0, rows)
    bought = (age / 90 + income / 8000 + draw.normal(0, 0.2, rows) > 1.0).astype(int)
    has = draw.random((3, rows)) > 0.2
    return {
        "row": list(range(rows)),
        "age-in_years": age.tolist(),
        "income": [float(value) if known else None for value, known in zip(income, has[0], strict=True)],
        "is member?": [bool(value) if known else None for value, known in zip(age > 50, has[1], strict=True)],
        "Town": [
            ["Ulm", "Köln", "a,b"][value % 3] if known else None for value, known in zip(age, has[2], strict=True)
        ],
        "bought": bought.tolist(),
        "split": mark_split(rows),
    }


NUMBERS = """
title = "Numbers and truth values"
[columns]
row = { type = "int", role = "id" }
"age-in_years" = { type = "int", role = "input", unit = "years" }
income = { type = "float", role = "input", null = true, unit = "USD" }
"is member?" = { type = "bool", role = "input", null = true }
bought = { type = "int", role = "target", allowed = [0, 1] }
[ingest]
source = "file"
[preprocess]
kind = "table"
[model]
kind = "estimator"
use = "boosted"
cv_folds = 3
segments = ["age-in_years", "is member?"]
[model.estimators.boosted]
estimator = "sklearn.ensemble.HistGradientBoostingClassifier"
options = { max_iter = 20 }
[model.estimators.logistic]
estimator = "sklearn.linear_model.LogisticRegression"
options = { class_weight = "balanced" }
"""
"""The columns of `mixed_columns` without the words."""


DOCUMENTS = """
title = "Three ways of writing"
[columns]
document = { type = "text", role = "id" }
text = { type = "text", role = "input" }
author = { type = "category", role = "label", null = true }
written_at_utc = { type = "time", role = "time" }
[ingest]
source = "file"
[preprocess]
kind = "documents"
[model]
kind = "authorship"
chunk_chars = 300
"""

WORDS = {
    "Ann": ["the", "sea", "was", "calm", "and", "the", "light", "upon", "the", "water", "lay", "like", "glass"],
    "Ben": ["who", "knows", "why", "men", "quarrel", "over", "such", "things", "as", "kings", "or", "crowns"],
    "Cid": ["zinc", "xylem", "quartz", "joking", "wizards", "vex", "big", "fjord", "hymns", "quickly"],
}


def document_columns(documents_of_each: int = 4, words: int = 160) -> dict[str, Any]:
    """Documents of three authors, each drawn from the author's own few words."""
    draw = np.random.default_rng(3)
    authors = [author for author in WORDS for _ in range(documents_of_each)]
    return {
        "document": [f"{author}-{number}" for number, author in enumerate(authors)],
        "text": [" ".join(draw.choice(WORDS[author], words)) for author in authors],
        "author": authors,
        "written_at_utc": [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(len(authors))],
    }


CASES: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "line": (LINEAR, linear_columns),
    "mixed": (MIXED, mixed_columns),
    "documents": (DOCUMENTS, document_columns),
    "numbers": (NUMBERS, mixed_columns),
}
