"""The screen Predict: records, texts, the prediction log."""
