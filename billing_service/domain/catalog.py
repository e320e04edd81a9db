"""Catalogues as code: what makes the stored meters, tax profiles and plans what one says.

Source:  docs/decisions/0012-catalogue-as-code.md
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from hashlib import sha256
from typing import Final

from billing_service.domain import price_rules
from billing_service.domain.catalog_errors import CatalogTimeNotAhead, VersionPolicyFixed
from billing_service.domain.catalog_fields import (
    FieldChange,
    Fields,
    differences,
    meter_fields,
    order_change,
    plan_head_fields,
    plan_version_fields,
    tax_head_fields,
    tax_version_fields,
)
from billing_service.domain.meter import Meter
from billing_service.domain.plan import Plan
from billing_service.domain.plan import faults as version_faults
from billing_service.domain.price_models import Fault
from billing_service.domain.tax import TaxProfile, check_alike, check_rates
from billing_service.domain.versions import Version, bound_of

Entity = Meter | TaxProfile | Plan
_LISTED_AS: Final = {Meter: "meters", TaxProfile: "tax_profiles", Plan: "plans"}


class Action(Enum):
    """What is done with a meter, tax profile or plan."""

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    ADD_VERSION = "add_version"


@dataclass(frozen=True, slots=True)
class Catalog:
    """What shall be: meters, and tax profiles and plans with the one version that shall hold."""

    meters: tuple[Meter, ...] = ()
    tax_profiles: tuple[TaxProfile, ...] = ()
    plans: tuple[Plan, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """What there is, by id."""

    meters: Mapping[str, Meter]
    tax_profiles: Mapping[str, TaxProfile]
    plans: Mapping[str, Plan]


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """What becomes of one entity: `fields` differ, `after` is its new state.

    `is_renamed` tells that something beside prices and rates changes, `version` is its last one.
    """

    name: str
    action: Action
    after: Entity
    fields: tuple[FieldChange, ...] = ()
    version: int = 0
    is_renamed: bool = False


def check(stored: Stored, wanted: Catalog) -> None:
    """Refuse a catalogue with faults, named by their paths; of the prices, all at once.

    Errors:  InvalidMeter, MeterInUse, InvalidTaxRates, VersionPolicyFixed; InvalidPrices,
             CurrencyUnknown or MeterNotFound, whichever fault is first.
    """
    for place, meter in enumerate(wanted.meters):
        meter.check(f"catalog.meters[{place}].")
        if meter.meter_id in stored.meters:
            stored.meters[meter.meter_id].renamed(meter)
    for place, profile in enumerate(wanted.tax_profiles):
        _check_rates(stored, profile, f"catalog.tax_profiles[{place}].versions[0].")
    meters = {**stored.meters, **{each.meter_id: each for each in wanted.meters}}
    found = [
        fault
        for place, plan in enumerate(wanted.plans)
        for fault in _plan_faults(stored, plan, f"catalog.plans[{place}].", meters)
    ]
    if found:
        raise price_rules.refusal(found)


def diff(stored: Stored, wanted: Catalog, effective_at: int | None) -> list[CatalogChange]:
    """What becomes of each entity of a catalogue without faults, in its order.

    Further versions take force at `effective_at`; None while that is not settled.
    """
    return [
        *(_of_meter(stored.meters.get(each.meter_id), each) for each in wanted.meters),
        *(
            _of_tax_profile(stored.tax_profiles.get(each.tax_profile_id), each, effective_at)
            for each in wanted.tax_profiles
        ),
        *(_of_plan(stored.plans.get(each.plan_id), each, effective_at) for each in wanted.plans),
    ]


def check_time(changes: Sequence[CatalogChange], effective_at: int | None, now: int) -> None:
    """Refuse a time at which further versions cannot take force.

    Errors:  CatalogTimeNotAhead, with the path of each entity that needs a later one.
    """
    found = list(_time_faults(changes, effective_at, now))
    if found:
        raise CatalogTimeNotAhead(found)


def digest_of(changes: Sequence[CatalogChange]) -> str:
    """What tells these changes from others: all they say, and all that is created or added.

    When they take force is not part of it: the request states that beside.
    """
    told = [
        [
            change.name,
            change.action.value,
            change.version,
            [asdict(each) for each in change.fields],
            _fields_of(change.after) if change.action is not Action.NONE else {},
        ]
        for change in changes
    ]
    return sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def _time_faults(
    changes: Sequence[CatalogChange], effective_at: int | None, now: int
) -> Iterator[Fault]:
    """The entities whose further version must take force later, by their place in the catalogue."""
    seen = Counter[str]()
    for change in changes:
        listed = _LISTED_AS[type(change.after)]
        place, seen[listed] = seen[listed], seen[listed] + 1
        if change.action is Action.ADD_VERSION and not isinstance(change.after, Meter):
            *before, _added = change.after.versions
            bound = bound_of(before, now)
            if effective_at is None or effective_at <= bound.at:
                text = f"needs an effective_time after {bound.text}"
                yield Fault(f"catalog.{listed}[{place}]", text)


def _check_rates(stored: Stored, profile: TaxProfile, prefix: str) -> None:
    (draft,) = profile.versions
    before = stored.tax_profiles.get(profile.tax_profile_id)
    check_rates(draft, prefix)
    if before is not None:
        check_alike(before.versions[-1], draft, prefix)


def _plan_faults(
    stored: Stored, plan: Plan, path: str, meters: Mapping[str, Meter]
) -> Iterator[Fault]:
    """What is wrong with a plan's version, by path from the request."""
    (draft,) = plan.versions
    before = stored.plans.get(plan.plan_id)
    if before is not None and before.policy is not plan.policy:
        raise VersionPolicyFixed(f"{path}version_policy")
    last = before.versions[-1] if before else None
    for fault in version_faults(draft, last, meters):
        yield replace(fault, path=f"{path}versions[0].{fault.path}")


