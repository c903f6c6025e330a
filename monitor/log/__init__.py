"""The prediction log as the monitor reads it: forward, without writing."""
