"""Usage: events, totals, periods, and what follows from them."""
