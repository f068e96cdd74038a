"""Training and validating a classifier: from a table of slices to a bundle, with honest figures."""