def _of_meter(before: Meter | None, wanted: Meter) -> CatalogChange:
    name = f"meters/{wanted.meter_id}"
    if before is None:
        return CatalogChange(name, Action.CREATE, wanted)
    changed = differences(meter_fields(before), meter_fields(wanted))
    return CatalogChange(name, Action.UPDATE if changed else Action.NONE, wanted, changed)


def _of_tax_profile(
    before: TaxProfile | None, wanted: TaxProfile, effective_at: int | None
) -> CatalogChange:
    name = f"taxProfiles/{wanted.tax_profile_id}"
    (draft,) = wanted.versions
    if before is None:
        first = replace(draft, version=1, effective_at=None)
        return CatalogChange(name, Action.CREATE, replace(wanted, versions=(first,)), version=1)
    last = before.versions[-1]
    head = differences(tax_head_fields(before), tax_head_fields(wanted))
    body = differences(tax_version_fields(last), tax_version_fields(draft))
    added = replace(draft, version=last.version + 1, effective_at=effective_at)
    versions = (*before.versions, added) if body else before.versions
    return _changed(name, replace(wanted, versions=versions), head, body)


def _of_plan(before: Plan | None, wanted: Plan, effective_at: int | None) -> CatalogChange:
    name = f"plans/{wanted.plan_id}"
    (draft,) = wanted.versions
    if before is None:
        first = replace(draft, version=1, effective_at=None)
        return CatalogChange(name, Action.CREATE, replace(wanted, versions=(first,)), version=1)
    last = before.versions[-1]
    head = differences(plan_head_fields(before), plan_head_fields(wanted))
    body = differences(plan_version_fields(last), plan_version_fields(draft))
    body += order_change(last, draft)
    added = replace(draft, version=last.version + 1, effective_at=effective_at)
    versions = (*before.versions, added) if body else before.versions
    return _changed(name, replace(wanted, versions=versions), head, body)


def _changed(
    name: str,
    after: TaxProfile | Plan,
    head: tuple[FieldChange, ...],
    body: tuple[FieldChange, ...],
) -> CatalogChange:
    """The change whose differences lie in the head of an entity, and in its version."""
    action = Action.ADD_VERSION if body else Action.UPDATE if head else Action.NONE
    last: Version = after.versions[-1]
    return CatalogChange(name, action, after, head + body, last.version, is_renamed=bool(head))


def _fields_of(entity: Entity) -> Fields:
    """All fields of an entity, with those of its last version."""
    match entity:
        case Meter():
            return meter_fields(entity)
        case TaxProfile():
            return tax_head_fields(entity) | tax_version_fields(entity.versions[-1])
        case Plan():
            policy = {"version_policy": entity.policy.value}
            return policy | plan_head_fields(entity) | plan_version_fields(entity.versions[-1])
