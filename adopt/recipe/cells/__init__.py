"""From the cells of one column to its type."""
