"""The first tables, a module for each area; `versions` says when they are made."""
