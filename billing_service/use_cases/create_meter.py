"""Creates a meter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.catalog_errors import MeterAlreadyExists
from billing_service.domain.events import MeterCreated
from billing_service.domain.meter import Meter
from billing_service.storage import gathering_catalog
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CreateMeter:
    """Something is to be measured."""

    meter: Meter


def gather(tx: Transaction, _commands: Sequence[CreateMeter]) -> Facts:
    """All meters."""
    facts = Facts()
    gathering_catalog.gather_meters(tx, facts)
    return facts


def decide(facts: Facts, command: CreateMeter, _now: int) -> Effects[Meter]:
    """Create the meter, unless its id is taken or it has no value to sum up."""
    meter = command.meter
    if meter.meter_id in facts.meters:
        raise MeterAlreadyExists(meter.meter_id)
    meter.check()
    return Effects(meter, changes=(meter,), events=(Event("", MeterCreated(meter)),))


CREATE_METER: Final[UseCase[CreateMeter, Facts, Meter]] = UseCase(
    name="create_meter",
    scope=lambda _command: Scope(),
    gather=gather,
    decide=decide,
    apply=save,
)
