"""Changes an issuer; what it issued keeps what it says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from billing_service.domain.errors import IssuerNotFound
from billing_service.domain.events import IssuerUpdated
from billing_service.domain.party import Issuer
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.errors import EtagMismatch
from chassis.use_case import Effects, Event, Scope, UseCase

CHANGEABLE: Final = (
    "legal_name",
    "registration_number",
    "address",
    "bank_details",
    "payment_reference",
)


@dataclass(frozen=True, slots=True)
class UpdateIssuer:
    """Fields of an issuer get new values, if its etag is the one stated ('': any)."""

    issuer_id: str
    etag: str
    values: dict[str, Any]


def gather(tx: Transaction, _commands: Sequence[UpdateIssuer]) -> Facts:
    """All issuers."""
    facts = Facts()
    gathering.gather_issuers(tx, facts)
    return facts


def decide(facts: Facts, command: UpdateIssuer, _now: int) -> Effects[Issuer]:
    """Give the fields their new values."""
    issuer = facts.issuers.get(command.issuer_id)
    if issuer is None:
        raise IssuerNotFound(command.issuer_id)
    if command.etag not in {"", str(issuer.version)}:
        raise EtagMismatch(f"issuers/{issuer.issuer_id}", str(issuer.version))
    changed = replace(issuer, **command.values, version=issuer.version + 1)
    return Effects(changed, changes=(changed,), events=(Event("", IssuerUpdated(changed)),))


UPDATE_ISSUER: Final[UseCase[UpdateIssuer, Facts, Issuer]] = UseCase(
    name="update_issuer",
    scope=lambda _command: Scope(),
    gather=gather,
    decide=decide,
    apply=save,
)
