"""One file a page, run by `model/app.py` when it is chosen."""
