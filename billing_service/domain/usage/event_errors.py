"""Refusals of a single event that a call stands or falls with."""

from billing_service.domain.refusals import Fault


class InvalidEvent(Fault):
    """The event could not be taken in."""

    reason = "INVALID_EVENT"
