"""What was used: sent, imported, corrected, summed up and watched on a command line."""
