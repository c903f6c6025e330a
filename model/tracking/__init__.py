"""What follows a training: its run in MLflow, its version in the registry, the gate, and the commands by hand."""
