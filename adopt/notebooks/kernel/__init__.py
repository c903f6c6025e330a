"""What runs inside the kernels of notebooks: it imports nothing of Relay."""
