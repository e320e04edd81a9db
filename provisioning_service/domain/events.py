"""What this service tells the world: one type for each kind of fact."""

from dataclasses import dataclass
from datetime import date

from provisioning_service.domain.account import Account
from provisioning_service.domain.instance import InstanceView, StopReason
from provisioning_service.domain.member import MemberView
from provisioning_service.domain.programme import Integrator
from provisioning_service.domain.resource import Resource
from provisioning_service.domain.sandbox import SandboxView
from provisioning_service.domain.token import TokenView


@dataclass(frozen=True, slots=True)
class AccountCreated:
    """An account was created."""

    account: Account


@dataclass(frozen=True, slots=True)
class AccountUpdated:
    """An account was changed."""

    account: Account


@dataclass(frozen=True, slots=True)
class IntegratorEnrolled:
    """An account was enrolled in the programme."""

    integrator: Integrator


@dataclass(frozen=True, slots=True)
class IntegratorUpdated:
    """An enrolment was changed."""

    integrator: Integrator


@dataclass(frozen=True, slots=True)
class TokenRequested:
    """A token was requested."""

    token: TokenView


@dataclass(frozen=True, slots=True)
class TokenIssued:
    """A token was issued."""

    token: TokenView


@dataclass(frozen=True, slots=True)
class TokenDeclined:
    """A token was declined."""

    token: TokenView


@dataclass(frozen=True, slots=True)
class TokenRotated:
    """A token got a new secret."""

    token: TokenView


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    """A token's secret was ended."""

    token: TokenView


@dataclass(frozen=True, slots=True)
class TokenQuotaWarning:
    """So much of a token's quota is used that the next one should be requested."""

    token: TokenView
    percent: int


@dataclass(frozen=True, slots=True)
class TokenUsedUp:
    """A token served its last creation."""

    token: TokenView


@dataclass(frozen=True, slots=True)
class InstanceCreated:
    """An instance was created."""

    instance: InstanceView


@dataclass(frozen=True, slots=True)
class InstanceImported:
    """A prepaid instance was taken over."""

    instance: InstanceView


@dataclass(frozen=True, slots=True)
class InstanceMigrated:
    """A prepaid instance was taken into postpaid, at a plan's prices."""

    instance: InstanceView
    plan: str
    first_billed_month: date


@dataclass(frozen=True, slots=True)
class InstanceTrialEnding:
    """An instance's trial ends soon, and nobody has subscribed it."""

    instance: InstanceView
    trial_end_at: int


@dataclass(frozen=True, slots=True)
class InstanceSubscribed:
    """An instance was subscribed, at a plan's prices."""

    instance: InstanceView
    plan: str


@dataclass(frozen=True, slots=True)
class InstanceCancelled:
    """An instance was cancelled."""

    instance: InstanceView


@dataclass(frozen=True, slots=True)
class InstanceCancellationWithdrawn:
    """A cancellation was withdrawn."""

    instance: InstanceView


@dataclass(frozen=True, slots=True)
class InstanceStopped:
    """An instance got a reason not to run."""

    instance: InstanceView
    reason: StopReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class InstanceStopLifted:
    """An instance lost a reason not to run."""

    instance: InstanceView
    reason: StopReason


@dataclass(frozen=True, slots=True)
class InstanceDeleted:
    """An instance was deleted."""

    instance: InstanceView


@dataclass(frozen=True, slots=True)
class SandboxCreated:
    """A sandbox was created."""

    sandbox: SandboxView


@dataclass(frozen=True, slots=True)
class SandboxAdvanceStarted:
    """A sandbox was sent on its way."""

    sandbox: SandboxView


@dataclass(frozen=True, slots=True)
class SandboxAdvanced:
    """A sandbox arrived."""

    sandbox: SandboxView
    from_at: int


@dataclass(frozen=True, slots=True)
class MemberCreated:
    """A member was added to an account."""

    member: MemberView


@dataclass(frozen=True, slots=True)
class MemberUpdated:
    """A member was changed."""

    member: MemberView


@dataclass(frozen=True, slots=True)
class MemberSecretRotated:
    """A member got a new secret."""

    member: MemberView


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    """A member was removed."""

    member: MemberView


@dataclass(frozen=True, slots=True)
class PrincipalChanged:
    """An account has another principal. `from_member` is empty if nobody was."""

    account: str
    from_member: str
    to_member: str
    changed_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ResourceCreated:
    """A resource was added to what an account holds."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class ResourceRemoved:
    """A resource was removed."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class ResourceSuspended:
    """A resource was suspended, as its account may hold fewer now."""

    resource: Resource


@dataclass(frozen=True, slots=True)
class ResourceResumed:
    """A resource may be used again."""

    resource: Resource


AccountEvent = AccountCreated | AccountUpdated | IntegratorEnrolled | IntegratorUpdated
TokenEvent = (
    TokenRequested
    | TokenIssued
    | TokenDeclined
    | TokenRotated
    | TokenRevoked
    | TokenQuotaWarning
    | TokenUsedUp
)
InstanceEvent = (
    InstanceCreated
    | InstanceImported
    | InstanceMigrated
    | InstanceTrialEnding
    | InstanceSubscribed
    | InstanceCancelled
    | InstanceCancellationWithdrawn
    | InstanceStopped
    | InstanceStopLifted
    | InstanceDeleted
)
SandboxEvent = SandboxCreated | SandboxAdvanceStarted | SandboxAdvanced
MemberEvent = MemberCreated | MemberUpdated | MemberSecretRotated | MemberRemoved
ResourceEvent = ResourceCreated | ResourceRemoved | ResourceSuspended | ResourceResumed
ProvisioningEvent = (
    AccountEvent
    | TokenEvent
    | InstanceEvent
    | SandboxEvent
    | MemberEvent
    | PrincipalChanged
    | ResourceEvent
)
