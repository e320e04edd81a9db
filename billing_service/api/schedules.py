"""Schedules, from and to the contract's messages."""

from typing import Final

from pospago.billing.v1 import price_pb2 as pb

from billing_service.api.figures import Choice
from billing_service.domain.price import Anchor, IntervalUnit, PartPeriod, Schedule, Timing

_UNITS: Final = Choice.of(pb.Schedule.IntervalUnit, "INTERVAL_UNIT", IntervalUnit)
_TIMINGS: Final = Choice.of(pb.Schedule.Timing, "TIMING", Timing)
_ANCHORS: Final = Choice.of(pb.Schedule.Anchor, "ANCHOR", Anchor)
_PARTS: Final = Choice.of(pb.Schedule.PartPeriod, "PART_PERIOD", PartPeriod)


def from_proto_schedule(message: pb.Schedule, general: Schedule) -> Schedule:
    """The schedule that a message states; what it leaves out is that of the `general` one.

    Interval and instalments belong together: an interval that is stated begins with one unit of
    it, charged in one.
    """
    states_interval = bool(message.interval_unit or message.interval_count)
    return Schedule(
        interval_unit=_UNITS.read(message.interval_unit, general.interval_unit),
        interval_count=message.interval_count or (1 if states_interval else general.interval_count),
        timing=_TIMINGS.read(message.timing, general.timing),
        anchor=_ANCHORS.read(message.anchor, general.anchor),
        anchor_day=message.anchor_day or general.anchor_day,
        anchor_month=message.anchor_month or general.anchor_month,
        first_period=_PARTS.read(message.first_period, general.first_period),
        last_period=_PARTS.read(message.last_period, general.last_period),
        instalments=message.instalments or (1 if states_interval else general.instalments),
    )


def to_proto_schedule(schedule: Schedule) -> pb.Schedule:
    """A schedule as the contract tells it, nothing left out."""
    return pb.Schedule(
        interval_unit=_UNITS.numbers[schedule.interval_unit],
        interval_count=schedule.interval_count,
        timing=_TIMINGS.numbers[schedule.timing],
        anchor=_ANCHORS.numbers[schedule.anchor],
        anchor_day=schedule.anchor_day,
        anchor_month=schedule.anchor_month,
        first_period=_PARTS.numbers[schedule.first_period],
        last_period=_PARTS.numbers[schedule.last_period],
        instalments=schedule.instalments,
    )
