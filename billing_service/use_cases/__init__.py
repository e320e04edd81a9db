"""What billing does: one module for each kind of write, and what several of them share."""
