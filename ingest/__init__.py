"""Brings the data in, as typed columns."""
