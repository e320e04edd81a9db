"""Cancels a one-off charge that is on no invoice yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.events import OneOffChargeChanged
from billing_service.domain.one_off_errors import OneOffChargeNotFound
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.one_off_queries import gather_one_offs
from billing_service.storage.saving import save
from billing_service.use_cases.create_one_off_charge import OneOffInFull
from chassis.database import Transaction
from chassis.errors import EtagMismatch
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class CancelOneOffCharge:
    """A one-off charge is not to come about; `etag` '': in any state."""

    account: str
    charge_id: str
    note: str
    etag: str = ""

    @property
    def key(self) -> DocumentKey:
        """The charge's key."""
        return (self.account, self.charge_id)


def gather(tx: Transaction, commands: Sequence[CancelOneOffCharge]) -> Facts:
    """The charges."""
    facts = Facts()
    gather_one_offs(tx, facts, [command.key for command in commands])
    return facts


def decide(facts: Facts, command: CancelOneOffCharge, now: int) -> Effects[OneOffInFull]:
    """Cancel the charge: it comes to nothing.

    Errors:  OneOffChargeNotFound, EtagMismatch, OneOffChargeNotPending.
    """
    before = facts.one_offs.get(command.key)
    if before is None:
        name = f"accounts/{command.account}/oneOffCharges/{command.charge_id}"
        raise OneOffChargeNotFound(name)
    if command.etag not in ("", before.etag):
        raise EtagMismatch(before.name, before.etag)
    charge = before.cancelled(note=command.note, now=now)
    told = Event(charge.account, OneOffChargeChanged(charge, None, 0))
    return Effects(OneOffInFull(charge, None, 0), (charge,), (told,))


CANCEL_ONE_OFF_CHARGE: Final[UseCase[CancelOneOffCharge, Facts, OneOffInFull]] = UseCase(
    name="cancel_one_off_charge",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
)
