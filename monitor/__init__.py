"""Compares what the version in production is asked with what it was tested on, and says what to do."""
