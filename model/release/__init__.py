"""What happens to a finished result: runs, versions, the promotion gate, model cards."""
