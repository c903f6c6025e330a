"""The package `recipes` in processes that own code starts (joblib, multiprocessing): the same files, checked again.

The folder above this one comes first on their path. Without it they would find no module beside a recipe, or another
one of the same name.
"""

import sys

from relay.handoff.own.loading import OwnFinder, read_environment

sys.meta_path.insert(0, OwnFinder(*read_environment()))
