"""Questions to a trained model, about a text or about records."""
