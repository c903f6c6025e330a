"""One file a page, run by `page/app.py` when it is chosen."""
