"""Datasets as tables of PostgreSQL, for queries in SQL. A library: ingest and preprocess publish with it."""
