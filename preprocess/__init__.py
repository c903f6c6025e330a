"""The second stage: raw rows become rows that keep every rule, ready for a model."""
