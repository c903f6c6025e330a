"""Every line that decides the bytes of a result."""
