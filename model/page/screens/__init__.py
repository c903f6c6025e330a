"""One file a page, run by `model/page/app.py` when it is chosen."""
