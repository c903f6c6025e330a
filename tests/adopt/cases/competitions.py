"""Files of competitions: an id first, a target by a known name, NA with two meanings."""

from pathlib import Path

from cases.case import (
    CATEGORY,
    FLOAT,
    FREE_TEXT,
    ID,
    INT,
    MAYBE_FLOAT,
    YES_NO,
    ZERO_ONE,
    Case,
    Col,
    any_of,
    draw,
    make_table,
    write_table,
)


def write_kaggle(folder: Path) -> str:
    """A competition's train.csv: id first, target last, NA as the level "not applicable" of one column."""
    random, rows = draw("kaggle"), []
    for number in range(800):
        age = "" if random.random() < 0.04 else int(random.integers(18, 80))
        plan = str(random.choice(["basic", "plus", "NA"], p=[0.35, 0.25, 0.4]))
        score = round(float(random.normal(0, 1)), 6)
        target = int(score + (plan == "plus") + random.normal(0, 1) > 0.8)
        rows.append(
            (number, age, plan, random.choice(["A", "B", "C"]), score, round(float(random.random()), 6), target)
        )
    header = ("id", "age", "addon_plan", "segment", "f_00", "f_01", "target")
    return write_table(folder / "train.csv", header, rows)


KAGGLE = Case(
    "kaggle",
    "Kaggle",
    write_kaggle,
    {
        "id": ID,
        "age": Col("int", null=True),
        "addon_plan": Col("category", kept=("NA",), says=("NA",)),
        "segment": CATEGORY,
        "f_00": FLOAT,
        "f_01": FLOAT,
        "target": Col(any_of("int", "bool"), "target"),
    },
    target="target",
    task="binary",
    rows=800,
)


def write_titanic(folder: Path) -> str:
    """Passengers: the target is the second column, names hold commas and quotes."""
    random, rows = draw("titanic"), []
    for number in range(1, 892):
        place, is_woman = int(random.choice([1, 2, 3], p=[0.24, 0.21, 0.55])), random.random() < 0.35
        survived = int(random.random() < (0.85 - 0.12 * place if is_woman else 0.4 - 0.1 * place))
        name = random.choice(["Braund", "O'Dwyer", "Heikkinen", "Futrelle", "van Melkebeke", "Allen"])
        title = ('Mrs. Jacques "Lily" (May)' if is_woman else "Mr. William") + f" {chr(65 + number % 26)}{number}"
        age = "" if random.random() < 0.2 else random.choice([f"{random.integers(1, 75)}", "28.5", "0.42"])
        cabin = f"{random.choice(list('BCDE'))}{random.integers(1, 130)}" if random.random() < 0.23 else ""
        port = "" if number in (62, 830) else random.choice(["S", "C", "Q"])
        ticket = random.choice(["A/5 21171", "PC 17599", "113803", f"{random.integers(2000, 380000)}"])
        rows.append(
            (
                number,
                survived,
                place,
                f"{name}, {title}",
                "female" if is_woman else "male",
                age,
                random.integers(0, 6),
                random.integers(0, 5),
                ticket,
                f"{random.gamma(1.5, 20):.4f}",
                cabin,
                port,
            )
        )
    header = (
        "PassengerId",
        "Survived",
        "Pclass",
        "Name",
        "Sex",
        "Age",
        "SibSp",
        "Parch",
        "Ticket",
        "Fare",
        "Cabin",
        "Embarked",
    )
    return write_table(folder / "titanic.csv", header, rows)


MANY = any_of("input", "ignore")
TITANIC = Case(
    "titanic",
    "Kaggle",
    write_titanic,
    {
        "PassengerId": ID,
        "Survived": Col(any_of("int", "bool"), "target"),
        "Pclass": Col(any_of("int", "category")),
        "Name": FREE_TEXT,
        "Sex": CATEGORY,
        "Age": MAYBE_FLOAT,
        "SibSp": INT,
        "Parch": INT,
        "Ticket": Col(any_of("text", "category"), any_of("input", "ignore", "group")),
        "Fare": FLOAT,
        "Cabin": Col(any_of("text", "category"), MANY, null=True),
        "Embarked": Col("category", null=True),
    },
    target="Survived",
    task="binary",
    rows=891,
    warnings=(("personal_data", "Name"),),
)


