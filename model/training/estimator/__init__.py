"""A scikit-learn estimator that learns a target column: fitted, judged, explained."""
