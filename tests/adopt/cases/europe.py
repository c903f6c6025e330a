"""Exports of European offices: other delimiters, marks, encodings and dates."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl

from cases.case import CATEGORY, CODE_ID, FLOAT, INT, Case, Col, any_of, draw, write_table

REGIONS = ("Süd", "Nord", "West", "Mitteldeutschland")
FIRMS = ("Müller & Söhne KG", "Bäckerei Groß", "Schröder GmbH", "Weiß AG", "Jäger OHG", "Hofmann e.K.")


def german(number: float, digits: int = 2) -> str:
    """A number as German offices write it."""
    return f"{number:,.{digits}f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _sales(name: str, rows: int) -> list[tuple[str, date, str, str, int, float, float | None, float, str]]:
    random, found = draw(name), []
    for number in range(rows):
        pieces, price = int(random.integers(1, 2500)), float(random.integers(199, 99999)) / 100
        discount = None if random.random() < 0.2 else float(random.choice([0.0, 0.03, 0.05, 0.125]))
        is_cancelled = "Ja" if random.random() < 0.1 + 0.3 * (pieces > 1800) else "Nein"
        day = date(2023, 1, 2) + timedelta(days=int(random.integers(0, 360)))
        total = round(pieces * price * (1 - (discount or 0)), 2)
        found.append(
            (
                f"A-{number + 417:06d}",
                day,
                str(random.choice(REGIONS)),
                str(random.choice(FIRMS)),
                pieces,
                price,
                discount,
                total,
                is_cancelled,
            )
        )
    return found


SALES = ("Auftragsnr", "Datum", "Region", "Kunde", "Menge", "Einzelpreis (€)", "Rabatt", "Umsatz (€)", "Storniert")


def write_german_csv(folder: Path) -> str:
    """Excel's "CSV (Trennzeichen-getrennt)", with a title above the header and a total below."""
    sales = _sales("german_csv", 240)
    rows = [
        (
            key,
            day.strftime("%d.%m.%Y"),
            region,
            firm,
            german(pieces, 0),
            german(price),
            "" if discount is None else german(discount, 3),
            german(total),
            is_cancelled,
        )
        for key, day, region, firm, pieces, price, discount, total, is_cancelled in sales
    ]
    pieces = german(sum(sale[4] for sale in sales), 0)
    total = german(sum(sale[7] for sale in sales))
    return write_table(
        folder / "Umsätze 2023.csv",
        SALES,
        rows,
        before="Auswertung Vertrieb;;;;;;;;\nStand: 31.12.2023;;;;;;;;\n;;;;;;;;\n",
        after=f"Summe;;;;{pieces};;;{total};\n",
        delimiter=";",
        encoding="cp1252",
    )


GERMAN_COLUMNS = {
    "Auftragsnr": CODE_ID,
    "Datum": Col("time", any_of("time", "input"), keys={"time_format": any_of(None, "%d.%m.%Y")}),
    "Region": CATEGORY,
    "Kunde": Col("category", any_of("input", "group")),
    "Menge": Col("int", keys={"thousands": "."}),
    "Einzelpreis (€)": Col("float", keys={"decimal": ",", "thousands": any_of(None, ".")}),
    "Rabatt": Col("float", null=True, keys={"decimal": ",", "thousands": any_of(None, ".")}),
    "Umsatz (€)": Col("float", any_of("input", "target"), keys={"decimal": ",", "thousands": "."}),
    "Storniert": Col(any_of("bool", "category"), any_of("target", "input"), truth=("Ja", "Nein")),
}
TOTAL = ({"column": "Auftragsnr", "value": "Summe"},)
first = _sales("german_csv", 1)[0]

GERMAN_CSV = Case(
    "german_csv",
    "CSV of Excel",
    write_german_csv,
    GERMAN_COLUMNS,
    target=any_of("Storniert", "Umsatz (€)"),
    task=any_of("binary", "regression"),
    rows=240,
    ingest={"delimiter": ";", "encoding": "cp1252", "skip_rows": 3, "skip_if": TOTAL},
    values={"Datum": [first[1]], "Menge": [first[4]], "Einzelpreis (€)": [first[5]], "Umsatz (€)": [first[7]]},
)


