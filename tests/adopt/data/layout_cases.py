"""Files, and what is found of them: name, content, keys of `[ingest]`, columns."""

from typing import Any

R = '"a" "b"\n"r1" 1 x\n"r2" 2 y\n"r3" 3 y\n'
DEEP = '{"meta": {"n": 2}, "data": {"people": [{"a": 1}, {"a": 2, "b": {"c": 1}}]}}'

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
    "lines of JSON": ("x.json", '{"a": 1}\n{"a": 2}\n', {"format": "jsonl"}, ("a",)),
}  # fmt: skip
