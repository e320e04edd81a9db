"""What billing is about, as pure values and functions: no store, no clock, no message."""
