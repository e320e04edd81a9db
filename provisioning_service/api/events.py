"""The service's events as the contract tells them."""

from typing import Final, assert_never, cast

from google.protobuf.message import Message
from pospago.provisioning.v1 import events_pb2 as pb

from chassis.rpc.chassis_events import encode_chassis_event
from provisioning_service.api.accounts import to_proto_account
from provisioning_service.api.instance_messages import (
    INSTANCE_BYTES,
    STOP_NUMBERS,
    to_proto_instance,
)
from provisioning_service.api.integrators import to_proto_integrator
from provisioning_service.api.members import to_proto_member
from provisioning_service.api.resources import to_proto_resource
from provisioning_service.api.sandbox_messages import to_proto_sandbox
from provisioning_service.api.times import to_proto_date, to_proto_timestamp
from provisioning_service.api.tokens import to_proto_token
from provisioning_service.domain import events

# The event of the busiest rpc: an instance is its only field, as it is the answer's.
_CREATED: Final = pb.InstanceCreated.DESCRIPTOR.full_name


def encode_event(payload: object) -> tuple[str, bytes]:
    """The full name of an event's message, and its bytes."""
    if isinstance(payload, events.InstanceCreated):
        return _CREATED, INSTANCE_BYTES.of(payload.instance)
    told = encode_chassis_event(payload)
    if told is not None:
        return told
    message = to_proto_payload(cast("events.ProvisioningEvent", payload))
    return message.DESCRIPTOR.full_name, message.SerializeToString()


def to_proto_payload(event: events.ProvisioningEvent) -> Message:
    """The message of an event."""
    match event:
        case (
            events.InstanceCreated()
            | events.InstanceImported()
            | events.InstanceMigrated()
            | events.InstanceTrialEnding()
            | events.InstanceSubscribed()
            | events.InstanceCancelled()
            | events.InstanceCancellationWithdrawn()
            | events.InstanceStopped()
            | events.InstanceStopLifted()
            | events.InstanceDeleted()
        ):
            return _to_proto_of_instance(event)
        case (
            events.TokenRequested()
            | events.TokenIssued()
            | events.TokenDeclined()
            | events.TokenRotated()
            | events.TokenRevoked()
            | events.TokenQuotaWarning()
            | events.TokenUsedUp()
        ):
            return _to_proto_of_token(event)
        case events.SandboxCreated() | events.SandboxAdvanceStarted() | events.SandboxAdvanced():
            return _to_proto_of_sandbox(event)
        case (
            events.MemberCreated()
            | events.MemberUpdated()
            | events.MemberSecretRotated()
            | events.MemberRemoved()
        ):
            return _to_proto_of_member(event)
        case (
            events.ResourceCreated()
            | events.ResourceRemoved()
            | events.ResourceSuspended()
            | events.ResourceResumed()
        ):
            return _to_proto_of_resource(event)
        case events.PrincipalChanged():
            return pb.PrincipalChanged(
                account=event.account,
                from_member=event.from_member,
                to_member=event.to_member,
                changed_by=event.changed_by,
                reason=event.reason,
            )
        case events.AccountCreated(account):
            return pb.AccountCreated(account=to_proto_account(account))
        case events.AccountUpdated(account):
            return pb.AccountUpdated(account=to_proto_account(account))
        case events.IntegratorEnrolled(integrator):
            return pb.IntegratorEnrolled(integrator=to_proto_integrator(integrator))
        case events.IntegratorUpdated(integrator):
            return pb.IntegratorUpdated(integrator=to_proto_integrator(integrator))
        case _:
            assert_never(event)


def _to_proto_of_instance(event: events.InstanceEvent) -> Message:
    instance = to_proto_instance(event.instance)
    match event:
        case events.InstanceCreated():
            return pb.InstanceCreated(instance=instance)
        case events.InstanceImported():
            return pb.InstanceImported(instance=instance)
        case events.InstanceMigrated(_, plan, month):
            first = to_proto_date(month)
            return pb.InstanceMigrated(
                instance=instance, plan=f"plans/{plan}", first_billed_month=first
            )
        case events.InstanceTrialEnding(_, trial_end_at):
            return pb.InstanceTrialEnding(
                instance=instance, trial_end_time=to_proto_timestamp(trial_end_at)
            )
        case events.InstanceSubscribed(_, plan):
            return pb.InstanceSubscribed(instance=instance, plan=f"plans/{plan}")
        case events.InstanceCancelled():
            return pb.InstanceCancelled(instance=instance)
        case events.InstanceCancellationWithdrawn():
            return pb.InstanceCancellationWithdrawn(instance=instance)
        case events.InstanceStopped(_, reason, note):
            return pb.InstanceStopped(instance=instance, reason=STOP_NUMBERS[reason], note=note)
        case events.InstanceStopLifted(_, reason):
            return pb.InstanceStopLifted(instance=instance, reason=STOP_NUMBERS[reason])
        case events.InstanceDeleted():
            return pb.InstanceDeleted(instance=instance)
        case _:
            assert_never(event)


def _to_proto_of_token(event: events.TokenEvent) -> Message:
    token = to_proto_token(event.token)
    match event:
        case events.TokenRequested():
            return pb.TokenRequested(token=token)
        case events.TokenIssued():
            return pb.TokenIssued(token=token)
        case events.TokenDeclined():
            return pb.TokenDeclined(token=token)
        case events.TokenRotated():
            return pb.TokenRotated(token=token)
        case events.TokenRevoked():
            return pb.TokenRevoked(token=token)
        case events.TokenQuotaWarning(_, percent):
            return pb.TokenQuotaWarning(token=token, percent=percent)
        case events.TokenUsedUp():
            return pb.TokenUsedUp(token=token)
        case _:
            assert_never(event)


def _to_proto_of_sandbox(event: events.SandboxEvent) -> Message:
    sandbox = to_proto_sandbox(event.sandbox)
    match event:
        case events.SandboxCreated():
            return pb.SandboxCreated(sandbox=sandbox)
        case events.SandboxAdvanceStarted():
            return pb.SandboxAdvanceStarted(sandbox=sandbox)
        case events.SandboxAdvanced(_, from_at):
            return pb.SandboxAdvanced(sandbox=sandbox, from_time=to_proto_timestamp(from_at))
        case _:
            assert_never(event)


def _to_proto_of_member(event: events.MemberEvent) -> Message:
    member = to_proto_member(event.member)
    match event:
        case events.MemberCreated():
            return pb.MemberCreated(member=member)
        case events.MemberUpdated():
            return pb.MemberUpdated(member=member)
        case events.MemberSecretRotated():
            return pb.MemberSecretRotated(member=member)
        case events.MemberRemoved():
            return pb.MemberRemoved(member=member)
        case _:
            assert_never(event)


def _to_proto_of_resource(event: events.ResourceEvent) -> Message:
    resource = to_proto_resource(event.resource)
    match event:
        case events.ResourceCreated():
            return pb.ResourceCreated(resource=resource)
        case events.ResourceRemoved():
            return pb.ResourceRemoved(resource=resource)
        case events.ResourceSuspended():
            return pb.ResourceSuspended(resource=resource)
        case events.ResourceResumed():
            return pb.ResourceResumed(resource=resource)
        case _:
            assert_never(event)
