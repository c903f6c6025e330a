"""A result on the screen: figures, tables, plots."""
