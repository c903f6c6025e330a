"""What turned out to be true, from a file to the API, which checks each label and keeps it."""
