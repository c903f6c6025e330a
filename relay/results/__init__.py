"""The folder that a training leaves: writing, checking and reading it; findings and model cards."""
