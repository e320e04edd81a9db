"""How fast the suite is, as ratios to the naive ceiling beside it, in one run."""
