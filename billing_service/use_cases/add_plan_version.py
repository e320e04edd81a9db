"""Adds a version to a plan, in force from a later instant on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.errors import PlanNotFound
from billing_service.domain.events import PlanVersionAdded
from billing_service.domain.plan import Plan, PlanVersion
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class AddPlanVersion:
    """A plan's prices are to change at an instant that lies ahead."""

    plan_id: str
    version: PlanVersion


def gather(tx: Transaction, commands: Sequence[AddPlanVersion]) -> Facts:
    """The plans, and all meters."""
    facts = Facts()
    gathering.gather_plans(tx, facts, [command.plan_id for command in commands])
    gathering_catalog.gather_meters(tx, facts)
    return facts


def decide(facts: Facts, command: AddPlanVersion, now: int) -> Effects[Plan]:
    """Add the version, unless it lies behind or drops a price."""
    plan = facts.plans.get(command.plan_id)
    if plan is None:
        raise PlanNotFound(command.plan_id)
    changed = plan.with_version(command.version, now, facts.meters)
    return Effects(changed, changes=(changed,), events=(Event("", PlanVersionAdded(changed)),))


ADD_PLAN_VERSION: Final[UseCase[AddPlanVersion, Facts, Plan]] = UseCase(
    name="add_plan_version",
    scope=lambda _command: Scope(),
    gather=gather,
    decide=decide,
    apply=save,
)
