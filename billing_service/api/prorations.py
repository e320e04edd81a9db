"""How changes are charged, as messages."""

from typing import Final

from pospago.billing.v1 import proration_pb2 as pb

from billing_service.api.figures import Choice
from billing_service.domain.proration import (
    STANDARD_PRORATION,
    AllowanceSwitch,
    ChangeDay,
    Granularity,
    Proration,
    ProrationMode,
)

MODES: Final = Choice.of(pb.Proration.Mode, "MODE", ProrationMode)
GRANULARITIES: Final = Choice.of(pb.Proration.Granularity, "GRANULARITY", Granularity)
CHANGE_DAYS: Final = Choice.of(pb.Proration.ChangeDay, "CHANGE_DAY", ChangeDay)
SWITCHES: Final = Choice.of(pb.Proration.AllowanceSwitch, "ALLOWANCE_SWITCH", AllowanceSwitch)


def to_proto_proration(proration: Proration) -> pb.Proration:
    """How a change is charged, every field of it."""
    return pb.Proration(
        mode=MODES.numbers[proration.mode],
        granularity=GRANULARITIES.numbers[proration.granularity],
        change_day=CHANGE_DAYS.numbers[proration.change_day],
        allowances=SWITCHES.numbers[proration.allowances],
    )


def from_proto_default(message: pb.Proration) -> Proration:
    """How changes are charged where nobody says so: as a plan states, and else as is usual."""
    usual = STANDARD_PRORATION
    return Proration(
        mode=MODES.read(message.mode, usual.mode),
        granularity=GRANULARITIES.read(message.granularity, usual.granularity),
        change_day=CHANGE_DAYS.read(message.change_day, usual.change_day),
        allowances=SWITCHES.read(message.allowances, usual.allowances),
    )
