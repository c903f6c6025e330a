"""Predictions over HTTP, by the version that holds `production` and no other, each logged before its answer leaves.

Run as `python -m serve`.
"""
