"""Creates a tax profile with its first version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.errors import TaxProfileAlreadyExists
from billing_service.domain.events import TaxProfileCreated
from billing_service.domain.tax import TaxProfile, TaxProfileVersion, first_tax_profile
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CreateTaxProfile:
    """Rates are to hold for the buyers whose billing profiles name them."""

    tax_profile_id: str
    display_name: str
    version: TaxProfileVersion


def gather_tax_profiles(tx: Transaction, _commands: Sequence[object]) -> Facts:
    """All tax profiles."""
    facts = Facts()
    gathering.gather_tax_profiles(tx, facts)
    return facts


def decide(facts: Facts, command: CreateTaxProfile, _now: int) -> Effects[TaxProfile]:
    """Create the tax profile, unless its id is taken or a rate is faulty."""
    if command.tax_profile_id in facts.tax_profiles:
        raise TaxProfileAlreadyExists(command.tax_profile_id)
    profile = first_tax_profile(command.tax_profile_id, command.display_name, command.version)
    return Effects(profile, changes=(profile,), events=(Event("", TaxProfileCreated(profile)),))


CREATE_TAX_PROFILE: Final[UseCase[CreateTaxProfile, Facts, TaxProfile]] = UseCase(
    name="create_tax_profile",
    scope=lambda _command: Scope(),
    gather=gather_tax_profiles,
    decide=decide,
    apply=save,
)
