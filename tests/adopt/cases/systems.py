"""What programs write: logs, answers of an API, databases, Parquet and packed files."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cases.case import CATEGORY, FLOAT, FREE_TEXT, ID, INT, Case, Col, any_of, draw

START = datetime(2023, 4, 1, tzinfo=UTC)
WHEN = any_of("time", "input")


def write_api(folder: Path) -> str:
    """One answer of a web API: the records lie below a key, with objects and lists inside."""
    random, items = draw("api"), []
    for number in range(260):
        city = None if random.random() < 0.1 else str(random.choice(["Lyon", "Porto", "Graz"]))
        items.append(
            {
                "id": 7000 + number,
                "created_at": f"{START + timedelta(minutes=int(random.integers(0, 90000))):%Y-%m-%dT%H:%M:%SZ}",
                "user": {"login": f"user{random.integers(1, 90)}", "address": {"city": city}},
                "tags": [str(tag) for tag in random.choice(["new", "gift", "bulk"], size=int(random.integers(0, 3)))],
                "price": round(float(random.gamma(3, 12)), 2),
                "quantity": int(random.integers(1, 6)),
                "is_express": bool(random.random() < 0.3),
                "status": str(random.choice(["delivered", "returned"], p=[0.8, 0.2])),
            }
        )
    answer = {"status": "ok", "meta": {"page": 1, "total": 260, "warnings": []}, "data": {"items": items}}
    path = folder / "orders_api.json"
    path.write_text(json.dumps(answer, indent=1), encoding="utf-8")
    return str(path)


API = Case(
    "api",
    "JSON",
    write_api,
    {
        "id": ID,
        "created_at": Col("time", WHEN),
        "user_login": Col(any_of("text", "category"), any_of("group", "ignore", "input")),
        "user_address_city": Col("category", null=True),
        "tags": Col(any_of("text", "category"), any_of("ignore", "input")),
        "price": FLOAT,
        "quantity": INT,
        "is_express": Col("bool"),
        "status": Col("category", "target"),
    },
    target="status",
    task="binary",
    rows=260,
    ingest={"records": "data.items"},
)


def write_log(folder: Path) -> str:
    """A service's log: fields that some lines lack, milliseconds, no natural target."""
    random, lines = draw("log"), []
    for number in range(700):
        is_bad = bool(random.random() < 0.06)
        at = START + timedelta(milliseconds=number * 1731)
        line = {
            "ts": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
            "level": "ERROR" if is_bad else str(random.choice(["INFO", "DEBUG"])),
            "service": str(random.choice(["auth", "cart", "search"])),
            "latency_ms": round(float(random.gamma(2, 20 + 60 * is_bad)), 3),
            "status": int(random.choice([500, 503])) if is_bad else int(random.choice([200, 204, 404])),
            "message": f"request {random.integers(10**8, 10**9):x} took {random.integers(1, 900)} steps and ended",
        }
        if random.random() < 0.6:
            line["user_id"] = int(random.integers(1, 200))
        lines.append(json.dumps(line))
    path = folder / "service.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


LOG = Case(
    "log",
    "JSON lines",
    write_log,
    {
        "ts": Col("time", WHEN),
        "level": Col("category", any_of("input", "target")),
        "service": CATEGORY,
        "latency_ms": Col("float", any_of("input", "target")),
        "status": Col(any_of("int", "category"), any_of("input", "target")),
        "message": FREE_TEXT,
        "user_id": Col(any_of("int", "text", "category"), any_of("input", "group", "ignore"), null=True),
    },
    target=any_of("level", "latency_ms", "status", None),
    task=any_of("classes", "regression", "none", "clustering"),
    rows=700,
)


def _fill_shop(path: Path) -> None:
    random = draw("shop")
    with sqlite3.connect(path) as shop:
        shop.execute("CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, region TEXT NOT NULL, since DATE)")
        shop.execute(
            "CREATE TABLE invoice (invoice_id INTEGER PRIMARY KEY, customer_id INTEGER, issued_on DATE NOT NULL, "
            "amount DECIMAL(10,2) NOT NULL, vat_rate DECIMAL(4,3), note TEXT, is_paid BOOLEAN NOT NULL)"
        )
        for number in range(1, 81):
            since = str((START - timedelta(days=int(random.integers(100, 2000)))).date())
            shop.execute(
                "INSERT INTO customer VALUES (?, ?, ?)", (number, str(random.choice(["north", "south"])), since)
            )
        for number in range(1, 501):
            note = None if random.random() < 0.4 else f"Delivered by {random.choice(['truck', 'bike'])} no. {number}"
            amount = round(float(random.gamma(2, 150)), 2) if random.random() < 0.9 else int(random.integers(10, 400))
            row = (
                number,
                int(random.integers(1, 81)),
                str((START + timedelta(days=number // 3)).date()),
                amount,
                float(random.choice([0.07, 0.19])),
                note,
                int(random.random() < 0.8 - amount / 2000),
            )
            shop.execute("INSERT INTO invoice VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    shop.close()


def write_sqlite(folder: Path) -> str:
    """A shop's SQLite file; whole amounts of its DECIMAL column are kept as integers, as SQLite does."""
    _fill_shop(folder / "shop.db")
    return f"sqlite:///{folder / 'shop.db'}"


CUSTOMER = Col(any_of("int", "text", "category"), "group")
SQL_TABLE = Case(
    "sql_table",
    "SQL",
    write_sqlite,
    {
        "invoice_id": ID,
        "customer_id": CUSTOMER,
        "issued_on": Col("time", WHEN),
        "amount": FLOAT,
        "vat_rate": Col(any_of("float", "category")),
        "note": Col("text", "ignore", null=True),
        "is_paid": Col(any_of("int", "bool"), "target"),
    },
    target="is_paid",
    task="binary",
    rows=500,
    ingest={"table": "invoice"},
    options={"table": "invoice"},
)

QUERY = (
    "SELECT i.customer_id, c.region, i.amount, i.vat_rate, i.is_paid FROM invoice i JOIN customer c USING (customer_id)"
)
SQL_QUERY = Case(
    "sql_query",
    "SQL",
    write_sqlite,
    {
        "customer_id": CUSTOMER,
        "region": CATEGORY,
        "amount": FLOAT,
        "vat_rate": Col(any_of("float", "category")),
        "is_paid": Col(any_of("int", "bool"), "target"),
    },
    target="is_paid",
    task="binary",
    rows=500,
    ingest={"query": QUERY},
    options={"query": QUERY},
)


CASES = (API, LOG, SQL_TABLE, SQL_QUERY)
