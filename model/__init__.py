"""The third stage: trains what the recipe asks for, judges it on rows it has not seen, and says how far to trust it."""
