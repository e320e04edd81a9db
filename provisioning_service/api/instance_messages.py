"""Instances as the contract tells them."""

from typing import Final

from pospago.provisioning.v1 import instance_pb2 as pb

from provisioning_service.api.times import to_proto_date, to_proto_timestamp
from provisioning_service.domain.instance import (
    DeletionReason,
    InstanceState,
    InstanceView,
    PaymentType,
    StopReason,
)

_STATE_NUMBERS: Final = {
    InstanceState.TRIAL: pb.Instance.STATE_TRIAL,
    InstanceState.ACTIVE: pb.Instance.STATE_ACTIVE,
    InstanceState.CANCELLING: pb.Instance.STATE_CANCELLING,
    InstanceState.INACTIVE: pb.Instance.STATE_INACTIVE,
    InstanceState.DELETED: pb.Instance.STATE_DELETED,
}
_STATES: Final = {number: state for state, number in _STATE_NUMBERS.items()}
_PAYMENT_NUMBERS: Final = {
    PaymentType.PREPAY: pb.Instance.PAYMENT_TYPE_PREPAY,
    PaymentType.POSTPAY: pb.Instance.PAYMENT_TYPE_POSTPAY,
}
_DELETION_NUMBERS: Final = {
    None: pb.Instance.DELETION_REASON_UNSPECIFIED,
    DeletionReason.TRIAL_LAPSED: pb.Instance.DELETION_REASON_TRIAL_LAPSED,
    DeletionReason.CANCELLED_BEFORE_SUBSCRIPTION: (
        pb.Instance.DELETION_REASON_CANCELLED_BEFORE_SUBSCRIPTION
    ),
    DeletionReason.CANCELLED: pb.Instance.DELETION_REASON_CANCELLED,
    DeletionReason.UNPAID: pb.Instance.DELETION_REASON_UNPAID,
}
STOP_NUMBERS: Final = {
    StopReason.TRIAL_ENDED: pb.Instance.STOP_REASON_TRIAL_ENDED,
    StopReason.UNPAID: pb.Instance.STOP_REASON_UNPAID,
    StopReason.OPERATOR: pb.Instance.STOP_REASON_OPERATOR,
    StopReason.PREPAID_ENDED: pb.Instance.STOP_REASON_PREPAID_ENDED,
}


def to_proto_instance(view: InstanceView) -> pb.Instance:
    """An instance as the contract tells it."""
    instance = view.instance
    rung = instance.rung
    return pb.Instance(
        name=instance.name,
        display_name=instance.display_name,
        state=_STATE_NUMBERS[instance.state],
        stop_reasons=[STOP_NUMBERS[each] for each in instance.stop_reasons],
        stopped=bool(instance.stop_reasons),
        payment_type=_PAYMENT_NUMBERS[instance.payment_type],
        band=instance.band,
        token=f"accounts/{instance.account}/tokens/{rung}" if rung else "",
        expire_date=to_proto_date(view.expires_on),
        paid_through_date=to_proto_date(instance.paid_through_on),
        first_billed_month=to_proto_date(instance.first_billed_month),
        create_time=to_proto_timestamp(instance.created_at),
        trial_end_time=to_proto_timestamp(instance.trial_end_at),
        subscribe_time=to_proto_timestamp(instance.subscribed_at),
        cancel_time=to_proto_timestamp(instance.cancelled_at),
        purge_time=to_proto_timestamp(instance.purge_at),
        delete_time=to_proto_timestamp(instance.deleted_at),
        deletion_reason=_DELETION_NUMBERS[instance.deletion_reason],
        etag=str(instance.version),
    )


class InstanceBytes:
    """The bytes of messages that hold an instance as field 1, and nothing else.

    The event and the answer of one write show the same view, one right after the other: the second
    gets the bytes of the first.
    """

    def __init__(self) -> None:
        self._last: tuple[InstanceView | None, bytes] = (None, b"")

    def of(self, view: InstanceView) -> bytes:
        """The bytes of any such message about `view`."""
        known, told = self._last
        if known is not view:
            told = pb.GetInstanceResponse(instance=to_proto_instance(view)).SerializeToString()
            self._last = (view, told)
        return told


INSTANCE_BYTES: Final = InstanceBytes()


def from_proto_state(number: int) -> InstanceState | None:
    """The state of an enum's number; None for the one that is never sent."""
    return _STATES.get(number)  # type: ignore[call-overload,no-any-return] # any number may come
