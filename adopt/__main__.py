"""The command line of adopt."""
