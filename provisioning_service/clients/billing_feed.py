"""What billing's events amount to here."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

from google.type.date_pb2 import Date
from pospago.billing.v1 import events_pb2 as pb

from chassis.entry import PeerEvent, Submission
from chassis.rpc.names import account_id
from chassis.use_case import UseCase
from provisioning_service.domain.entitlement import Limit
from provisioning_service.use_cases.apply_billing import (
    DELETE_INSTANCES,
    LIFT_STOP,
    NOTE_EXPIRY,
    STOP_ACCOUNT,
    DeleteInstances,
    LiftStop,
    NoteExpiry,
    StopAccount,
)
from provisioning_service.use_cases.fix_zone import FIX_ZONE, FixZone
from provisioning_service.use_cases.note_entitlements import NOTE_ENTITLEMENTS, NoteEntitlements

Command = NoteExpiry | StopAccount | LiftStop | DeleteInstances | FixZone | NoteEntitlements


def submission_of(event: PeerEvent) -> Submission | None:
    """The submission that an event of billing's amounts to; None if it is nothing to us."""
    known = _KNOWN.get(event.type)
    if known is None:
        return None
    use_case, command_of = known
    return Submission(use_case, command_of(event), f"feed/{event.source}")


def _note_expiry(event: PeerEvent) -> Command:
    told = pb.AccountExpiryChanged.FromString(event.payload)
    month_set = told.HasField("earliest_unsettled_month")
    return NoteExpiry(
        account=account_id(told.account),
        expires_on=_date(told.expire_date) if told.HasField("expire_date") else None,
        earliest_unsettled_month=(_date(told.earliest_unsettled_month) if month_set else None),
        effective_at=event.effective_at,
    )


def _stop(event: PeerEvent) -> Command:
    told = pb.AccountStopped.FromString(event.payload)
    return StopAccount(account_id(told.account), told.invoice, event.effective_at)


def _lift(event: PeerEvent) -> Command:
    told = pb.AccountStopLifted.FromString(event.payload)
    return LiftStop(account_id(told.account), event.effective_at)


def _delete(event: PeerEvent) -> Command:
    told = pb.AccountDeletionOrdered.FromString(event.payload)
    return DeleteInstances(account_id(told.account), told.invoice, event.effective_at)


def _fix_zone(event: PeerEvent) -> Command:
    told = pb.AccountZoneFixed.FromString(event.payload)
    return FixZone(account_id(told.account), told.time_zone)


def _note_entitlements(event: PeerEvent) -> Command:
    told = pb.EntitlementsChanged.FromString(event.payload)
    limits = tuple(
        Limit(each.code, None if each.unlimited else Decimal(each.quantity.value))
        for each in told.limits
    )
    return NoteEntitlements(
        account=account_id(told.account),
        subscription=told.subscription.rpartition("/")[2],
        limits=limits,
        features=tuple(told.features),
        effective_at=event.effective_at,
    )


def _date(message: Date) -> date:
    return date(message.year, message.month, message.day)


_Reader = tuple[UseCase[Any, Any, Any], Callable[[PeerEvent], Command]]

_KNOWN: Final[dict[str, _Reader]] = {
    pb.AccountExpiryChanged.DESCRIPTOR.full_name: (NOTE_EXPIRY, _note_expiry),
    pb.AccountStopped.DESCRIPTOR.full_name: (STOP_ACCOUNT, _stop),
    pb.AccountStopLifted.DESCRIPTOR.full_name: (LIFT_STOP, _lift),
    pb.AccountDeletionOrdered.DESCRIPTOR.full_name: (DELETE_INSTANCES, _delete),
    pb.AccountZoneFixed.DESCRIPTOR.full_name: (FIX_ZONE, _fix_zone),
    pb.EntitlementsChanged.DESCRIPTOR.full_name: (NOTE_ENTITLEMENTS, _note_entitlements),
}
