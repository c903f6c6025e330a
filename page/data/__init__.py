"""The screen Data: rows, columns, provenance."""
