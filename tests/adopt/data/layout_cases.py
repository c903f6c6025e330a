"""Files, and what is found of them: name, content, keys of `[ingest]`, columns."""

from typing import Any

R = '"a" "b"\n"r1" 1 x\n"r2" 2 y\n"r3" 3 y\n'
DEEP = '{"meta": {"n": 2}, "data": {"people": [{"a": 1}, {"a": 2, "b": {"c": 1}}]}}'

UNITS = "time,speed\ns,m/s\n" + "".join(f"{second},{second * 1.5}\n" for second in range(8))
SHORT = "region,day,sold\n" + "N,2024-01-02,5\nS,2024-01-03,6\n" * 6 + "Total,66\n"
TOTALS = "region,day,sold\nN,2024-01-02,5\nS,2024-01-03,6\nTotal,,11\n"

CASES: dict[str, tuple[str, str | bytes, dict[str, Any], tuple[str, ...]]] = {
    "plain": ("x.csv", "a,b\n1,x\n2,y\n", {}, ("a", "b")),
    "semicolons and decimal commas": ("x.csv", "a;b\n1,5;x\n2,5;y\n", {"delimiter": ";"}, ("a", "b")),
    "no header": ("x.data", "1,5.5\n2,6.5\n3,7.5\n", {"format": "csv", "header": False}, ("column_1", "column_2")),
    "preamble": ("x.csv", "Report\nfrom 2024\n\na,b\n1,x\n2,y\n", {"skip_rows": 3}, ("a", "b")),
    "row names of R": (
        "x.txt", R, {"format": "csv", "delimiter": " ", "skip_rows": 1, "header": False}, ("row_name", "a", "b")
    ),
    "index of pandas": ("x.csv", ",a\n0,1.5\n1,2.5\n", {}, ("", "a")),
    "table in a text file": ("x.txt", "a\tb\n1\tx\n2\ty\n", {"format": "csv", "delimiter": "\t"}, ("a", "b")),
    "cp1252": ("x.csv", "a,b\n1,Müller\n".encode("cp1252"), {"encoding": "cp1252"}, ("a", "b")),
    "utf-16 by its mark": ("x.csv", "a,b\n1,Müller\n".encode("utf-16"), {}, ("a", "b")),
    "records in JSON": ("x.json", DEEP, {"records": "data.people"}, ("a", "b_c")),
    "units below the names": ("x.csv", UNITS, {"header": 2}, ("time s", "speed m/s")),
    "names in the last comment": ("x.tsv", "##v 1\n#a\tb\n1\t5\n2\t6\n", {"skip_rows": 1}, ("#a", "b")),
    "comments between rows": ("x.csv", "# made by x\na,b\n1,x\n# again\n2,y\n", {"comment": "#"}, ("a", "b")),
    "Excel's line about the delimiter": (
        "x.csv", "sep=;\na;b\n1,5;x\n2;y\n", {"delimiter": ";", "skip_rows": 1}, ("a", "b")
    ),
    "one name twice": ("x.csv", "a,a\n1,2\n3,4\n", {"header": False, "skip_rows": 1}, ("a", "a_2")),
    "rows that end with a delimiter": (
        "x.csv", "a,b\n1,2,\n3,4,\n", {"header": False, "skip_rows": 1}, ("a", "b", "column_3")
    ),
    "years as names": ("x.csv", "country,2019,2020\nDE,1,2\nFR,2,3\n", {}, ("country", "2019", "2020")),
    "other quotes": ("x.csv", "a,b\n1,'x,y'\n2,'z'\n", {"quote": "'"}, ("a", "b")),
    "escaped quotes": ("x.csv", 'a,b\n1,"x \\"y\\", z"\n2,"w"\n', {"escape": "\\"}, ("a", "b")),
    "a total with fewer cells": (
        "x.csv", SHORT, {"skip_if": {"column": "region", "value": "Total"}}, ("region", "day", "sold")
    ),
    "a line below the table and a total": (
        "x.csv", f"{TOTALS}Source: sales\n", {"skip_if": {"column": "region", "value": "Source: sales"}},
        ("region", "day", "sold"),
    ),
    "sentences in one column": (
        "x.csv", "text\nHello, world; you\nFine, yes\nOk\na, b, c\n", {"delimiter": "\t"}, ("text",)
    ),
    "cells that begin with a comment sign": (
        "x.csv", "#5,2,x\n#6,3,y\n#7,4,x\n", {"header": False}, ("column_1", "column_2", "column_3")
    ),
    "fixed width": (
        "x.txt", "ID   NAME    SUM\n1    Anna   1.50\n2    Bo    12.00\n3    Cy     7.25\n",
        {"format": "fixed", "positions": {"ID": [1, 5], "NAME": [6, 11], "SUM": [12, 9999]}, "skip_rows": 1},
        ("ID", "NAME", "SUM"),
    ),
    "ARFF": (
        "x.arff", "@relation x\n@attribute a numeric\n@attribute 'b c' {x,y}\n@data\n1,x\n2,y\n",
        {"format": "csv", "header": False, "skip_rows": 4}, ("a", "b c"),
    ),
    "JSON under the name of CSV": ("x.csv", '[{"a": 1}, {"a": 2}]', {"format": "json"}, ("a",)),
    "columns of pandas in JSON": ("x.json", '{"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}}', {}, ("a", "b")),
    "lines of JSON": ("x.json", '{"a": 1}\n{"a": 2}\n', {"format": "jsonl"}, ("a",)),
}  # fmt: skip
