"""From what is known of columns to a recipe file."""
