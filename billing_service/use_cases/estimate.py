"""What something would cost, as things are stored now; nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from billing_service.domain.calendar import month_of
from billing_service.domain.errors import PlanNotFound, TaxProfileNotFound
from billing_service.domain.estimate import Asked, Estimate, estimate
from billing_service.domain.estimate_errors import CurrencyNeeded
from billing_service.domain.meter import Meter
from billing_service.domain.money import minor_digits
from billing_service.domain.plan import Plan, first_plan
from billing_service.domain.plan_timeline import PricedPlan
from billing_service.domain.quantities import Quantities
from billing_service.domain.tax import (
    Taxation,
    TaxProfile,
    TaxProfileVersion,
    TaxTreatment,
    first_tax_profile,
)
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.gathering_catalog import gather_meters, gather_price_changes
from chassis.database import Transaction
from chassis.errors import AccountNotFound

# Where days begin for an estimate without account.
NO_ZONE: Final = "UTC"


@dataclass(frozen=True, slots=True)
class InlinePlan:
    """A plan that is not stored, still unchecked, and its meters."""

    plan: Plan
    meters: tuple[Meter, ...] = ()


@dataclass(frozen=True, slots=True)
class EstimateCost:
    """What to estimate. `source` is the id of a stored plan, or a plan.

    `pinned` 0, `account`, `currency` and `begins_on` unset are as the contract says; `taxed_by` is
    the id of a tax profile, rates that are not stored, or None for what holds for the account.
    """

    source: str | InlinePlan
    quantities: Quantities
    account: str = ""
    pinned: int = 0
    currency: str = ""
    band: int = 0
    begins_on: date | None = None
    ends_on: date | None = None
    months: int = 1
    taxed_by: str | TaxProfileVersion | None = None
    treatment: TaxTreatment | None = None


def estimate_cost(tx: Transaction, query: EstimateCost, now: int) -> Estimate:
    """The invoices that the subscription would have; nothing is written.

    Errors:  as the contract lists them.
    """
    facts = _gather(tx, query)
    if query.account and query.account not in facts.accounts:
        raise AccountNotFound(query.account)
    zone = facts.accounts[query.account].time_zone if query.account else NO_ZONE
    meters = _meters(facts, query.source)
    plan = _plan(facts, query.source, meters)
    priced = PricedPlan(
        plan=plan,
        band=query.band,
        currency=_currency(facts, query, plan, now),
        zone=zone,
        pinned=query.pinned,
        changes=tuple(facts.price_changes.values()),
    )
    asked = Asked(
        begins_on=query.begins_on or month_of(now, zone),
        ends_on=query.ends_on,
        months=query.months,
        quantities=query.quantities,
    )
    units = {meter_id: meter.unit for meter_id, meter in meters.items()}
    return estimate(priced, asked, units=units, taxation=_taxation(facts, query))


def _gather(tx: Transaction, query: EstimateCost) -> Facts:
    facts = Facts()
    gather_meters(tx, facts)
    gathering.gather_tax_profiles(tx, facts)
    if isinstance(query.source, str):
        gathering.gather_plans(tx, facts, [query.source])
    if query.account:
        gathering.gather_accounts(tx, facts, [query.account])
        gathering.gather_terms(tx, facts)
        gather_price_changes(tx, facts, [query.account])
    return facts


def _meters(facts: Facts, source: str | InlinePlan) -> Mapping[str, Meter]:
    """The meters that there are, those of the request among them.

    Errors:  InvalidMeter.
    """
    stated = () if isinstance(source, str) else source.meters
    for place, meter in enumerate(stated):
        meter.check(f"inline_plan.meters[{place}].")
    return {**facts.meters, **{meter.meter_id: meter for meter in stated}}


def _plan(facts: Facts, source: str | InlinePlan, meters: Mapping[str, Meter]) -> Plan:
    if not isinstance(source, str):
        return first_plan(source.plan, meters, prefix="inline_plan.plan.versions[0].")
    plan = facts.plans.get(source)
    if plan is None:
        raise PlanNotFound(source)
    return plan


def _currency(facts: Facts, query: EstimateCost, plan: Plan, now: int) -> str:
    """The currency asked for, that of the account, or the only one the plan is priced in."""
    if query.currency:
        minor_digits(query.currency)
        return query.currency
    if query.account:
        return facts.currency_of(query.account, now)
    currencies = _currencies(plan)
    if len(currencies) > 1:
        raise CurrencyNeeded(currencies)
    return currencies[0]


def _currencies(plan: Plan) -> Sequence[str]:
    return sorted({price.currency for version in plan.versions for price in version.prices})


def _taxation(facts: Facts, query: EstimateCost) -> Taxation | None:
    own = facts.taxation_of(query.account) if query.account else None
    profile = _tax_profile(facts, query.taxed_by) or (own.profile if own else None)
    if profile is None:
        return None
    usual = facts.profiles[query.account].tax_treatment if query.account else TaxTreatment.STANDARD
    return Taxation(profile, query.treatment or usual)


def _tax_profile(facts: Facts, taxed_by: str | TaxProfileVersion | None) -> TaxProfile | None:
    """The tax profile that the request names or states; None if it does neither.

    Errors:  TaxProfileNotFound, InvalidTaxRates.
    """
    if isinstance(taxed_by, TaxProfileVersion):
        return first_tax_profile("", "", taxed_by, prefix="inline_tax.")
    if taxed_by is not None and taxed_by not in facts.tax_profiles:
        raise TaxProfileNotFound(taxed_by)
    return None if taxed_by is None else facts.tax_profiles[taxed_by]
