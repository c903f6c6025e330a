"""Documents by their style: chunks, distances, a projection, attribution, and how far to trust it."""
