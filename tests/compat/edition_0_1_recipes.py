"""The recipes and data files of the archive, small enough to train in seconds, drawn from fixed seeds."""

import csv
import json
import random
from pathlib import Path

VISITS = """
title = "Who buys again"
seed = 42
[ingest]
source = "file"
path = "visits.csv"
[preprocess]
kind = "table"
[columns]
row = { type = "int", role = "id" }
age_years = { type = "int", role = "input", min = 18, max = 120, unit = "years", from = ["age", "Age"] }
income = { type = "float", role = "input", null = true, min = 0, unit = "USD" }
is_member = { type = "bool", role = "input", null = true }
bought = { type = "int", role = "target", allowed = [0, 1], description = "Bought again within a year" }
[model]
kind = "estimator"
use = "logistic"
folds = 3
segments = ["age_years", "is_member"]
[model.choices.logistic]
estimator = "sklearn.linear_model.LogisticRegression"
options = { class_weight = "balanced" }
[model.choices.boosted]
estimator = "sklearn.ensemble.HistGradientBoostingClassifier"
options = { max_iter = 5, max_leaf_nodes = 4 }
"""

FLOWERS = """
title = "Three kinds of flowers"
seed = 42
[ingest]
source = "file"
path = "flowers.csv"
[preprocess]
kind = "table"
[columns]
petal_cm = { type = "float", role = "input", min = 0, unit = "cm" }
soil = { type = "category", role = "input", null = true }
kind = { type = "category", role = "target" }
[model]
kind = "estimator"
estimator = "sklearn.ensemble.RandomForestClassifier"
options = { n_estimators = 3, max_depth = 3 }
"""

STYLES = """
title = "Three ways of writing"
seed = 42
[ingest]
source = "file"
path = "styles.jsonl"
[preprocess]
kind = "documents"
[columns]
document = { type = "text", role = "id" }
author = { type = "category", role = "label", description = "Who wrote it" }
text = { type = "text", role = "input" }
[model]
kind = "authorship"
chunk_chars = 400
"""

PAPERS = """
title = "Two men, one subject"
seed = 42
[ingest]
source = "file"
path = "papers.jsonl"
[preprocess]
kind = "documents"
[columns]
paper = { type = "text", role = "id" }
author = { type = "category", role = "label" }
written_at_utc = { type = "time", role = "time" }
text = { type = "text", role = "input" }
[model]
kind = "authorship"
chunking = "whole"
units = "words"
ngram = 1
distance = "cosine_delta"
features = 40
order = "time"
stability = true
unknown = ["DISPUTED"]
caution = "Both write of the same subject."
"""

LOST = """
title = "A file that is not there"
seed = 42
[ingest]
source = "file"
path = "lost.csv"
[preprocess]
kind = "table"
[columns]
x = { type = "float", role = "input" }
y = { type = "float", role = "target" }
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
"""

RECIPES = {"visits": VISITS, "flowers": FLOWERS, "styles": STYLES, "papers": PAPERS, "lost": LOST}

WORDS = {
    "Ann": "the sea was calm and the light upon the water lay like glass",
    "Ben": "who knows why men quarrel over such things as kings or crowns",
    "Cid": "zinc xylem quartz joking wizards vex big fjord hymns quickly",
}
HABITS = {"HAMILTON": ("upon", "while", "enough"), "MADISON": ("on", "whilst", "sufficiently")}
SUBJECT = "the people of a state may give to its government power for war and law but not for trade or tax"


def write_project(folder: Path) -> None:
    """The recipes in a folder, and the files that they read beside them."""
    folder.mkdir(parents=True)
    for name, text in RECIPES.items():
        (folder / f"{name}.toml").write_text(text.lstrip(), encoding="utf-8")
    write_visits(folder / "visits.csv")
    write_flowers(folder / "flowers.csv")
    write_lines(folder / "styles.jsonl", list_styles())
    write_lines(folder / "papers.jsonl", list_papers())


def write_visits(path: Path) -> None:
    """300 rows, of which one breaks a type (ingest rejects it) and two a rule (preprocess rejects them)."""
    draw = random.Random(7)
    rows: list[list[object]] = []
    for number in range(300):
        age, income, member = draw.randint(18, 90), draw.gammavariate(2, 1000), draw.random() > 0.5
        bought = int(age / 90 + income / 8000 + draw.gauss(0, 0.2) > 1)
        kept = "" if draw.random() < 0.2 else round(income, 2)
        rows.append([number, age, kept, "" if draw.random() < 0.2 else str(member).lower(), bought])
    rows[10][1], rows[20][1], rows[30][1] = "old", 17, 130
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([["row", "Age", "income", "is_member", "bought"], *rows])


def write_flowers(path: Path) -> None:
    """150 rows of three kinds, told apart by their petals, and a little by the soil."""
    draw = random.Random(8)
    rows = []
    for number in range(150):
        kind, length = (("daisy", 1.5), ("rose", 4.0), ("tulip", 5.5))[number % 3]
        soil = draw.choice(["clay", "sand", ""] if kind == "tulip" else ["sand", "loam", ""])
        rows.append([round(abs(draw.gauss(length, 0.6)), 2), soil, kind])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([["petal_cm", "soil", "kind"], *rows])


def list_styles() -> list[dict[str, str]]:
    """Six documents of each of three authors, each made of the author's own few words in turning order."""
    documents = []
    for author, text in WORDS.items():
        words = text.split()
        for number in range(6):
            turned = [words[(place * (number + 3)) % len(words)] for place in range(200)]
            documents.append({"document": f"{author} {number}", "author": author, "text": " ".join(turned)})
    return documents


def list_papers() -> list[dict[str, str]]:
    """Eight papers of each of two authors in the order of time, and two of MADISON's that are labelled DISPUTED."""
    documents = []
    for number in range(18):
        author = "MADISON" if number >= 8 else "HAMILTON"
        label = "DISPUTED" if number >= 16 else author
        text = write_paper(author, number, words=400 + 10 * number)
        written = f"1788-01-{number + 1:02d}T00:00:00Z"
        documents.append({"paper": f"No. {number + 1}", "author": label, "written_at_utc": written, "text": text})
    return documents


def write_paper(author: str, seed: int, words: int) -> str:
    """A text of one subject with an author's habits: one word in five is a habit, one of these in ten the other's."""
    draw, subject = random.Random(seed), SUBJECT.split()
    other = next(name for name in HABITS if name != author)
    habits = [HABITS[other if draw.random() < 0.1 else author][draw.randrange(3)] for _ in range(words)]
    return " ".join(habit if draw.random() < 0.2 else draw.choice(subject) for habit in habits)


def write_lines(path: Path, documents: list[dict[str, str]]) -> None:
    """One JSON object per line."""
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
