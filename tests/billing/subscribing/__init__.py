"""Subscriptions to a plan: created, charged, explained."""
