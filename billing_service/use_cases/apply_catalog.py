"""Makes the stored meters, tax profiles and plans what a catalogue says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain import catalog, events
from billing_service.domain.catalog import Action, Catalog, CatalogChange, Stored
from billing_service.domain.catalog_errors import CatalogChanged
from billing_service.domain.meter import Meter
from billing_service.domain.plan import Plan
from billing_service.domain.tax import TaxProfile
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class ApplyCatalog:
    """A catalogue is to hold; further versions of plans and tax profiles from an instant on.

    `digest` is that of the changes that were looked at ('': whatever they are).
    """

    catalog: Catalog
    effective_at: int | None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class AppliedCatalog:
    """What is changed, in the order of the catalogue, and what tells it from other changes."""

    changes: tuple[CatalogChange, ...]
    digest: str


def gather(tx: Transaction, commands: Sequence[ApplyCatalog]) -> Facts:
    """All meters and tax profiles, and the plans that are named."""
    facts = Facts()
    gathering_catalog.gather_meters(tx, facts)
    gathering.gather_tax_profiles(tx, facts)
    plans = {plan.plan_id for command in commands for plan in command.catalog.plans}
    gathering.gather_plans(tx, facts, plans)
    return facts


def decide(facts: Facts, command: ApplyCatalog, now: int) -> Effects[AppliedCatalog]:
    """Create, change and version what differs; all of it or nothing."""
    applied = _propose(facts, command)
    catalog.check_time(applied.changes, command.effective_at, now)
    changed = [each for each in applied.changes if each.action is not Action.NONE]
    return Effects(
        applied,
        changes=tuple(each.after for each in changed),
        events=tuple(Event("", told) for each in changed for told in _told(each)),
    )


def would_change(tx: Transaction, command: ApplyCatalog, now: int) -> AppliedCatalog:
    """What the command would change; nothing is written. The time may be left open.

    Errors:  as `decide`.
    """
    applied = _propose(gather(tx, [command]), command)
    if command.effective_at is not None:
        catalog.check_time(applied.changes, command.effective_at, now)
    return applied


def _propose(facts: Facts, command: ApplyCatalog) -> AppliedCatalog:
    stored = Stored(facts.meters, facts.tax_profiles, facts.plans)
    catalog.check(stored, command.catalog)
    changes = catalog.diff(stored, command.catalog, command.effective_at)
    digest = catalog.digest_of(changes)
    if command.digest not in {"", digest}:
        raise CatalogChanged(digest)
    return AppliedCatalog(tuple(changes), digest)


def _told(change: CatalogChange) -> Iterator[object]:
    """The events that tell of a change; a further version follows what changes beside it."""
    match change.after, change.action:
        case Meter() as meter, Action.CREATE:
            yield events.MeterCreated(meter)
        case Meter() as meter, _:
            yield events.MeterUpdated(meter)
        case TaxProfile() as profile, Action.CREATE:
            yield events.TaxProfileCreated(profile)
        case TaxProfile() as profile, _:
            if change.is_renamed:
                yield events.TaxProfileUpdated(profile)
            if change.action is Action.ADD_VERSION:
                yield events.TaxProfileVersionAdded(profile)
        case Plan() as plan, Action.CREATE:
            yield events.PlanCreated(plan)
        case Plan() as plan, _:
            if change.is_renamed:
                yield events.PlanUpdated(plan)
            if change.action is Action.ADD_VERSION:
                yield events.PlanVersionAdded(plan)


APPLY_CATALOG: Final[UseCase[ApplyCatalog, Facts, AppliedCatalog]] = UseCase(
    name="apply_catalog",
    scope=lambda _command: Scope(),
    gather=gather,
    decide=decide,
    apply=save,
)
