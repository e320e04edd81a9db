"""Instances, and the one table of what may happen to them in which state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from provisioning_service.domain.errors import IllegalTransition


class InstanceState(Enum):
    """Where an instance stands in its life."""

    TRIAL = "trial"
    ACTIVE = "active"
    CANCELLING = "cancelling"
    INACTIVE = "inactive"
    DELETED = "deleted"


class StopReason(Enum):
    """Why an instance does not run although its life goes on. The value is its order."""

    TRIAL_ENDED = 1
    UNPAID = 2
    OPERATOR = 3
    PREPAID_ENDED = 4


class PaymentType(Enum):
    """How an instance is paid for."""

    PREPAY = "prepay"
    POSTPAY = "postpay"


class DeletionReason(Enum):
    """Why an instance was deleted."""

    TRIAL_LAPSED = "trial_lapsed"
    CANCELLED_BEFORE_SUBSCRIPTION = "cancelled_before_subscription"
    CANCELLED = "cancelled"
    UNPAID = "unpaid"


class Action(Enum):
    """What may happen to an instance."""

    SUBSCRIBE = "subscribe"
    CANCEL = "cancel"
    SUSPEND = "suspend"
    RESUME = "resume"
    MIGRATE = "migrate"
    END_TRIAL = "end trial"
    LAPSE = "lapse"
    RUN_OUT = "run out"
    END_PREPAID = "end prepaid"
    STOP_UNPAID = "stop unpaid"
    DELETE_UNPAID = "delete unpaid"


class Instance(NamedTuple):
    """Something that runs for an integrator's customer. A tuple: the busiest call makes them.

    Shapes:  `rung` is 0 for those that no token created; `stop_reasons` is sorted; `cap_on` is the
             last day of service that a cancelled one can reach, and with `expiry_fixed` the one it
             has; `purge_at` is when it will be deleted by itself, as things stand.
    """

    account: str
    id: str
    display_name: str
    created_at: int
    state: InstanceState
    stop_reasons: tuple[StopReason, ...] = ()
    payment_type: PaymentType = PaymentType.POSTPAY
    band: int = 0
    rung: int = 0
    paid_through_on: date | None = None
    first_billed_month: date | None = None
    cap_on: date | None = None
    expiry_fixed: bool = False
    trial_end_at: int | None = None
    subscribed_at: int | None = None
    last_subscribed_at: int | None = None
    cancelled_at: int | None = None
    purge_at: int | None = None
    deleted_at: int | None = None
    deletion_reason: DeletionReason | None = None
    version: int = 1

    @property
    def name(self) -> str:
        """The resource name."""
        return f"accounts/{self.account}/instances/{self.id}"

    @property
    def is_deleted(self) -> bool:
        """Whether only its record is left."""
        return self.state is InstanceState.DELETED

    @property
    def is_migrated(self) -> bool:
        """Whether it was taken from prepaid into postpaid."""
        return self.first_billed_month is not None


@dataclass(frozen=True, slots=True)
class InstanceView:
    """An instance with the last day of service that is shown of it."""

    instance: Instance
    expires_on: date | None


_S = InstanceState
_A = Action

TRANSITIONS: Final[Mapping[tuple[InstanceState, Action], InstanceState]] = MappingProxyType(
    {
        (_S.TRIAL, _A.SUBSCRIBE): _S.ACTIVE,
        (_S.TRIAL, _A.CANCEL): _S.DELETED,
        (_S.TRIAL, _A.SUSPEND): _S.TRIAL,
        (_S.TRIAL, _A.RESUME): _S.TRIAL,
        (_S.TRIAL, _A.END_TRIAL): _S.TRIAL,
        (_S.TRIAL, _A.LAPSE): _S.DELETED,
        (_S.TRIAL, _A.STOP_UNPAID): _S.TRIAL,
        (_S.TRIAL, _A.DELETE_UNPAID): _S.DELETED,
        (_S.ACTIVE, _A.CANCEL): _S.CANCELLING,
        (_S.ACTIVE, _A.SUSPEND): _S.ACTIVE,
        (_S.ACTIVE, _A.RESUME): _S.ACTIVE,
        (_S.ACTIVE, _A.MIGRATE): _S.ACTIVE,
        (_S.ACTIVE, _A.END_PREPAID): _S.ACTIVE,
        (_S.ACTIVE, _A.STOP_UNPAID): _S.ACTIVE,
        (_S.ACTIVE, _A.DELETE_UNPAID): _S.DELETED,
        (_S.CANCELLING, _A.SUBSCRIBE): _S.ACTIVE,
        (_S.CANCELLING, _A.SUSPEND): _S.CANCELLING,
        (_S.CANCELLING, _A.RESUME): _S.CANCELLING,
        (_S.CANCELLING, _A.RUN_OUT): _S.DELETED,
        (_S.CANCELLING, _A.STOP_UNPAID): _S.CANCELLING,
        (_S.CANCELLING, _A.DELETE_UNPAID): _S.DELETED,
        (_S.INACTIVE, _A.CANCEL): _S.DELETED,
        (_S.INACTIVE, _A.DELETE_UNPAID): _S.DELETED,
    }
)
"""The state that follows, for all that may happen. What is missing is refused."""

_REMEDIES: Final[Mapping[tuple[InstanceState, Action], str]] = MappingProxyType(
    {
        (_S.ACTIVE, _A.SUBSCRIBE): "it is subscribed, or paid in advance: nothing is left to do",
        (_S.CANCELLING, _A.CANCEL): "it is cancelled already; subscribe it to withdraw that",
        (_S.INACTIVE, _A.SUBSCRIBE): "it can only be deleted; create one with a token instead",
        (_S.INACTIVE, _A.SUSPEND): "it does not run; cancel it to delete it",
        (_S.INACTIVE, _A.RESUME): "it can only be deleted; create one with a token instead",
    }
)
_REMEDY_DELETED: Final = "it is gone for good; create another"


def next_state(instance: Instance, action: Action) -> InstanceState:
    """The state that follows an action.

    Errors:  IllegalTransition, naming the state and the remedy.
    """
    following = TRANSITIONS.get((instance.state, action))
    if following is None:
        state = instance.state
        remedy = _REMEDY_DELETED if state is _S.DELETED else _REMEDIES.get((state, action))
        raise IllegalTransition(
            instance.name, state.name, remedy or f"it cannot {action.value} in this state"
        )
    return following
