"""Payments and a clinical trial: groups, weights, leaks and codes."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cases.case import CATEGORY, CODE_ID, FLOAT, INT, Case, Col, any_of, draw, write_table

WHEN = any_of("time", "input")


def write_transactions(folder: Path) -> str:
    """Purchases of 120 customers, each with several rows; country codes with NA among them."""
    random, rows = draw("transactions"), []
    for number in range(1500):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=int(random.integers(0, 86400 * 120)))
        amount = round(float(random.gamma(1.5, 40)), 2)
        country = random.choice(["DE", "FR", "NA", "ZA", "US"], p=[0.4, 0.3, 0.05, 0.05, 0.2])
        returned = int(random.random() < 0.05 + amount / 600)
        rows.append(
            (
                f"T{number * 7 + 100003}",
                f"C{random.integers(1, 121):04d}",
                at.strftime("%Y-%m-%dT%H:%M:%S+01:00"),
                f"{random.choice([742, 5411, 5812, 763])!s:0>4}",
                country,
                amount,
                returned,
            )
        )
    header = ("transaction_id", "customer_id", "purchased_at", "mcc", "country_code", "amount_eur", "returned")
    return write_table(folder / "transactions.csv", header, rows)


TRANSACTIONS = Case(
    "transactions",
    "payments",
    write_transactions,
    {
        "transaction_id": CODE_ID,
        "customer_id": Col(any_of("text", "category"), "group"),
        "purchased_at": Col("time", WHEN),
        "mcc": Col(any_of("category", "text")),
        "country_code": Col("category", kept=("NA",), says=("NA",)),
        "amount_eur": FLOAT,
        "returned": Col(any_of("int", "bool"), "target"),
    },
    target="returned",
    task="binary",
    rows=1500,
    values={"purchased_at": ["2024-04-04T08:58:46"], "mcc": ["5812", "0742"]},
)


def write_fraud(folder: Path) -> str:
    """Card payments, 2% fraud: `chargeback_date` is filled only where fraud was found."""
    random, rows = draw("fraud"), []
    for _ in range(3000):
        day = date(2023, 1, 1) + timedelta(days=int(random.integers(0, 300)))
        fraud = random.random() < 0.02
        amount = round(float(random.gamma(1.2, 60 + 200 * fraud)), 2)
        back = str(day + timedelta(days=int(random.integers(10, 60)))) if fraud else ""
        rows.append(
            (
                str(day),
                amount,
                random.choice(["chip", "web", "swipe"]),
                random.choice([True, False]),
                round(float(random.gamma(1, 30)), 1),
                back,
                int(fraud),
            )
        )
    header = ("date", "amount", "entry_mode", "is_foreign", "km_from_home", "chargeback_date", "is_fraud")
    return write_table(folder / "card_fraud.csv", header, rows)


FRAUD = Case(
    "fraud",
    "payments",
    write_fraud,
    {
        "date": Col("time", WHEN),
        "amount": FLOAT,
        "entry_mode": CATEGORY,
        "is_foreign": Col(any_of("bool", "category")),
        "km_from_home": FLOAT,
        "chargeback_date": Col("time", "ignore", null=True),
        "is_fraud": Col(any_of("int", "bool"), "target"),
    },
    target="is_fraud",
    task="binary",
    rows=3000,
    warnings=(("leak", "chargeback_date"), ("imbalance", "is_fraud")),
)


def write_trial(folder: Path) -> str:
    """A clinical trial: sites, visits as 12-Mar-2021, weights of the rows, 999 for "not measured"."""
    random, rows = draw("trial"), []
    for number in range(360):
        arm, age = str(random.choice(["placebo", "10 mg", "20 mg"])), int(random.integers(18, 86))
        response = int(random.random() < {"placebo": 0.2, "10 mg": 0.45, "20 mg": 0.6}[arm])
        pressure = 999 if random.random() < 0.04 else int(random.normal(130, 14))
        visit = date(2021, 3, 1) + timedelta(days=int(random.integers(0, 400)))
        rows.append(
            (
                f"{random.integers(101, 113)}-{number:04d}",
                random.choice(["Bern", "Basel", "Genf"]),
                arm,
                age,
                random.choice(["M", "F"]),
                "" if random.random() < 0.06 else f"{random.normal(26, 4):.1f}",
                pressure,
                visit.strftime("%d-%b-%Y"),
                f"{random.uniform(0.4, 2.2):.4f}",
                response,
            )
        )
    header = (
        "subject_id",
        "site",
        "arm",
        "age",
        "sex",
        "bmi",
        "systolic_bp",
        "visit_date",
        "sample_weight",
        "responder",
    )
    return write_table(folder / "trial_visits.csv", header, rows)


TRIAL = Case(
    "trial",
    "clinical trial",
    write_trial,
    {
        "subject_id": CODE_ID,
        "site": Col("category", any_of("input", "group")),
        "arm": CATEGORY,
        "age": INT,
        "sex": CATEGORY,
        "bmi": Col("float", null=True),
        "systolic_bp": Col("int", null=any_of(True, False), says=("999",)),
        "visit_date": Col("time", WHEN, keys={"time_format": any_of(None, "%d-%b-%Y")}),
        "sample_weight": Col("float", "weight"),
        "responder": Col(any_of("int", "bool"), "target"),
    },
    target="responder",
    task="binary",
    rows=360,
    values={"visit_date": ["2021-04-28T00:00:00", "2021-05-20T00:00:00"], "bmi": [21.5]},
)

CASES = (TRANSACTIONS, FRAUD, TRIAL)
