"""The same model for ONNX Runtime, where it gives the same answers."""
