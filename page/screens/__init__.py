"""One file per screen, run by `page/app.py` when it is chosen."""
