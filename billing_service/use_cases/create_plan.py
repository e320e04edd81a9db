"""Creates a plan with its first version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.errors import PlanAlreadyExists
from billing_service.domain.events import PlanCreated
from billing_service.domain.plan import Plan, first_plan
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CreatePlan:
    """Something is to be sold; the plan holds its one version."""

    plan: Plan


def gather(tx: Transaction, commands: Sequence[CreatePlan]) -> Facts:
    """Plans of the same ids, and all meters."""
    facts = Facts()
    gathering.gather_plans(tx, facts, [command.plan.plan_id for command in commands])
    gathering_catalog.gather_meters(tx, facts)
    return facts


def decide(facts: Facts, command: CreatePlan, _now: int) -> Effects[Plan]:
    """Create the plan, unless its id is taken or its prices are no prices."""
    if command.plan.plan_id in facts.plans:
        raise PlanAlreadyExists(command.plan.plan_id)
    plan = first_plan(command.plan, facts.meters)
    return Effects(plan, changes=(plan,), events=(Event("", PlanCreated(plan)),))


CREATE_PLAN: Final[UseCase[CreatePlan, Facts, Plan]] = UseCase(
    name="create_plan",
    scope=lambda _command: Scope(),
    gather=gather,
    decide=decide,
    apply=save,
)
