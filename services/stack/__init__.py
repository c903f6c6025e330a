"""The stack in containers as `make` starts and stops it, and as `make doctor` looks at it.

Runs with Python 3.9 and nothing else, because it comes before everything else.
"""
