"""What this process remembers of the billing of accounts: gathered once, and asked for again.

Each account has a row with a token. Whoever changes anything of its billing writes a new one in the
same transaction, and none is ever used twice; so what was gathered beside the tokens of some
accounts, and that of the catalogue, holds wherever all of these are read. Usage has no part in
this: it comes in all the time, and is read each time.

For reads alone, which see one snapshot: a writer on PostgreSQL sees what others commit between two
of its statements.

Source:  docs/decisions/0033-what-previews-remember.md
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from billing_service.domain.account import BillingProfile
from billing_service.domain.charge import Charge
from billing_service.domain.coupon import Coupon
from billing_service.domain.credit_note import IssuedCreditNote
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.meter import Meter
from billing_service.domain.party import Issuer, NumberSeries
from billing_service.domain.plan import Plan
from billing_service.domain.tax import TaxProfile
from billing_service.domain.terms import Terms
from billing_service.domain.usage.guard import Crossing, UsageGuard
from billing_service.domain.usage.reservation import Reservation
from billing_service.storage.catalog_memory import CATALOG_TOKEN
from billing_service.storage.facts import DocumentKey
from billing_service.storage.tables import table
from chassis.database import Transaction
from chassis.prepared import InQuery

REMEMBERED_MAX: Final = 500
ACCOUNTS_MAX: Final = 50
"""What is gathered from more accounts is not remembered."""
ENTITIES_MAX: Final = 100_000
"""How many entities are remembered at most, of all that was gathered together."""

_PLACE: Final = "accounts"
_REVISIONS: Final = table("account_revisions")
_TOKENS: Final = InQuery(
    select(_REVISIONS.c.account, _REVISIONS.c.token, CATALOG_TOKEN.label("catalogue")),
    _REVISIONS.c.account,
)
# Whose changes all accounts may depend on: `CATALOG_TOKEN` stands for them, or nobody remembers.
_NOBODYS: Final = (Plan, Meter, Issuer, Terms, TaxProfile, NumberSeries, Coupon)
# What changes with usage, and decides no charge by itself.
_OF_USAGE: Final = (UsageGuard, Crossing, Reservation)


class _Remembered(NamedTuple):
    accounts: Sequence[str]
    tokens: frozenset[tuple[str, str, str]]
    gathered: Any
    size: int


class _Memory:
    """What was gathered, by key. Threads share it; the latest asked for is kept."""

    def __init__(self) -> None:
        self._known: OrderedDict[DocumentKey, _Remembered] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def find(self, key: DocumentKey) -> _Remembered | None:
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
        return known

    def keep(self, key: DocumentKey, remembered: _Remembered) -> None:
        with self._lock:
            before = self._known.pop(key, None)
            self._size += remembered.size - (before.size if before else 0)
            self._known[key] = remembered
            while len(self._known) > REMEMBERED_MAX or self._size > ENTITIES_MAX:
                _, forgotten = self._known.popitem(last=False)
                self._size -= forgotten.size


def remembered(tx: Transaction, key: DocumentKey) -> Any:
    """What is remembered by a key, if nothing of what it was gathered from has changed; or None."""
    memory: _Memory | None = tx.memory.get(_PLACE)
    known = memory.find(key) if memory else None
    if known is None or _tokens(tx, known.accounts) != known.tokens:
        return None
    return known.gathered


def remember(
    tx: Transaction, key: DocumentKey, gathered: object, accounts: Iterable[str], *, size: int
) -> None:
    """Remember what this transaction gathered from the billing of some accounts.

    It is shared from now on, and must not be changed. Of the accounts one at least is billed;
    `size` is how many entities it holds.
    """
    wanted = sorted(set(accounts))
    if len(wanted) <= ACCOUNTS_MAX:
        memory: _Memory = tx.memory.setdefault(_PLACE, _Memory())
        memory.keep(key, _Remembered(wanted, _tokens(tx, wanted), gathered, size))


def renew_accounts(tx: Transaction, changes: Iterable[object]) -> None:
    """Tell that this transaction changes the billing of accounts."""
    accounts = {account for change in changes for account in accounts_of(change)}
    token = secrets.token_hex(16)
    tx.upsert(_REVISIONS, [{"account": each, "token": token} for each in sorted(accounts)])


def accounts_of(change: object) -> Iterator[str]:
    """The accounts whose billing is another one by the change of an entity."""
    match change:
        case BillingProfile():
            yield from (change.account, change.paid_by)
        case IssuedInvoice():
            yield change.invoice.payer
            yield from (each.account for each in change.accounts)
        case IssuedCreditNote():
            yield change.note.payer
        case Charge():
            yield from (change.payer, change.rated.key.account)
        case _ if isinstance(change, (*_NOBODYS, *_OF_USAGE)):
            return
        case _:
            found = (getattr(change, name, "") for name in ("account", "payer"))
            yield from (each for each in found if each)


def _tokens(tx: Transaction, accounts: Sequence[str]) -> frozenset[tuple[str, str, str]]:
    return frozenset(map(tuple, tx.fetched_in(_TOKENS, accounts)))
