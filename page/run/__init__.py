"""The screen Run: the form, runs under way, the schedule."""
