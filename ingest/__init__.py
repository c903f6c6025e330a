"""The first stage: a source outside becomes `data/raw/<recipe>.parquet`."""
