"""Answers to a whole file: `python -m model predict RECIPE --file rows.parquet --out answers.parquet`."""
