"""What a training leaves for the monitor and the gate: profile.json, and a sample of its test rows."""
