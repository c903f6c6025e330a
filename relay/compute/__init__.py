"""Where tasks run: in threads of this machine, or on a Dask cluster. The same tasks give the same bytes on each."""