def write_german_xlsx(folder: Path) -> str:
    """The same kind of table as a workbook: typed cells, a title, a total, and an empty second sheet."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "Umsätze"
    sheet.append(["Auswertung Vertrieb"])
    sheet.append([])
    sheet.append(list(SALES))
    sales = _sales("german_xlsx", 180)
    for sale in sales:
        sheet.append(list(sale))
    sheet.append(["Gesamt", None, None, None, sum(sale[4] for sale in sales), None, None, 1234567.89, None])
    book.create_sheet("Tabelle2")
    path = folder / "Umsätze.xlsx"
    book.save(path)
    return str(path)


GERMAN_XLSX = Case(
    "german_xlsx",
    "Excel",
    write_german_xlsx,
    GERMAN_COLUMNS
    | {
        "Datum": Col("time", any_of("time", "input")),
        "Menge": INT,
        "Einzelpreis (€)": FLOAT,
        "Rabatt": Col("float", null=True),
        "Umsatz (€)": Col("float", any_of("input", "target")),
    },
    target=any_of("Storniert", "Umsatz (€)"),
    task=any_of("binary", "regression"),
    rows=180,
    ingest={
        "sheet": any_of(None, "Umsätze", 1),
        "skip_rows": any_of(None, 2),
        "skip_if": ({"column": "Auftragsnr", "value": "Gesamt"},),
    },
    values={"Datum": [_sales("german_xlsx", 1)[0][1]], "Menge": [_sales("german_xlsx", 1)[0][4]]},
)


def write_french(folder: Path) -> str:
    """A web shop's export: byte order mark, narrow spaces in thousands, day first, oui and non."""
    random, rows = draw("french"), []
    for number in range(320):
        signed = date(2022, 3, 1) + timedelta(days=int(random.integers(0, 500)))
        basket = float(random.integers(500, 450000)) / 100
        income = None if random.random() < 0.08 else int(random.integers(14000, 98000))
        bought = "oui" if random.random() < (0.2 if basket < 2000 else 0.7) else "non"
        rows.append(
            (
                f"{number + 1:05d}",
                signed.strftime("%d/%m/%Y"),
                random.choice(["Île-de-France", "Occitanie", "Bretagne", "Grand Est"]),
                f"{random.integers(1, 96):02d}{random.integers(0, 999):03d}",
                "" if income is None else f"{income:,}".replace(",", "\u202f"),
                f"{basket:,.2f}".replace(",", "\u202f").replace(".", ","),
                random.integers(0, 12),
                bought,
            )
        )
    header = (
        "Nº client",
        "Date d'inscription",
        "Région",
        "Code postal",
        "Revenu annuel",
        "Panier moyen",
        "Visites",
        "A acheté",
    )
    return write_table(folder / "clients_export.csv", header, rows, delimiter=";", encoding="utf-8-sig")


FRENCH = Case(
    "french",
    "CSV of a web shop",
    write_french,
    {
        "Nº client": CODE_ID,
        "Date d'inscription": Col("time", any_of("time", "input"), keys={"time_format": "%d/%m/%Y"}),
        "Région": CATEGORY,
        "Code postal": Col(any_of("text", "category"), any_of("input", "ignore")),
        "Revenu annuel": Col("int", null=True, keys={"thousands": "\u202f"}),
        "Panier moyen": Col("float", keys={"decimal": ",", "thousands": "\u202f"}),
        "Visites": INT,
        "A acheté": Col(any_of("bool", "category"), "target", truth=("oui", "non")),
    },
    target="A acheté",
    task="binary",
    rows=320,
    ingest={"delimiter": ";"},
    values={
        "Nº client": ["00001", "00002"],
        "Date d'inscription": ["2022-12-09T00:00:00", "2023-01-19T00:00:00"],
        "Revenu annuel": [49794, 89377],
        "Panier moyen": [285.91, 949.01, 3724.17],
    },
)


