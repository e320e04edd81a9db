"""What billing speaks: one module for each resource, with its servicer and conversions."""
