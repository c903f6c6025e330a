"""`kind = "python"`: a user function trains, draws, or does whatever a notebook's last part does."""
