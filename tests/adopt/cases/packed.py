"""Parquet of a warehouse, and packed files."""

import gzip
import json
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cases.case import CATEGORY, CODE_ID, FLOAT, INT, Case, Col, any_of, draw, make_table

START = datetime(2023, 4, 1, tzinfo=UTC)
WHEN = any_of("time", "input")


def write_parquet(folder: Path) -> str:
    """A warehouse's Parquet: dictionaries, decimals, small integers, timestamps with a zone, pandas' hidden index."""
    random, count = draw("parquet"), 420
    hours = random.integers(0, 9000, count)
    weights = [Decimal(int(cents)).scaleb(-2) for cents in random.integers(100, 9000, count)]
    late = random.random(count) < 0.1 + 0.3 * (hours > 6000)
    table = pa.table(
        {
            "parcel": pa.array([f"P{number:08d}" for number in range(count)]),
            "sent_at": pa.array(
                [START + timedelta(hours=int(hour)) for hour in hours], pa.timestamp("us", "Europe/Paris")
            ),
            "depot": pa.array(random.choice(["LYS", "CDG", "MRS"], count)).dictionary_encode(),
            "weight_kg": pa.array(weights, pa.decimal128(9, 2)),
            "stops": pa.array(random.integers(1, 9, count), pa.int8()),
            "insured": pa.array(random.random(count) < 0.2),
            "distance_km": pa.array(
                [None if random.random() < 0.05 else float(one) for one in random.gamma(3, 90, count)], pa.float32()
            ),
            "late": pa.array(late),
            "__index_level_0__": pa.array(random.permutation(count)),
        }
    )
    pandas = {"index_columns": ["__index_level_0__"], "column_indexes": [], "columns": [], "pandas_version": "2.2.0"}
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(pandas)}), folder / "parcels.parquet")
    return str(folder / "parcels.parquet")


PARQUET = Case(
    "parquet",
    "Parquet",
    write_parquet,
    {
        "parcel": CODE_ID,
        "sent_at": Col("time", WHEN),
        "depot": CATEGORY,
        "weight_kg": FLOAT,
        "stops": INT,
        "insured": Col("bool"),
        "distance_km": Col("float", null=True),
        "late": Col("bool", "target"),
    },
    target="late",
    task="binary",
    rows=420,
)


def write_gz(folder: Path) -> str:
    """Clicks of a web site, packed, with comment lines of the program that wrote them."""
    random, rows = draw("gz"), []
    for number in range(1200):
        dwell = round(float(random.gamma(2, 15)), 1)
        rows.append(
            (
                f"{random.integers(16**8):08x}{number:04x}",
                int(START.timestamp()) + number * 61,
                random.choice(["organic", "ads", "mail"]),
                random.integers(1, 30),
                dwell,
                int(random.random() < min(0.9, dwell / 150)),
            )
        )
    text = "# exported by clickd 3.2\n# zone: UTC\n" + make_table(
        ("session", "started", "channel", "pages", "dwell_s", "converted"), rows
    )
    path = folder / "clicks.csv.gz"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return str(path)


GZ = Case(
    "gz",
    "packed CSV",
    write_gz,
    {
        "session": CODE_ID,
        "started": Col("time", WHEN, keys={"epoch": "s"}),
        "channel": CATEGORY,
        "pages": INT,
        "dwell_s": FLOAT,
        "converted": Col(any_of("int", "bool"), "target"),
    },
    target="converted",
    task="binary",
    rows=1200,
    values={"session": ["53de3cb80000"], "started": ["2023-04-01T00:00:00", "2023-04-01T00:01:01"]},
    ingest={"comment": any_of("#", None), "skip_rows": any_of(None, 2)},
)


def write_months(folder: Path) -> str:
    """A ZIP archive of three months and a readme; the first month lacks a later column."""
    random = draw("months")
    path = folder / "rides_2023.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", "One file per month. Distances in km.\n")
        for month in (1, 2, 3):
            rows = []
            for number in range(150):
                distance = round(float(random.gamma(2, 3)), 2)
                row = [
                    f"R{month}{number:05d}",
                    f"2023-{month:02d}-{random.integers(1, 29):02d} {random.integers(0, 24):02d}:15",
                    random.choice(["card", "cash"]),
                    distance,
                    random.integers(1, 5),
                ]
                tip = [round(float(random.gamma(1, 2)), 2)] if month > 1 else []
                rows.append([*row, *tip, round(3 + 1.8 * distance + float(random.normal(0, 0.5)), 2)])
            header = ["ride", "pickup", "payment", "distance_km", "passengers", *(["tip"] if month > 1 else []), "fare"]
            archive.writestr(f"rides_2023-{month:02d}.csv", make_table(header, rows))
    return str(path)


MONTHS = Case(
    "months",
    "packed CSV",
    write_months,
    {
        "ride": CODE_ID,
        "pickup": Col("time", WHEN),
        "payment": CATEGORY,
        "distance_km": FLOAT,
        "passengers": INT,
        "tip": Col("float", null=True),
        "fare": Col("float", "target"),
    },
    target="fare",
    task="regression",
    rows=450,
    ingest={"member": any_of(None, "*.csv"), "format": any_of(None, "csv")},
)

CASES = (PARQUET, GZ, MONTHS)
