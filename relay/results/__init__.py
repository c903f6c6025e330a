"""The folder that a training leaves, and what everyone reads out of it."""
