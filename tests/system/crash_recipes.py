"""Recipes whose stages take a while, for the tests that kill them, each with two sets of parameters."""

import json
from pathlib import Path

import numpy as np
from killing import SEED

LEDGER = """
title = "A ledger with bad entries"

[ingest]
source = "file"
path = "rough.csv"
max_rejected_share = 0.5

[preprocess]
kind = "table"
max_rejected_share = 0.5

[columns]
entry = { type = "int", role = "id" }
amount = { type = "float", role = "input", min = 0 }
account = { type = "category", role = "input" }
is_open = { type = "int", role = "target", allowed = [0, 1] }

[model]
kind = "estimator"
estimator = "sklearn.linear_model.LogisticRegression"
"""

DRAWN = """
title = "Many rows that cost nothing to draw"

[ingest]
source = "synthetic"
rows = 400_000

[ingest.formula]
y = { slope = 2.0, of = "x", intercept = 1.0, noise_sd = 0.5 }

[preprocess]
kind = "table"

[columns]
x = { type = "float", role = "input", min = 0, max = 20 }
y = { type = "float", role = "target" }

[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

LETTERS = """
title = "Letters"

[ingest]
source = "file"
path = "letters.json"
records = "letters"

[preprocess]
kind = "documents"

[columns]
letter = { type = "int", role = "id" }
writer = { type = "category", role = "label" }
text = { type = "text", role = "input" }

[model]
kind = "authorship"
chunk_chars = 500
"""


NOTES = LETTERS.replace("letters.json", "notes.json") + 'projection = "pcoa"\n'


OWN = """
title = "Own functions"

[ingest]
source = "file"
path = "clean.csv"

[preprocess]
kind = "python"
function = "prepare"

[columns]
entry = { type = "int", role = "id" }
amount = { type = "float", role = "input" }
account = { type = "category", role = "input" }
is_open = { type = "int", role = "target", allowed = [0, 1] }

[model]
kind = "python"
function = "summarise"
"""

OWN_MODULE = """
def prepare(frame, *, factor: float = 1.0):
    return frame.assign(amount=frame.amount * factor)


def summarise(frame, *, digits: int = 2):
    return {"metrics": {"mean": round(float(frame.amount.mean()), digits)}, "tables": {"entries": frame.head(1000)}}
"""


INGEST = {
    "ledger": (("--set", "ingest.path=rough.csv"), ("--set", "ingest.path=clean.csv")),
    "drawn": ((), ("--set", "seed=7")),
    "letters": ((), ("--set", "ingest.path=fewer.json")),
}
PREPROCESS = {
    "ledger": ((), ("--set", "columns.amount.min=-1000", "--set", "preprocess.test_share=0.5")),
    "letters": ((), ("--set", "preprocess.case=keep")),
    "functions": ((), ("--set", "preprocess.arguments.factor=2.0")),
}
MODEL = {
    "linear": ((), ("--set", "model.options.fit_intercept=false")),
    "notes": ((), ("--set", "model.ngram=2")),
    "functions": ((), ("--set", "model.arguments.digits=4")),
}
BEFORE = {"ingest": (), "preprocess": ("ingest",), "model": ("ingest", "preprocess")}


def write_recipes(folder: Path) -> Path:
    """The folder, with recipes and the files that they read."""
    texts = {"ledger": LEDGER, "drawn": DRAWN, "letters": LETTERS, "notes": NOTES, "functions": OWN}
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
    (folder / "functions.py").write_text(OWN_MODULE)
    chance = np.random.default_rng(SEED)
    rows = [
        f"{entry},{amount:.2f},{account},{entry % 2}"
        for entry, amount, account in zip(
            range(60_000), chance.normal(50, 30, 60_000), chance.choice(["cash", "bank"], 60_000), strict=True
        )
    ]
    head = "entry,amount,account,is_open"
    (folder / "page.csv").write_text("<!DOCTYPE html><html>")
    (folder / "clean.csv").write_text("\n".join([head, *rows]) + "\n")
    rough = [row.replace(",", ",?", 1) if number % 50 == 7 else row for number, row in enumerate(rows)]
    (folder / "rough.csv").write_text("\n".join([head, *rough]) + "\n")
    words = np.array(["tide", "harbour", "ledger", "Winter", "of", "the", "and", "a", "letter", "sails"])
    letters = [
        {"letter": number, "writer": f"writer {number % 3}", "text": " ".join(chance.choice(words, 120))}
        for number in range(3_000)
    ]
    (folder / "letters.json").write_text(json.dumps({"letters": letters}))
    (folder / "notes.json").write_text(json.dumps({"letters": letters[:60]}))
    (folder / "fewer.json").write_text(json.dumps({"letters": letters[::-2]}))
    return folder
