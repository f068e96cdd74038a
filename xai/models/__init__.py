"""Networks, classifier bundles, preprocessing and prediction."""
