"""Checks the rules, cleans, and marks training and test rows."""
