"""From notebooks to the functions of a recipe."""
