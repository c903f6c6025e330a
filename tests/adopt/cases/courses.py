"""Files of courses: R, pandas and UCI."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from cases.case import (
    CATEGORY,
    FLOAT,
    ID,
    INT,
    MAYBE_FLOAT,
    Case,
    Col,
    any_of,
    draw,
    write_table,
)


def write_r_export(folder: Path) -> str:
    """R's write.csv: row names, texts in quotes, NA without quotes."""
    random, lines = draw("r_export"), ['"","island","bill_length_mm","bill_depth_mm","body_mass_g","sex","species"']
    for number in range(1, 334):
        kind = int(random.integers(0, 3))
        mass = "NA" if number in (4, 272) else int(3700 + 650 * (kind == 2) + 50 * random.integers(-12, 12))
        length = "NA" if number == 4 else f"{39 + 9 * (kind == 1) + 8 * (kind == 2) + random.normal(0, 2):.1f}"
        depth = f"{18.3 - 3.4 * (kind == 2) + random.normal(0, 0.8):.1f}"
        sex = "NA" if random.random() < 0.03 else f'"{random.choice(["male", "female"])}"'
        island = random.choice(["Biscoe", "Dream", "Torgersen"])
        lines.append(f'"{number}","{island}",{length},{depth},{mass},{sex},"{("Adelie", "Chinstrap", "Gentoo")[kind]}"')
    path = folder / "penguins.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


R_EXPORT = Case(
    "r_export",
    "R",
    write_r_export,
    {
        "": ID,
        "island": CATEGORY,
        "bill_length_mm": MAYBE_FLOAT,
        "bill_depth_mm": FLOAT,
        "body_mass_g": Col("int", null=True),
        # NA is no level here, but a category may keep it as one if the draft says so.
        "sex": Col("category", null=any_of(True, False), says=("NA",)),
        "species": Col("category", "target"),
    },
    target="species",
    task="classes",
    rows=333,
)


def write_pandas_export(folder: Path) -> str:
    """DataFrame.to_csv: an index without a name, whole numbers as floats, True and False."""
    random, rows = draw("pandas_export"), []
    for number in range(500):
        years = "" if random.random() < 0.1 else f"{random.integers(0, 35)}.0"
        income, amount = int(random.integers(18, 140)) * 1000, round(float(random.gamma(2, 6000)), 2)
        approved = bool(random.random() < 1 / (1 + np.exp(amount / 6000 - income / 40000)))
        day = f"{date(2020, 1, 1) + timedelta(days=int(random.integers(0, 900)))} 00:00:00"
        rows.append((number, day, income, years, amount, random.choice(["rent", "own", "mortgage"]), approved))
    header = ("", "application_date", "income", "years_employed", "amount", "home", "approved")
    return write_table(folder / "loans.csv", header, rows)


PANDAS_EXPORT = Case(
    "pandas_export",
    "pandas",
    write_pandas_export,
    {
        "": ID,
        "application_date": Col("time", any_of("time", "input")),
        "income": INT,
        "years_employed": Col(any_of("int", "float"), null=True),
        "amount": FLOAT,
        "home": CATEGORY,
        "approved": Col(any_of("bool", "category"), "target"),
    },
    target="approved",
    task="binary",
    rows=500,
)

WORKS = ("Private", "State-gov", "Self-emp-not-inc", "?")
SCHOOLS = {"HS-grad": 9, "Some-college": 10, "Bachelors": 13, "Masters": 14, "11th": 7}


def write_adult(folder: Path) -> str:
    """UCI's adult.data: no names, a blank behind each comma, ? where nothing is known."""
    random, lines = draw("adult"), []
    for _ in range(600):
        work = str(random.choice(WORKS, p=[0.72, 0.1, 0.12, 0.06]))
        job = "?" if work == "?" else str(random.choice(["Sales", "Exec-managerial", "Craft-repair"]))
        school = str(random.choice(list(SCHOOLS)))
        hours, age = int(random.normal(40, 9)), int(random.integers(17, 90))
        rich = random.random() < 1 / (1 + np.exp(9 - SCHOOLS[school] / 2 - hours / 20 - age / 60))
        gain = int(random.integers(1, 15000)) if random.random() < 0.08 else 0
        sex = random.choice(["Male", "Female"])
        cells = (
            age,
            work,
            random.integers(12000, 900000),
            school,
            SCHOOLS[school],
            job,
            sex,
            gain,
            hours,
            random.choice(["United-States", "Mexico", "?"], p=[0.9, 0.08, 0.02]),
            ">50K" if rich else "<=50K",
        )
        lines.append(", ".join(map(str, cells)))
    path = folder / "adult.data"
    path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    return str(path)


# Read as missing, or kept as a level and proposed: the recipe's author decides.
UNKNOWN = Col("category", null=any_of(True, False), says=("?",))
ADULT = Case(
    "adult",
    "UCI",
    write_adult,
    {
        "column_1": INT,
        "column_2": UNKNOWN,
        "column_3": Col("int", any_of("input", "weight")),
        "column_4": CATEGORY,
        "column_5": INT,
        "column_6": UNKNOWN,
        "column_7": CATEGORY,
        "column_8": INT,
        "column_9": INT,
        "column_10": UNKNOWN,
        "column_11": Col("category", "target"),
    },
    target="column_11",
    task="binary",
    rows=600,
    values={"column_2": ["Private", "State-gov"], "column_11": [">50K", ">50K", "<=50K"]},
    ingest={"format": "csv", "header": False},
)


def write_wine(folder: Path) -> str:
    """UCI's wine.data: no names, the class first."""
    random = draw("wine")
    rows = [
        (
            kind,
            f"{random.normal(14.4 - kind * 0.6, 0.4):.2f}",
            f"{random.gamma(6, 0.4):.2f}",
            f"{random.normal(2.4, 0.2):.2f}",
            int(random.normal(100, 12)),
            f"{random.normal(3.6 - kind * 0.8, 0.3):.2f}",
            f"{random.normal(1.1 - kind * 0.1, 0.1):.2f}",
            int(random.normal(1300 - kind * 250, 120)),
        )
        for kind, count in ((1, 59), (2, 71), (3, 48))
        for _ in range(count)
    ]
    return write_table(folder / "wine.data", None, rows, lineterminator="\r\n")


WINE = Case(
    "wine",
    "UCI",
    write_wine,
    {"column_1": Col(any_of("int", "category"), "target")}
    | {f"column_{number}": INT if number in (5, 8) else FLOAT for number in range(2, 9)},
    target="column_1",
    task="classes",
    rows=178,
    ingest={"format": "csv", "header": False},
)


CASES = (R_EXPORT, PANDAS_EXPORT, ADULT, WINE)
