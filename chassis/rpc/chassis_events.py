"""The chassis's own events, parking, to and from the contract's messages."""

from pospago.event.v1 import event_pb2

from chassis.entry import PeerEvent, Submission
from chassis.parking import (
    AccountParkedFact,
    AccountUnparkedFact,
    NotePeerParking,
    note_peer_parking,
)
from chassis.tables import ChassisTables

_PARKED = event_pb2.AccountParked.DESCRIPTOR.full_name
_UNPARKED = event_pb2.AccountUnparked.DESCRIPTOR.full_name


def encode_chassis_event(payload: object) -> tuple[str, bytes] | None:
    """The type and bytes of a chassis fact; None if it is one of the service's own."""
    match payload:
        case AccountParkedFact(account, cause):
            parked = event_pb2.AccountParked(account=f"accounts/{account}", cause=cause)
            return _PARKED, parked.SerializeToString()
        case AccountUnparkedFact(account):
            unparked = event_pb2.AccountUnparked(account=f"accounts/{account}")
            return _UNPARKED, unparked.SerializeToString()
        case _:
            return None


class PeerParking:
    """Notes in this service which accounts the other one has parked."""

    def __init__(self, tables: ChassisTables) -> None:
        self._use_case = note_peer_parking(tables)

    def submission_of(self, event: PeerEvent) -> Submission | None:
        """The submission that a peer's parking event amounts to; None if it is another event."""
        if event.type not in {_PARKED, _UNPARKED}:
            return None
        command = NotePeerParking(event.account, parked=event.type == _PARKED)
        return Submission(self._use_case, command, f"feed/{event.source}")
