"""The ledger of a payer's credits in a currency: entries that are only added, and their balance.

No entry takes what is left of a credit, or of all of them, below 0, or a credit above its amount.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from billing_service.domain.credit_grant import CreditGrant


class EntryKind(Enum):
    """What an entry says."""

    GRANTED = "granted"
    APPLIED = "applied"
    RETURNED = "returned"
    EXPIRED = "expired"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class CreditEntry:
    """A fact of the ledger. `number` counts those of a payer and currency, from 1.

    `amount_minor` is by how much the balance changes; `left_minor` is what is left of the credit
    after it and `balance_minor` of all. `invoice` is '' where none uses or returns it.
    """

    payer: str
    currency: str
    number: int
    kind: EntryKind
    credit_id: str
    amount_minor: int
    left_minor: int
    balance_minor: int
    invoice: str
    recorded_at: int


@dataclass(frozen=True, slots=True)
class CreditLedger:
    """Where a payer's ledger of a currency stands: how many entries, and what is left in all."""

    payer: str
    currency: str
    entries_count: int = 0
    balance_minor: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its payer and its currency."""
        return (self.payer, self.currency)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A credit and its ledger after an entry, and the entry."""

    grant: CreditGrant
    ledger: CreditLedger
    entry: CreditEntry


def record(
    ledger: CreditLedger,
    grant: CreditGrant,
    kind: EntryKind,
    amount_minor: int,
    *,
    invoice: str = "",
    now: int,
) -> Recorded:
    """What holds after an entry about so much of a credit.

    Shapes:  `amount_minor` > 0, whatever the kind; of the ledger's payer and currency.
    """
    change = amount_minor * _sign(kind)
    left_minor = grant.left_minor + change
    balance_minor = ledger.balance_minor + change
    if amount_minor <= 0 or not 0 <= left_minor <= grant.amount_minor or balance_minor < 0:
        raise ValueError(f"{kind.value} {amount_minor} does not fit {grant} and {ledger}")
    after = replace(ledger, entries_count=ledger.entries_count + 1, balance_minor=balance_minor)
    entry = CreditEntry(
        payer=grant.payer,
        currency=grant.currency,
        number=after.entries_count,
        kind=kind,
        credit_id=grant.credit_id,
        amount_minor=change,
        left_minor=left_minor,
        balance_minor=balance_minor,
        invoice=invoice,
        recorded_at=now,
    )
    version = grant.version if kind is EntryKind.GRANTED else grant.version + 1
    expired_at = now if kind is EntryKind.EXPIRED else grant.expired_at
    left = replace(grant, left_minor=left_minor, expired_at=expired_at, version=version)
    return Recorded(left, after, entry)


def _sign(kind: EntryKind) -> int:
    match kind:
        case EntryKind.GRANTED | EntryKind.RETURNED:
            return 1
        case EntryKind.APPLIED | EntryKind.EXPIRED | EntryKind.VOIDED:
            return -1
    assert_never(kind)
