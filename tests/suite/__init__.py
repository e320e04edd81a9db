"""Tests of the whole suite: both services, and the gateway where it matters."""
