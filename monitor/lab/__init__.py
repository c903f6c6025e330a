"""The drift lab: what the monitor would find on a user's own data, and how soon."""
