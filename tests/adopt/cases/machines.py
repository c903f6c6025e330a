"""Measurements: sensors, time series, machines, and tables in plain text files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from cases.case import CATEGORY, CODE_ID, FLOAT, INT, Case, Col, any_of, draw, write_table

WHEN = any_of("time", "input")
START = datetime(2023, 4, 1, tzinfo=UTC)


def write_sensor(folder: Path) -> str:
    """A logger whose firmware changed: two ways to write a date, -9999 and ERR for lost readings."""
    random, rows = draw("sensor"), []
    for number in range(600):
        at = START + timedelta(minutes=30 * number)
        written = at.strftime("%Y-%m-%d %H:%M:%S") if number < 350 else at.strftime("%d.%m.%Y %H:%M")
        celsius = "-9999" if random.random() < 0.02 else f"{12 + 8 * np.sin(number / 8) + random.normal(0, 0.5):.2f}"
        humid = "ERR" if random.random() < 0.03 else f"{random.uniform(30, 95):.1f}"
        volts, fault = round(float(random.normal(3.6, 0.1)), 3), int(random.random() < 0.1)
        volts = round(volts - 0.3 * fault, 3)
        rows.append((f"S{number % 4 + 1:02d}", written, celsius, humid, volts, fault))
    header = ("station", "measured_at", "temp_c", "humidity_pct", "battery_v", "fault")
    return write_table(folder / "greenhouse_log.csv", header, rows)


SENSOR = Case(
    "sensor",
    "sensor log",
    write_sensor,
    {
        "station": Col("category", any_of("input", "group", "ignore")),
        # Each of its cells can be read in one way only, so a time without a format reads both; a text must ask.
        "measured_at": Col("time", WHEN, keys={"time_format": None}),
        "temp_c": Col("float", null=any_of(True, False), says=("-9999",)),
        "humidity_pct": Col("float", null=True, missing=("ERR",)),
        "battery_v": FLOAT,
        "fault": Col(any_of("int", "bool"), "target"),
    },
    target="fault",
    task="binary",
    rows=600,
    values={"measured_at": ["2023-04-01T00:00:00", "2023-04-01T00:30:00"]},
    warnings=(("mixed_dates", "measured_at"),),
)


def write_load(folder: Path) -> str:
    """A power grid's series: milliseconds since 1970, one row per quarter of an hour."""
    random, rows = draw("load"), []
    for number in range(960):
        at = int((START + timedelta(minutes=15 * number)).timestamp() * 1000)
        outside = 8 + 6 * np.sin(number / 15) + float(random.normal(0, 0.8))
        load = 5200 + 900 * np.sin(number / 15 + 1) - 40 * outside + float(random.normal(0, 60))
        wind = "" if random.random() < 0.03 else f"{random.gamma(2, 400):.1f}"
        rows.append((at, f"{outside:.2f}", wind, int(number % 96 > 28), f"{load:.1f}"))
    header = ("timestamp", "temperature_c", "wind_mw", "is_daytime", "load_mw")
    return write_table(folder / "grid_load.csv", header, rows)


LOAD = Case(
    "load",
    "time series",
    write_load,
    {
        "timestamp": Col("time", "time", keys={"epoch": "ms"}),
        "temperature_c": FLOAT,
        "wind_mw": Col("float", null=True),
        "is_daytime": Col(any_of("int", "bool")),
        "load_mw": Col("float", "target"),
    },
    target="load_mw",
    task="regression",
    rows=960,
    values={"timestamp": ["2023-04-01T00:00:00", "2023-04-01T00:15:00"]},
)


def write_copies(folder: Path) -> str:
    """A plant's export: one column twice, a constant, and one that is 1.8 times another plus 32."""
    random, rows = draw("copies"), []
    for number in range(300):
        celsius = round(float(random.normal(180, 8)), 1)
        speed = int(random.integers(40, 90))
        quality = round(92 - abs(celsius - 182) * 0.6 - speed / 30 + float(random.normal(0, 0.8)), 2)
        rows.append(
            (
                f"B{number:05d}",
                "Plant Süd",
                random.choice(["early", "late", "night"]),
                celsius,
                celsius,
                f"{celsius * 1.8 + 32:.2f}",
                speed,
                quality,
            )
        )
    header = ("batch", "plant", "shift", "temp_c", "temp_set", "temp_f", "speed_rpm", "yield_pct")
    return write_table(folder / "batches.csv", header, rows)


