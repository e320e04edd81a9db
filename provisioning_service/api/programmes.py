"""The programme of an integrator, to and from the contract's message."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from pospago.provisioning.v1 import integrator_pb2 as pb
from pospago.provisioning.v1 import token_pb2

from chassis.errors import FieldImmutable
from provisioning_service.api.times import from_proto_duration, to_proto_duration
from provisioning_service.domain.programme import CancelledExpiry, Programme, TokenApproval
from provisioning_service.domain.token import Rung

_APPROVALS: Final = {
    pb.Programme.TOKEN_APPROVAL_AUTOMATIC: TokenApproval.AUTOMATIC,
    pb.Programme.TOKEN_APPROVAL_MANUAL: TokenApproval.MANUAL,
}
_EXPIRIES: Final = {
    pb.Programme.CANCELLED_EXPIRY_MOVES_WITH_PAYMENTS: CancelledExpiry.MOVES_WITH_PAYMENTS,
    pb.Programme.CANCELLED_EXPIRY_FIXED_AT_CANCELLATION: CancelledExpiry.FIXED_AT_CANCELLATION,
}
_APPROVAL_NUMBERS: Final = {each: number for number, each in _APPROVALS.items()}
_EXPIRY_NUMBERS: Final = {each: number for number, each in _EXPIRIES.items()}

_MASK: Final = "programme"


def _length(name: str) -> Callable[[pb.Programme], int | None]:
    def read(message: pb.Programme) -> int | None:
        if not message.HasField(name):
            return None
        return from_proto_duration(getattr(message, name))

    return read


def _quota_warning_percent(message: pb.Programme) -> int | None:
    stated = message.HasField("quota_warning_percent")
    return message.quota_warning_percent if stated else None


# Field of the contract -> field of the domain, and how to read it: None where it is unset.
_READERS: Final[Mapping[str, tuple[str, Callable[[pb.Programme], Any]]]] = {
    "ladder": (
        "ladder",
        lambda each: tuple(Rung(rung.creations_max, rung.band) for rung in each.ladder) or None,
    ),
    "trial_length": ("trial_length_us", _length("trial_length")),
    "trial_length_max": ("trial_length_max_us", _length("trial_length_max")),
    "lapsed_trial_retention": ("lapsed_trial_retention_us", _length("lapsed_trial_retention")),
    "licences_min": ("licences_min", lambda each: each.licences_min or None),
    "token_approval": ("token_approval", lambda each: _APPROVALS.get(each.token_approval)),
    "cancelled_expiry": ("cancelled_expiry", lambda each: _EXPIRIES.get(each.cancelled_expiry)),
    "unpaid_reaches_prepaid": (
        "unpaid_reaches_prepaid",
        lambda each: each.unpaid_reaches_prepaid,
    ),
    "plan": ("plan", lambda each: each.plan.removeprefix("plans/") or None),
    "migrated_band": ("migrated_band", lambda each: each.migrated_band or None),
    "quota_warning_percent": ("quota_warning_percent", _quota_warning_percent),
    "trial_warning": ("trial_warning_us", _length("trial_warning")),
}


def from_proto_programme(message: pb.Programme, defaults: Programme) -> Programme:
    """The programme that a message states; unset fields take the default."""
    return Programme(
        **{each.name: getattr(defaults, each.name) for each in fields(defaults)}
        | _read(message, tuple(_READERS), defaults)
    )


def from_proto_changes(
    message: pb.Programme, mask: Sequence[str], defaults: Programme
) -> dict[str, Any]:
    """The fields of the programme that a masked message changes; an empty mask means all.

    Errors:  FieldImmutable if the mask names anything but the programme and its fields.
    """
    if not mask or _MASK in mask:
        wanted: tuple[str, ...] = tuple(_READERS)
    else:
        wanted = tuple(path.removeprefix(f"{_MASK}.") for path in mask)
    for path in (*mask, *wanted):
        if path != _MASK and path.removeprefix(f"{_MASK}.") not in _READERS:
            changeable = (_MASK, *(f"{_MASK}.{name}" for name in _READERS))
            raise FieldImmutable(f"integrator.{path}", changeable)
    return _read(message, wanted, defaults)


def _read(message: pb.Programme, names: Sequence[str], defaults: Programme) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in names:
        field, read = _READERS[name]
        value = read(message)
        values[field] = getattr(defaults, field) if value is None else value
    return values


def to_proto_programme(programme: Programme) -> pb.Programme:
    """A programme as the contract tells it."""
    return pb.Programme(
        ladder=[
            token_pb2.Rung(creations_max=rung.creations_max, band=rung.band)
            for rung in programme.ladder
        ],
        trial_length=to_proto_duration(programme.trial_length_us),
        trial_length_max=to_proto_duration(programme.trial_length_max_us),
        lapsed_trial_retention=to_proto_duration(programme.lapsed_trial_retention_us),
        licences_min=programme.licences_min,
        token_approval=_APPROVAL_NUMBERS[programme.token_approval],
        cancelled_expiry=_EXPIRY_NUMBERS[programme.cancelled_expiry],
        unpaid_reaches_prepaid=programme.unpaid_reaches_prepaid,
        plan=f"plans/{programme.plan}",
        migrated_band=programme.migrated_band,
        quota_warning_percent=programme.quota_warning_percent,
        trial_warning=to_proto_duration(programme.trial_warning_us),
    )
