"""Copies of the volumes and of the databases."""
