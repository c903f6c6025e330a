"""Tables that are larger than memory: a sample, numbers as float32, and learning by row groups."""
