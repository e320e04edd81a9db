"""What a price makes of a quantity."""
