"""A demonstration on made-up borrowers: broken data, another population, and what follows from each."""
