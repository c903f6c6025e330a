"""The screen Run: the form, the run under way, its supervisor, the schedule."""
