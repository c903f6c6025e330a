"""Formats that are known and not read: what to do with such a file."""

import re
from pathlib import Path, PurePath

from relay.handoff.errors import SourceError

PANDAS = 'in Python: `pandas.{reader}("{{file}}").to_parquet("{{plain}}.parquet")`'
TRUSTED = " Do that only with a file that you trust: opening it runs code."
EXCEL = "Open it in Excel or LibreOffice and save it as Excel Workbook (.xlsx)."
PLAIN_TEXT = "Save it as plain text (.txt) from Word or LibreOffice."
PANDOC = "Save it as plain text: `pandoc {file} -t plain -o {plain}.txt`."
FROM_R = 'Write the table as CSV in R: `write.csv({what}, "{{plain}}.csv", row.names = FALSE)`.'
EXPORT = "Export its table as CSV from the program that made it."
PICTURE = "A picture is neither a table nor a text: write what it shows as CSV or as a text file."

ADVICE: dict[str, str] = {
    **dict.fromkeys((".xls", ".xlsb", ".xlt"), EXCEL),
    **dict.fromkeys((".ods", ".fods"), "Open it in LibreOffice and save it as Excel Workbook (.xlsx)."),
    ".numbers": "Export it as CSV from Numbers.",
    ".pdf": "For its text run `pdftotext {file} {plain}.txt`; export a table as CSV.",
    **dict.fromkeys((".docx", ".odt", ".epub"), PANDOC),
    **dict.fromkeys((".doc", ".rtf"), PLAIN_TEXT),
    **dict.fromkeys((".ppt", ".pptx"), "Write its tables as CSV, or its text as text files."),
    **dict.fromkeys(
        (".html", ".htm", ".xhtml"),
        "For its first table run in Python: `pandas.read_html(\"{file}\")[0].to_csv(\"{plain}.csv\")`; for its "
        "text, `pandoc {file} -t plain -o {plain}.txt`.",
    ),
    ".xml": "Write its records as Parquet " + PANDAS.format(reader="read_xml") + ".",
    **dict.fromkeys((".pkl", ".pickle"), "Write it as Parquet " + PANDAS.format(reader="read_pickle") + "." + TRUSTED),
    ".joblib": "Load it in Python and write its table with `to_parquet`." + TRUSTED,
    **dict.fromkeys((".feather", ".arrow"), "Write it as Parquet " + PANDAS.format(reader="read_feather") + "."),
    ".orc": "Write it as Parquet " + PANDAS.format(reader="read_orc") + ".",
    ".avro": "Write it as Parquet or JSON lines with the program that made it.",
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), "Write its table as Parquet " + PANDAS.format(reader="read_hdf") + "."),
    ".mat": 'Write its table as CSV in MATLAB: `writetable(T, "{plain}.csv")`.',
    **dict.fromkeys((".npy", ".npz"), "Load it in Python and write its arrays as CSV with `numpy.savetxt`."),
    **dict.fromkeys(
        (".sav", ".zsav"),
        "Write it as Parquet " + PANDAS.format(reader="read_spss") + ", or export it as CSV from SPSS.",
    ),
    ".dta": "Write it as Parquet " + PANDAS.format(reader="read_stata") + ".",
    **dict.fromkeys((".sas7bdat", ".xpt"), "Write it as Parquet " + PANDAS.format(reader="read_sas") + "."),
    ".rds": FROM_R.format(what='readRDS("{file}")'),
    **dict.fromkeys((".rdata", ".rda"), FROM_R.format(what="TABLE")),
    **dict.fromkeys((".mdb", ".accdb"), "Export its table as CSV: `mdb-export {file} TABLE > TABLE.csv`."),
    ".dbf": "Open it in LibreOffice and save it as CSV.",
    ".duckdb": "Write its table as Parquet in DuckDB: `COPY TABLE TO '{plain}.parquet'`.",
    ".sql": "Load it into a database and give that: `sqlite3 {plain}.db < {file}`.",
    ".zst": "Unpack it: `zstd -d {file}`.",
    ".tar": "Unpack it: `tar -xf {file}`.",
    ".tgz": "Unpack it: `tar -xzf {file}`.",
    **dict.fromkeys((".7z", ".rar"), "Unpack it: `7z x {file}`."),
    **dict.fromkeys((".exe", ".dll", ".so", ".bin", ".iso", ".dmg"), "Give the data as CSV, Excel, JSON or Parquet."),
    **dict.fromkeys((".mp3", ".wav", ".flac", ".mp4", ".avi", ".mov", ".mkv"), "Give what was measured in it as CSV."),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".svg", ".webp", ".ico"), PICTURE),
    ".heic": PICTURE,
    **dict.fromkeys((".nc", ".grib", ".grb"), "Load it in Python and write its table with `to_parquet`."),
    **dict.fromkeys((".por", ".fst", ".qs", ".jmp", ".wf1", ".shp", ".gpkg", ".kml"), EXPORT),
}  # fmt: skip
"""Ending of a format that is not read -> what to do with `{file}`, whose name without ending is `{plain}`."""

MAGIC = (
    (rb"%PDF", ".pdf"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls"),
    (rb"\x89PNG", ".png"),
    (rb"\xff\xd8\xff", ".jpg"),
    (rb"GIF8[79]a", ".gif"),
    (rb"\x80[\x02-\x05]", ".pkl"),
    (rb"ARROW1|FEA1", ".feather"),
    (rb"ORC\x0a?[\x00-\x1f]", ".orc"),
    (rb"Obj\x01", ".avro"),
    (rb"\x89HDF", ".h5"),
    (rb"MATLAB 5\.0", ".mat"),
    (rb"\x93NUMPY", ".npy"),
    (rb"\$FL[23]", ".sav"),
    (rb"<stata_dta>", ".dta"),
    (rb"\{\\rtf", ".rtf"),
    (rb"\x7fELF|MZ.\x00", ".exe"),
)
"""How files of a format begin that is not read -> its ending."""


def refuse_unreadable(path: Path) -> None:
    """Make sure that a file is of no format that is known and not read.

    Raises:
        SourceError: it is; the message says what to do.
    """
    with path.open("rb") as file:
        head = file.read(16)
    ending = PurePath(path.name).suffix.lower()
    shown = next((kind for magic, kind in MAGIC if re.match(magic, head, re.DOTALL)), None)
    if shown is None and ending not in ADVICE:
        return
    if shown is None and ending == ".xls":
        return  # programs give this name to workbooks of today, to CSV and to web pages, too
    is_known = ending in ADVICE and (shown is None or ending not in (".csv", ".tsv"))
    what = f"the ending {ending}" if is_known else f"the file begins like one of the kind {shown}"
    advice = ADVICE[ending if is_known else shown or ending]
    name = show(path.name)
    raise SourceError(
        f"{name}: {what}, a format that Relay does not read", next_step=fill(advice, name, show(path.stem))
    )


def fill(advice: str, name: str, plain: str) -> str:
    """What to do, with the names of the file in it."""
    return advice.replace("{file}", name).replace("{plain}", plain)


def show(text: str) -> str:
    """A name of a file as a message can show it, whatever signs it holds."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
