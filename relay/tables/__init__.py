"""Datasets as tables of PostgreSQL, for whoever asks by SQL. A library: ingest and preprocess publish by it."""
