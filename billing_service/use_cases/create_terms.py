"""Creates billing terms with their first version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.errors import TermsAlreadyExist
from billing_service.domain.events import TermsCreated
from billing_service.domain.terms import Terms, TermsVersion, first_terms
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CreateTerms:
    """New terms are to hold for the profiles that name them."""

    terms_id: str
    version: TermsVersion


def gather_terms(tx: Transaction, _commands: Sequence[object]) -> Facts:
    """All terms."""
    facts = Facts()
    gathering.gather_terms(tx, facts)
    return facts


def decide(facts: Facts, command: CreateTerms, _now: int) -> Effects[Terms]:
    """Create the terms, unless their id is taken or their days do not follow each other."""
    if command.terms_id in facts.terms:
        raise TermsAlreadyExist(command.terms_id)
    terms = first_terms(command.terms_id, command.version)
    return Effects(terms, changes=(terms,), events=(Event("", TermsCreated(terms)),))


CREATE_TERMS: Final[UseCase[CreateTerms, Facts, Terms]] = UseCase(
    name="create_terms",
    scope=lambda _command: Scope(),
    gather=gather_terms,
    decide=decide,
    apply=save,
)
