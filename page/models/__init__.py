"""The screen Models: versions, cards, older results."""