COPIES = Case(
    "copies",
    "machines",
    write_copies,
    {
        "batch": CODE_ID,
        "plant": Col(any_of("category", "text"), any_of("input", "ignore")),
        "shift": CATEGORY,
        "temp_c": FLOAT,
        "temp_set": Col("float", any_of("input", "ignore")),
        "temp_f": Col("float", any_of("input", "ignore")),
        "speed_rpm": INT,
        "yield_pct": Col("float", "target"),
    },
    target="yield_pct",
    task="regression",
    rows=300,
    warnings=(("constant", "plant"), ("copy", "temp_c")),
)


def write_text_table(folder: Path) -> str:
    """A laboratory's .txt: bars between cells, comments above."""
    random, rows = draw("text_table"), []
    for number in range(120):
        acid = round(float(random.normal(6.8, 0.6)), 2)
        grows = "growth" if random.random() < 1 / (1 + np.exp(-(acid - 6.6) * 4)) else "none"
        rows.append(
            (f"{number + 1:03d}", random.choice(["agar", "broth"]), acid, int(random.choice([22, 30, 37])), grows)
        )
    before = "# Plate reader 2.1, exported 2023-05-04\n# Operator: lab 3\n"
    header = ("well", "medium", "ph", "temp_c", "result")
    return write_table(folder / "plates.txt", header, rows, before=before, delimiter="|")


TEXT_TABLE = Case(
    "text_table",
    ".txt that is a table",
    write_text_table,
    {
        "well": CODE_ID,
        "medium": CATEGORY,
        "ph": FLOAT,
        "temp_c": Col(any_of("int", "category")),
        "result": Col("category", "target"),
    },
    target="result",
    task="binary",
    rows=120,
    ingest={"format": "csv", "delimiter": "|", "comment": any_of("#", None), "skip_rows": any_of(None, 2)},
)


def write_coordinates(folder: Path) -> str:
    """Sightings: nothing but where they were."""
    random, rows = draw("coordinates"), []
    for _ in range(400):
        north, east = ((52.52, 13.4), (48.14, 11.57), (50.94, 6.96))[int(random.integers(0, 3))]
        rows.append((f"{random.normal(north, 0.08):.5f}", f"{random.normal(east, 0.1):.5f}"))
    return write_table(folder / "sightings.csv", ("latitude", "longitude"), rows)


COORDINATES = Case(
    "coordinates",
    "no target",
    write_coordinates,
    {"latitude": FLOAT, "longitude": FLOAT},
    target=None,
    task=any_of("clustering", "none"),
    rows=400,
)


def write_parts(folder: Path) -> str:
    """Spare parts: article numbers that look like 1E5 and 007, and totals with thousands."""
    random, rows = draw("parts"), []
    for number in range(350):
        form = number % 3
        article = (
            f"{number // 10 + 1}E{number % 10}" if form == 0 else f"{number:05d}" if form == 1 else f"9{number:04d}"
        )
        stock, price = int(random.gamma(1, 2500)), round(float(random.gamma(1.2, 300)), 2)
        ordered = random.choice([True, False], p=[0.7, 0.3] if stock < 900 else [0.1, 0.9])
        rows.append(
            (
                article,
                f"{random.choice(['0001', '0020', '0300', '4000'])}",
                f"{stock:,}",
                f"{price:,.2f}",
                f"{random.integers(1, 13)}/{random.integers(1, 29)}/2023",
                "TRUE" if ordered else "FALSE",
            )
        )
    header = ("article_no", "warehouse", "stock", "unit_price", "last_count", "reorder")
    return write_table(folder / "Spare parts (US).csv", header, rows)


PARTS = Case(
    "parts",
    "CSV of Excel",
    write_parts,
    {
        "article_no": CODE_ID,
        "warehouse": Col(any_of("category", "text"), any_of("input", "group", "ignore")),
        "stock": Col("int", keys={"thousands": ","}),
        "unit_price": Col("float", keys={"thousands": ","}),
        "last_count": Col("time", any_of("time", "input"), keys={"time_format": "%m/%d/%Y"}),
        "reorder": Col(any_of("bool", "category"), "target"),
    },
    target="reorder",
    task="binary",
    rows=350,
    values={
        "article_no": ["1E0", "00001", "90002"],
        "warehouse": ["4000"],
        "stock": [2493, 1164, 419],
        "unit_price": [102.48, 426.34, 1756.91],
        "last_count": ["2023-02-09T00:00:00", "2023-09-06T00:00:00"],
    },
)

CASES = (SENSOR, LOAD, COPIES, TEXT_TABLE, COORDINATES, PARTS)
