"""What something would cost: asked for on a command line, shown month by month."""
