"""A trained model of a checkout that is asked on the command line and over HTTP, as users ask it."""

import hashlib
import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import commands
from checkout import CHECKOUT, HANG_SECONDS, Project, Ran

RECIPE = """
title = "Asked"

[columns]
true = { type = "category", role = "id" }
home = { type = "category", role = "input", null = true }
town = { type = "category", role = "input" }
size = { type = "float", role = "input", null = true }
rooms = { type = "int", role = "input" }
price = { type = "float", role = "target" }

[ingest]
source = "file"
path = "{folder}/rows.csv"
format = "csv"

[preprocess]
kind = "table"

[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
segments = ["town"]
"""
ROWS = 120
TOO_LARGE = 1e200


def draw_rows() -> list[dict[str, Any]]:
    """Rows in which a third has no `home`, which moves the price by 100; drawn with a seed."""
    drawing = random.Random(13)
    rows = []
    for number in range(ROWS):
        home = drawing.choice(["own", "rent", ""])
        row = {"true": f"row {number}", "home": home, "town": drawing.choice(["Ulm", "Bonn"])}
        row |= {"size": round(drawing.uniform(1, 9), 3), "rooms": drawing.randint(1, 5)}
        rows.append(row | {"price": row["size"] + {"own": 0, "rent": 50, "": 100}[home] + drawing.random()})
    return rows


@dataclass
class AskedModel:
    """A model that was trained from `draw_rows` and is in production."""

    project: Project
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def train(self) -> Ran:
        """Run the three stages with a registry of the project's own; gives how the first training failed.

        One row has a `size` that no model takes. The second time the recipe does as the message advises.
        """
        rows = draw_rows()
        rows[70]["size"] = TOO_LARGE
        lines = [",".join(rows[0]), *(",".join(str(cell) for cell in row.values()) for row in rows)]
        self.project.write("rows.csv", "\n".join(lines) + "\n")
        refused = self._run_stages(RECIPE)
        assert refused.exit_code == 1, refused.log
        advised = self._run_stages(RECIPE.replace('size = { type = "float",', 'size = { type = "float", max = 1e30,'))
        assert advised.exit_code == 0, advised.log
        return refused

    def _run_stages(self, text: str) -> Ran:
        recipe = self.project.recipe(text, "asked")
        for stage in ("ingest", "preprocess", "model"):
            ran = self.project.run(stage, recipe, MLFLOW_TRACKING_URI="")
            if ran.exit_code:
                break
        return ran

    def predict(self, content: str, *options: str) -> Ran:
        """`python -m model predict` with records on standard input."""
        recipe, data = str(self.project.folder / "asked.toml"), str(self.project.folder / "data")
        environment = os.environ | {"MLFLOW_TRACKING_URI": "", "LOG_DIR": str(self.project.folder / "logs")}
        ran = commands.run(
            [sys.executable, "-m", "model", "predict", recipe, *options, "--data-dir", data],
            cwd=CHECKOUT, env=environment, input=content,
            capture_output=True, text=True, timeout=HANG_SECONDS, check=False,
        )  # fmt: skip
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def serve(self) -> None:
        """Start `python -m serve` on the version, laid where a service keeps its copies."""
        data = self.project.folder / "data"
        results = data / "output" / "asked" / "latest"
        contract = json.loads((results / "contract.json").read_bytes())
        digest = hashlib.sha256((results / "contract.json").read_bytes()).hexdigest()
        copies = data / "serve" / "models" / "asked"
        for name in ("contract.json", *contract["files"]):
            (copies / f"1.{digest[:8]}").mkdir(parents=True, exist_ok=True)
            shutil.copyfile(results / name, copies / f"1.{digest[:8]}" / name)
        ref = {"model": "asked", "version": "1", "run_id": "run", "contract_sha256": digest}
        (copies / "current.json").write_text(json.dumps({"ref": ref, "asked_unix": 1_700_000_000.0}))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        named = {"MODEL_URI": "models:/asked@production", "API_PORT": str(self.port), "MLFLOW_TRACKING_URI": "off"}
        folders = {"DATA_DIR": str(data), "LOG_DIR": str(self.project.folder / "logs")}
        self.process = commands.Command(
            [sys.executable, "-m", "serve"], cwd=CHECKOUT, env=os.environ | named | folders,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the service ended"
            try:
                if self.ask("GET", "/health")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("the service is not ready")

    def ask(self, method: str, path: str, body: str = "", media_type: str = "application/json") -> tuple[int, Any]:
        """Status and body of an answer of the API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG_SECONDS)
        try:
            connection.request(method, path, body.encode(), {"Content-Type": media_type})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop the service."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(HANG_SECONDS)

    @property
    def output(self) -> Path:
        """The folder with the training's files."""
        return self.project.folder / "data" / "output" / "asked" / "latest"
