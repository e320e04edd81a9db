"""What the provisioning service's events amount to here."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from google.type.date_pb2 import Date
from pospago.provisioning.v1 import account_pb2, instance_pb2
from pospago.provisioning.v1 import events_pb2 as pb

from billing_service.domain.subscription import FactKind
from billing_service.storage.schema import CHASSIS
from billing_service.use_cases.follow_account import (
    FOLLOW_ACCOUNT,
    OPEN_SANDBOX,
    FollowAccount,
    OpenSandbox,
)
from billing_service.use_cases.follow_instance import FOLLOW_INSTANCE, FollowInstance
from chassis.entry import PeerEvent, Submission
from chassis.rpc.authentication import RememberedCallers
from chassis.rpc.chassis_events import PeerParking
from chassis.rpc.events import from_proto_timestamp
from chassis.rpc.names import account_id, sandbox_id
from chassis.use_case import UseCase

# What a secret opens is another from then on.
_CALLER_CHANGES: Final = frozenset(
    message.DESCRIPTOR.full_name
    for message in (
        pb.TokenRotated,
        pb.TokenRevoked,
        pb.MemberSecretRotated,
        pb.MemberRemoved,
        pb.PrincipalChanged,
    )
)


class ProvisioningFeed:
    """Turns events into submissions, and forgets callers who are not what they were."""

    def __init__(self, callers: RememberedCallers) -> None:
        self._callers = callers
        self._parking = PeerParking(CHASSIS)

    def submission_of(self, event: PeerEvent) -> Submission | None:
        """The submission that an event amounts to; None if it is nothing to us."""
        if event.type in _CALLER_CHANGES:
            self._callers.forget_account(event.account)
            return None
        reader = _KNOWN.get(event.type)
        if reader is None:
            return self._parking.submission_of(event)
        use_case, command = reader(event)
        return Submission(use_case, command, f"feed/{event.source}")


_Told = tuple[UseCase[Any, Any, Any], object]


def _follow(account: account_pb2.Account) -> _Told:
    return FOLLOW_ACCOUNT, FollowAccount(
        account=account_id(account.name),
        sandbox=sandbox_id(account.sandbox),
        time_zone=account.time_zone,
        display_name=account.display_name,
    )


def _account_created(event: PeerEvent) -> _Told:
    return _follow(pb.AccountCreated.FromString(event.payload).account)


def _account_updated(event: PeerEvent) -> _Told:
    return _follow(pb.AccountUpdated.FromString(event.payload).account)


def _sandbox_created(event: PeerEvent) -> _Told:
    sandbox = pb.SandboxCreated.FromString(event.payload).sandbox
    clock_at = from_proto_timestamp(sandbox.clock_time)
    return OPEN_SANDBOX, OpenSandbox(sandbox_id(sandbox.name), clock_at)


def _subscribed(event: PeerEvent) -> _Told:
    told = pb.InstanceSubscribed.FromString(event.payload)
    command = _instance(event, told.instance, FactKind.SUBSCRIBED, told.plan)
    return FOLLOW_INSTANCE, command


def _migrated(event: PeerEvent) -> _Told:
    told = pb.InstanceMigrated.FromString(event.payload)
    first = _date(told.first_billed_month)
    command = _instance(event, told.instance, FactKind.MIGRATED, told.plan, first)
    return FOLLOW_INSTANCE, command


def _cancelled(event: PeerEvent) -> _Told:
    told = pb.InstanceCancelled.FromString(event.payload)
    return FOLLOW_INSTANCE, _instance(event, told.instance, FactKind.CANCELLED)


def _withdrawn(event: PeerEvent) -> _Told:
    told = pb.InstanceCancellationWithdrawn.FromString(event.payload)
    return FOLLOW_INSTANCE, _instance(event, told.instance, FactKind.RESUMED)


def _deleted(event: PeerEvent) -> _Told:
    told = pb.InstanceDeleted.FromString(event.payload)
    return FOLLOW_INSTANCE, _instance(event, told.instance, FactKind.ENDED)


def _instance(
    event: PeerEvent,
    instance: instance_pb2.Instance,
    kind: FactKind,
    plan: str = "",
    first_billed_month: date | None = None,
) -> FollowInstance:
    return FollowInstance(
        account=event.account,
        instance=instance.name.rpartition("/")[2],
        kind=kind,
        effective_at=event.effective_at,
        plan=plan.removeprefix("plans/"),
        band=instance.band,
        first_billed_month=first_billed_month,
    )


def _date(message: Date) -> date:
    return date(message.year, message.month, message.day)


_KNOWN: Final[dict[str, Callable[[PeerEvent], _Told]]] = {
    pb.AccountCreated.DESCRIPTOR.full_name: _account_created,
    pb.AccountUpdated.DESCRIPTOR.full_name: _account_updated,
    pb.SandboxCreated.DESCRIPTOR.full_name: _sandbox_created,
    pb.InstanceSubscribed.DESCRIPTOR.full_name: _subscribed,
    pb.InstanceMigrated.DESCRIPTOR.full_name: _migrated,
    pb.InstanceCancelled.DESCRIPTOR.full_name: _cancelled,
    pb.InstanceCancellationWithdrawn.DESCRIPTOR.full_name: _withdrawn,
    pb.InstanceDeleted.DESCRIPTOR.full_name: _deleted,
}
