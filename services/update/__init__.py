"""Replaces the API's replicas one after the other."""