def write_utf16(folder: Path) -> str:
    """Excel's "Unicode text": UTF-16 with tabs under a name of plain text."""
    random, rows = draw("utf16"), []
    for number in range(150):
        power = int(random.choice([1000, 1600, 2000]))
        taken = datetime(2021, 6, 1, 6, 30, tzinfo=UTC) + timedelta(hours=int(random.integers(0, 9000)))
        speed = "" if random.random() < 0.05 else f"{random.normal(52 + power / 100, 5):.1f}".replace(".", ",")
        use = f"{4 + power / 400 + random.normal(0, 0.4):.2f}".replace(".", ",")
        where = random.choice(["Łódź", "Kraków", "Gdańsk", "Poznań"])
        rows.append((f"WX {number:04d}", taken.strftime("%Y-%m-%d %H:%M"), where, power, speed, use))
    header = ("Nr rejestracyjny", "Czas pomiaru", "Miasto", "Pojemność", "Prędkość km/h", "Spalanie l/100km")
    path = folder / "pomiary.txt"
    return write_table(path, header, rows, delimiter="\t", encoding="utf-16", lineterminator="\r\n")


COMMA = {"decimal": ","}
UTF16 = Case(
    "utf16",
    "Unicode text of Excel",
    write_utf16,
    {
        "Nr rejestracyjny": CODE_ID,
        "Czas pomiaru": Col("time", any_of("time", "input")),
        "Miasto": CATEGORY,
        "Pojemność": Col(any_of("int", "category")),
        "Prędkość km/h": Col("float", null=True, keys=COMMA),
        "Spalanie l/100km": Col("float", "target", keys=COMMA),
    },
    target="Spalanie l/100km",
    task="regression",
    rows=150,
    ingest={"format": "csv", "delimiter": "\t", "encoding": any_of(None, "utf-16", "UTF-16", "utf-16-le", "utf-16le")},
    values={"Prędkość km/h": [None], "Spalanie l/100km": [6.55, 5.8], "Miasto": ["Gdańsk", "Kraków"]},
)


def write_mysql(folder: Path) -> str:
    r"""MySQL's INTO OUTFILE: tabs, no quotes, backslash escapes, \N for null."""
    random, lines = draw("mysql"), ["ticket_id\topened\tqueue\tsubject\tpriority\tminutes_open\tescalated"]
    for number in range(400):
        minutes = "\\N" if random.random() < 0.1 else str(int(random.gamma(2, 90)))
        opened = datetime(2023, 2, 1, tzinfo=UTC) + timedelta(minutes=int(random.integers(0, 400000)))
        subject = random.choice(
            ["Printer on fire", "VPN\\\ttimeout", 'Mail "lost"', "Reset password", "C:\\\\temp full"]
        )
        escalated = int(random.random() < (0.5 if number % 3 == 0 else 0.1))
        lines.append(
            f"{number + 90001}\t{opened:%Y-%m-%d %H:%M:%S}\t{random.choice(['it', 'hr', 'facility'])}\t{subject} "
            f"{random.integers(1, 9999)}\t{random.integers(1, 5)}\t{minutes}\t{escalated}"
        )
    path = folder / "tickets.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


MYSQL = Case(
    "mysql",
    "dump of a database",
    write_mysql,
    {
        "ticket_id": Col(any_of("int", "text"), any_of("id", "ignore")),
        "opened": Col("time", any_of("time", "input")),
        "queue": CATEGORY,
        "subject": Col("text", "ignore"),
        "priority": Col(any_of("int", "category")),
        "minutes_open": Col("int", null=True, missing=(any_of("N", "\\N"),)),
        "escalated": Col(any_of("int", "bool"), "target"),
    },
    target="escalated",
    task="binary",
    rows=400,
    ingest={"delimiter": any_of(None, "\t"), "escape": "\\", "quote": any_of(None, "", '"')},
    values={"subject": ["C:\\temp full 4494", 'Mail "lost" 1071'], "minutes_open": [196, 87, 181]},
)

CASES = (GERMAN_CSV, GERMAN_XLSX, FRENCH, UTF16, MYSQL)
