"""The screen Monitor: where reports are read, what a person may do, and how a report is drawn."""
