"""The command line: what it reads, prints, backs up and plays."""
