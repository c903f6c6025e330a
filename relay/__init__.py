"""What all programs share. A thing enters here only when two of them need it."""
