"""Adds a version to billing terms, in force from a later instant on."""

from dataclasses import dataclass
from typing import Final

from billing_service.domain.errors import TermsNotFound
from billing_service.domain.events import TermsVersionAdded
from billing_service.domain.terms import Terms, TermsVersion
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.create_terms import gather_terms
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class AddTermsVersion:
    """Terms are to change at an instant that lies ahead."""

    terms_id: str
    version: TermsVersion


def decide(facts: Facts, command: AddTermsVersion, now: int) -> Effects[Terms]:
    """Add the version, unless it lies behind or its days do not follow each other."""
    terms = facts.terms.get(command.terms_id)
    if terms is None:
        raise TermsNotFound(command.terms_id)
    changed = terms.with_version(command.version, now)
    return Effects(changed, changes=(changed,), events=(Event("", TermsVersionAdded(changed)),))


ADD_TERMS_VERSION: Final[UseCase[AddTermsVersion, Facts, Terms]] = UseCase(
    name="add_terms_version",
    scope=lambda _command: Scope(),
    gather=gather_terms,
    decide=decide,
    apply=save,
)
