"""A pipeline of own code, which no ONNX file can hold, against `mlflow models serve` with the same model file.

The service logs each answer before it leaves, and answers what has queued in one frame; the peer logs nothing. Each
logged answer is compared with the pipeline's own answer to that row alone.
"""

import json
import sqlite3
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.servers import NAME, TrainedModel, open_peer, open_service, train_recipe
from benchmarks.serving import (
    BATCH_ROWS,
    SINGLES,
    Bodies,
    Point,
    Sides,
    count_logged,
    measure_point,
    require_all_logged,
)
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE, TOLERANCE, Contract
from relay.registry.own_code import read_code
from relay.registry.own_model import read_own_model
from relay.registry.own_modules import OwnModules
from relay.registry.predictions import predict_with_model

POINTS = (Point(1, 1), Point(1, 8), Point(1, 32, 15.0), Point(BATCH_ROWS, 1), Point(1, 32, path="/invocations"))

ROWS, QUICK_ROWS = 20_000, 2_000

RECIPE = """
title = "Prices of made-up offers"
[columns]
kind = {{ type = "category", role = "input", allowed = ["city", "road", "mountain", "electric"] }}
size = {{ type = "category", role = "input", allowed = ["S", "M", "L"], null = true }}
age_years = {{ type = "float", role = "input", min = 0, max = 20 }}
km = {{ type = "float", role = "input", min = 0, max = 90000, null = true }}
price = {{ type = "float", role = "target" }}
[ingest]
source = "synthetic"
rows = {rows}
[ingest.formula]
price = {{ slope = -60.0, of = "age_years", intercept = 1500.0, noise_sd = 100.0 }}
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "build_model"
threads = 1
"""

MODULE = '''"""A pipeline as people write it in notebooks: a transformer that works on data frames, then trees."""

import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline


class Offers(TransformerMixin, BaseEstimator):
    def fit(self, frame, y=None):
        self.km_ = float(frame["km"].median())
        return self

    def transform(self, frame):
        frame = frame.assign(km=frame["km"].fillna(self.km_))
        frame["km_per_year"] = frame["km"] / frame["age_years"].clip(lower=0.5)
        for column, words in (("kind", ("city", "road", "mountain", "electric")), ("size", ("S", "M", "L"))):
            for word in words:
                frame[f"{column}_{word}"] = (frame[column] == word).astype(float)
        return frame.drop(columns=["kind", "size"])


def build_model(*, seed: int = 0):
    return make_pipeline(Offers(), HistGradientBoostingRegressor(max_iter=100, random_state=seed))
'''


def run(quick: bool) -> list[dict[str, object]]:
    """Requests a second, their ratio to the peer's and latencies for each kind of load.

    Raises:
        RuntimeError: a request failed, an answer is not in the log, or is not the pipeline's own.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model = train_recipe(folder, RECIPE.format(rows=QUICK_ROWS if quick else ROWS), MODULE)
        records = read_records(model)
        bodies = Bodies(folder)
        bodies.write(records)
        sides = Sides(stack.enter_context(open_service(model)), stack.enter_context(open_peer(model)), bodies)
        for server in (sides.service, sides.peer):
            server.wait_until_ready()
        measured = [measure_point(sides, point, quick) for point in POINTS]
        require_all_logged(sum(answered for _, answered in measured), count_logged(model.log))
        compared = require_own_answers(model, records)
    rows = [{"benchmark": "own_serving", **row} for row, _ in measured]
    return [*rows, {"benchmark": "own_serving", "what": "logged answers that equal the row's own answer", **compared}]


def read_records(model: TrainedModel) -> list[dict[str, Any]]:
    """The inputs of the first processed rows."""
    table = pq.read_table(model.rows).slice(0, BATCH_ROWS)
    records: list[dict[str, Any]] = table.select(["kind", "size", "age_years", "km"]).to_pylist()
    return records


def require_own_answers(model: TrainedModel, records: list[dict[str, Any]]) -> dict[str, object]:
    """Compare what was logged of single records with what the pipeline answers to each of them alone.

    Raises:
        RuntimeError: an answer is further off than the tolerance.
    """
    folder = model.data / "output" / NAME / "latest"
    contract = Contract.from_json((folder / CONTRACT_FILE).read_bytes())
    content = (folder / MODEL_FILE).read_bytes()
    pipeline = read_own_model(content, contract, OwnModules(read_code(folder, contract)), stage="model")
    alone = {
        json.dumps(record, sort_keys=True): predict_with_model(contract, pipeline, [record]).predictions[0]
        for record in records[:SINGLES]
    }
    count, most = 0, 0.0
    with closing(sqlite3.connect(model.log)) as connection:
        for given, output in connection.execute("select input, output from predictions"):
            if len(asked := json.loads(given)) == 1:
                (found,) = json.loads(output)["predictions"]
                most = max(most, abs(found - float(alone[json.dumps(asked[0], sort_keys=True)] or 0)))
                count += 1
    allowed = TOLERANCE * (contract.spread or 1.0)
    if most > allowed:
        raise RuntimeError(f"an answer is {most} off the pipeline's own answer to that row, allowed are {allowed}")
    return {"compared": count, "furthest": most, "allowed": allowed}