def write_churn(folder: Path) -> str:
    """A telephone company's customers: TotalCharges is a blank before the first payment."""
    random, rows = draw("churn"), []
    for number in range(900):
        months = 0 if random.random() < 0.012 else int(random.integers(1, 73))
        monthly = round(float(random.uniform(18, 118)), 2)
        total = " " if months == 0 else f"{monthly * months + random.normal(0, 20):.2f}"
        contract = str(random.choice(["Month-to-month", "One year", "Two year"]))
        left = "Yes" if random.random() < 0.45 * (contract[0] == "M") + monthly / 600 else "No"
        code = "".join(random.choice(list("ABCDEFGHIKLMNOPQRSTUVXZ"), 5))
        rows.append(
            (
                f"{1000 + number}-{code}",
                random.choice(["Female", "Male"]),
                int(random.random() < 0.16),
                random.choice(["Yes", "No"]),
                months,
                random.choice(["Yes", "No", "No phone service"]),
                contract,
                random.choice(["Electronic check", "Mailed check", "Credit card (automatic)"]),
                monthly,
                total,
                left,
            )
        )
    header = (
        "customerID",
        "gender",
        "SeniorCitizen",
        "Partner",
        "tenure",
        "MultipleLines",
        "Contract",
        "PaymentMethod",
        "MonthlyCharges",
        "TotalCharges",
        "Churn",
    )
    return write_table(folder / "telco-churn.csv", header, rows)


CHURN = Case(
    "churn",
    "Kaggle",
    write_churn,
    {
        "customerID": Col("text", any_of("id", "ignore")),
        "gender": CATEGORY,
        "SeniorCitizen": ZERO_ONE,
        "Partner": YES_NO,
        "tenure": INT,
        "MultipleLines": CATEGORY,
        "Contract": CATEGORY,
        "PaymentMethod": CATEGORY,
        "MonthlyCharges": FLOAT,
        "TotalCharges": MAYBE_FLOAT,
        "Churn": Col(any_of("bool", "category"), "target"),
    },
    target="Churn",
    task="binary",
    rows=900,
)

HOODS = ("NAmes", "CollgCr", "OldTown", "Edwards", "Somerst")


def write_houses(folder: Path) -> str:
    """House prices: NA means "has none" in Alley and "not measured" in LotFrontage."""
    random, rows = draw("houses"), []
    for number in range(1, 701):
        area, quality, year = (
            int(random.normal(1500, 400)),
            int(random.integers(3, 11)),
            int(random.integers(1890, 2011)),
        )
        price = int(30000 + 60 * area + 18000 * quality + 300 * (year - 1950) + random.normal(0, 15000)) // 100 * 100
        rows.append(
            (
                number,
                random.choice([20, 30, 60, 120, 190]),
                "NA" if random.random() < 0.18 else random.integers(21, 150),
                random.choice(["Pave", "Grvl", "NA"], p=[0.04, 0.04, 0.92]),
                "AllPub",
                random.choice(HOODS),
                quality,
                year,
                area,
                random.choice(["Y", "N"], p=[0.93, 0.07]),
                random.integers(1, 13),
                random.integers(2006, 2011),
                price,
            )
        )
    header = (
        "Id",
        "MSSubClass",
        "LotFrontage",
        "Alley",
        "Utilities",
        "Neighborhood",
        "OverallQual",
        "YearBuilt",
        "GrLivArea",
        "CentralAir",
        "MoSold",
        "YrSold",
        "SalePrice",
    )
    path = folder / "house_prices.csv"
    path.write_text(make_table(header, rows), encoding="utf-8")
    return str(path)


HOUSES = Case(
    "houses",
    "Kaggle",
    write_houses,
    {
        "Id": ID,
        "MSSubClass": Col(any_of("int", "category")),
        "LotFrontage": Col("int", null=True),
        "Alley": Col("category", kept=("NA",), says=("NA",)),
        "Utilities": Col(any_of("category", "text"), any_of("input", "ignore")),
        "Neighborhood": CATEGORY,
        "OverallQual": INT,
        "YearBuilt": INT,
        "GrLivArea": INT,
        "CentralAir": YES_NO,
        "MoSold": Col(any_of("int", "category")),
        "YrSold": Col(any_of("int", "category")),
        "SalePrice": Col("int", "target"),
    },
    target="SalePrice",
    task="regression",
    rows=700,
    warnings=(("constant", "Utilities"),),
)

CASES = (KAGGLE, TITANIC, CHURN, HOUSES)
