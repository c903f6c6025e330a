"""What the monitor finds, as the monitor writes it and as serving, the page and dashboards read it."""
