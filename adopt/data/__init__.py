"""From a data file to what is known of its columns."""
