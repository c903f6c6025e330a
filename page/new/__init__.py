"""From an uploaded data file to a recipe."""
