"""Tables about people: customers, surveys, payments, a clinical trial."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from cases.case import CATEGORY, CODE_ID, FLOAT, INT, YES_NO, Case, Col, any_of, draw, write_table

FIRST = ("Anna", "Björn", "Chloé", "Dimitri", "Elif", "Fatima", "Giorgos", "Hana")
PLAIN = str.maketrans("öéíø", "oeio", " '")
"""Mail addresses have no other letters."""
LAST = ("Novak", "Schmidt", "O'Neil", "García", "Lindqvist", "Rossi", "Kowalska", "de Vries")
WHEN = any_of("time", "input")


def write_customers(folder: Path) -> str:
    """A shop's customers: names, mail, telephone, zip codes and numbers with leading zeros."""
    random, rows = draw("customers"), []
    for number in range(450):
        first, last = str(random.choice(FIRST)), str(random.choice(LAST))
        born = date(1945, 1, 1) + timedelta(days=int(random.integers(0, 21000)))
        phone = (
            f"+49 {random.integers(30, 999)} {random.integers(10**6, 10**7)}"
            if number % 2
            else f"0{random.integers(10**9, 10**10)}"
        )
        spent, orders = round(float(random.gamma(2, 120)), 2), int(random.integers(1, 40))
        lost = int(random.random() < 1 / (1 + np.exp(orders / 8 - 1)))
        mail = f"{first}.{last}{number}@example.org".lower().translate(PLAIN)
        rows.append(
            (
                f"{number + 42:08d}",
                first,
                last,
                mail,
                phone,
                born.strftime("%d/%m/%Y"),
                f"{random.choice(['01067', '04109', '08056', '10115', '80331', '06108'])}",
                random.choice(["DE", "AT", "CH"]),
                orders,
                spent,
                random.choice(["Y", "N"]),
                lost,
            )
        )
    header = (
        "customer_no",
        "first_name",
        "last_name",
        "email",
        "phone",
        "birth_date",
        "zip",
        "country",
        "orders",
        "total_spent",
        "newsletter",
        "churned",
    )
    return write_table(folder / "customers.csv", header, rows)


NAME = Col(any_of("text", "category"), "ignore")
CUSTOMERS = Case(
    "customers",
    "customers",
    write_customers,
    {
        "customer_no": CODE_ID,
        "first_name": NAME,
        "last_name": NAME,
        "email": Col("text", "ignore"),
        "phone": Col("text", "ignore"),
        "birth_date": Col("time", any_of("input", "time", "ignore"), keys={"time_format": "%d/%m/%Y"}),
        "zip": Col(any_of("text", "category"), any_of("input", "ignore")),
        "country": CATEGORY,
        "orders": INT,
        "total_spent": FLOAT,
        "newsletter": YES_NO,
        "churned": Col(any_of("int", "bool"), "target"),
    },
    target="churned",
    task="binary",
    rows=450,
    values={"customer_no": ["00000042"], "birth_date": ["1957-01-19T00:00:00"], "zip": ["04109", "08056"]},
    warnings=(("personal_data", "email"), ("personal_data", "phone"), ("personal_data", "last_name")),
)

LIKERT = ("Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree")
QUESTIONS = (
    "Timestamp",
    "What is your age group?",
    "How do you usually get here? (select all that apply)",
    'The food in the cafeteria is "good value", all in all.',
    "The opening hours suit me.\nPlease think of a usual week.",
    "On a scale from 0 to 10, how tasty is the food?",
    "Any other comments?",
    "Would you recommend us to a friend?",
)


def write_survey(folder: Path) -> str:
    """An online form: questions as headers, answers in words, month first as American programs write."""
    random, rows = draw("survey"), []
    for number in range(260):
        at = datetime(2023, 5, 2, 8, tzinfo=UTC) + timedelta(minutes=91 * number)
        taste = int(random.integers(0, 11))
        ways = ", ".join(
            str(way) for way in random.permutation(["Bus", "Bicycle", "Car", "Walk"])[: random.integers(1, 4)]
        )
        comment = (
            ""
            if random.random() < 0.6
            else f"Please add {random.choice(['more vegan dishes', 'longer hours'])} ({number})!"
        )
        would = (
            "" if random.random() < 0.02 else random.choice(["Yes", "No"], p=[0.1 + 0.08 * taste, 0.9 - 0.08 * taste])
        )
        rows.append(
            (
                f"{at.month}/{at.day}/{at.year} {at.hour}:{at:%M:%S}",
                random.choice(["18-24", "25-34", "35-44", "45+"]),
                ways,
                random.choice(LIKERT),
                "" if random.random() < 0.03 else random.choice(LIKERT),
                taste,
                comment,
                would,
            )
        )
    return write_table(folder / "Cafeteria survey (Responses) - Form Responses 1.csv", QUESTIONS, rows)


RECOMMEND = QUESTIONS[7]
SURVEY = Case(
    "survey",
    "survey",
    write_survey,
    {
        QUESTIONS[0]: Col("time", WHEN, keys={"time_format": "%m/%d/%Y %H:%M:%S"}),
        QUESTIONS[1]: CATEGORY,
        QUESTIONS[2]: Col(any_of("text", "category"), any_of("ignore", "input")),
        QUESTIONS[3]: CATEGORY,
        QUESTIONS[4]: Col("category", null=True),
        QUESTIONS[5]: INT,
        QUESTIONS[6]: Col("text", "ignore", null=True),
        RECOMMEND: Col(any_of("bool", "category"), "target", null=any_of(True, False)),
    },
    target=RECOMMEND,
    task="binary",
    rows=260,
    values={QUESTIONS[0]: ["2023-05-02T08:00:00", "2023-05-02T09:31:00"]},
)


def write_countries(folder: Path) -> str:
    """One row per country: NA is Namibia."""
    random, rows = draw("countries"), []
    letters = [a + b for a in "ABCDEFGHIJKLM" for b in "ABDEFGILMNORSTUVZ"]
    codes = sorted({*(str(code) for code in random.permutation(letters)[:150]), "NA", "NO", "IN", "ZA"})
    for number, code in enumerate(codes):
        people = int(random.gamma(1, 2 * 10**7)) + 12000
        rows.append(
            (
                code,
                "Namibia" if code == "NA" else f"Land of {code.title()}{number}",
                random.choice(["Africa", "Asia", "Europe", "Americas"]),
                people,
                "" if random.random() < 0.07 else f"{random.gamma(2, 9000):.1f}",
                f"{random.uniform(50, 85):.1f}",
                random.choice(["Low income", "Lower middle income", "Upper middle income", "High income"]),
            )
        )
    header = ("iso2", "country", "region", "population", "gdp_per_capita", "life_expectancy", "income_group")
    return write_table(folder / "countries.csv", header, rows)


COUNTRIES = Case(
    "countries",
    "customers",
    write_countries,
    {
        "iso2": Col(any_of("text", "category"), any_of("id", "ignore"), kept=("NA",), says=("NA",)),
        "country": Col("text", any_of("id", "ignore")),
        "region": CATEGORY,
        "population": INT,
        "gdp_per_capita": Col("float", null=True),
        "life_expectancy": Col("float", any_of("input", "target")),
        "income_group": Col("category", any_of("input", "target")),
    },
    target=any_of("income_group", "life_expectancy"),
    task=any_of("classes", "regression"),
    rows=153,
)


CASES = (CUSTOMERS, SURVEY, COUNTRIES)
