"""Adds a version to a tax profile, in force from a later instant on."""

from dataclasses import dataclass
from typing import Final

from billing_service.domain.errors import TaxProfileNotFound
from billing_service.domain.events import TaxProfileVersionAdded
from billing_service.domain.tax import TaxProfile, TaxProfileVersion
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.create_tax_profile import gather_tax_profiles
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class AddTaxProfileVersion:
    """Rates are to change at an instant that lies ahead."""

    tax_profile_id: str
    version: TaxProfileVersion


def decide(facts: Facts, command: AddTaxProfileVersion, now: int) -> Effects[TaxProfile]:
    """Add the version, unless it lies behind or a rate is faulty."""
    profile = facts.tax_profiles.get(command.tax_profile_id)
    if profile is None:
        raise TaxProfileNotFound(command.tax_profile_id)
    changed = profile.with_version(command.version, now)
    told = TaxProfileVersionAdded(changed)
    return Effects(changed, changes=(changed,), events=(Event("", told),))


ADD_TAX_PROFILE_VERSION: Final[UseCase[AddTaxProfileVersion, Facts, TaxProfile]] = UseCase(
    name="add_tax_profile_version",
    scope=lambda _command: Scope(),
    gather=gather_tax_profiles,
    decide=decide,
    apply=save,
)
