"""Every line that decides the bytes of a result; the only code of `model/` in the key."""
