"""Creates an issuer, with a number series of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.errors import IssuerAlreadyExists, SeriesTaken
from billing_service.domain.events import IssuerCreated
from billing_service.domain.party import (
    TEST_SERIES,
    Issuer,
    NumberSeries,
    PostalAddress,
    credit_series,
    series_collide,
)
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from chassis.database import Transaction
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CreateIssuer:
    """A legal entity is to issue invoices."""

    issuer_id: str
    legal_name: str
    registration_number: str
    address: PostalAddress
    bank_details: str
    payment_reference: str
    invoice_series: str


def gather(tx: Transaction, _commands: Sequence[CreateIssuer]) -> Facts:
    """All issuers."""
    facts = Facts()
    gathering.gather_issuers(tx, facts)
    return facts


def decide(facts: Facts, command: CreateIssuer, now: int) -> Effects[Issuer]:
    """Create the issuer, unless its id or its series is taken."""
    if command.issuer_id in facts.issuers:
        raise IssuerAlreadyExists(command.issuer_id)
    own = (command.invoice_series, credit_series(command.invoice_series))
    invoices = [TEST_SERIES, *(each.invoice_series for each in facts.issuers.values())]
    taken = [*invoices, *(credit_series(each) for each in invoices)]
    if command.invoice_series.startswith((TEST_SERIES, credit_series(TEST_SERIES))) or any(
        series_collide(mine, other) for mine in own for other in taken
    ):
        raise SeriesTaken(command.invoice_series)
    issuer = Issuer(
        issuer_id=command.issuer_id,
        legal_name=command.legal_name,
        registration_number=command.registration_number,
        address=command.address,
        bank_details=command.bank_details,
        payment_reference=command.payment_reference,
        invoice_series=command.invoice_series,
        created_at=now,
        version=1,
    )
    return Effects(
        issuer,
        changes=(issuer, *(NumberSeries(each, 0) for each in own)),
        events=(Event("", IssuerCreated(issuer)),),
    )


CREATE_ISSUER: Final[UseCase[CreateIssuer, Facts, Issuer]] = UseCase(
    name="create_issuer",
    scope=lambda _command: Scope(),
    gather=gather,
    decide=decide,
    apply=save,
)
