"""Floor 3: metrics of arrays, from scikit-learn and scikit-survival where they have them."""
