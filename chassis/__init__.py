"""How any service of the suite runs: clock, ids, errors, settings, logs, store, writer, feed."""
