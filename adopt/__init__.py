"""From a data file or from notebooks to a recipe."""
