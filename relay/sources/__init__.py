"""What lies outside: files behind URLs and rows of databases, fetched and kept."""
