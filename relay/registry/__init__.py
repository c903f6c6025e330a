"""What training, serving and the page agree on about models: the contract of a model, its file, its versions.

contract, records and model_file need no MLflow; connection, versions, promotion and artifacts use it.
Imported, never run.
"""
