"""Tests of the suite: the real stores, the real servers, a clock that stands still."""
