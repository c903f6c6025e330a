"""A user's own functions as parts of a stage: where they are, what they take, what decides their results, how they run.

A recipe `recipes/churn.toml` may have a module `recipes/churn.py`, or a package `recipes/churn/`, beside it. Its source
is read to learn all of that; it is imported in a process of its own only (`apart`).
"""
