"""Tests of the core of the chassis, on both stores."""
