"""Credits: amounts that a payer's invoices can use, and which of them are used for what.

Units:   amounts in minor units of the credit's currency. What an invoice comes to is told in parts,
         each with what a credit's scope asks about.
Source:  docs/decisions/0023-credits.md
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

# Of how many credits a payer may have something left.
OPEN_CREDITS_MAX: Final = 1000
# Later than any expiry.
_NEVER_AT: Final = 2**63


class CreditKind(Enum):
    """How a credit came about."""

    GRANTED = "granted"
    PURCHASED = "purchased"


class CreditApplication(Enum):
    """How a credit is used: it lowers what is taxed, or pays the total."""

    BEFORE_TAX = "before_tax"
    AFTER_TAX = "after_tax"


class CreditState(Enum):
    """Where a credit stands."""

    SCHEDULED = "scheduled"
    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class CreditablePart:
    """A part of an invoice: what it is for, and what it comes to, negative where it is taken back.

    `pool` is the tax category: what it comes to in all is never lowered below 0.
    """

    line_number: int
    account: str
    plan: str
    price: str
    meter: str
    pool: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CreditScope:
    """What a credit may be used for: parts to which all that is stated fits; empty: anything."""

    plans: frozenset[str] = frozenset()
    prices: frozenset[str] = frozenset()
    meters: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()

    def fits(self, part: CreditablePart) -> bool:
        """Whether a part is within it."""
        return (
            (not self.plans or part.plan in self.plans)
            and (not self.prices or part.price in self.prices)
            and (not self.meters or part.meter in self.meters)
            and (not self.accounts or part.account in self.accounts)
        )


@dataclass(frozen=True, slots=True)
class CreditGrant:
    """An amount that its payer's invoices can use; `left_minor` is what is left of it.

    `expires_at` None: never. An instant at which it expires is not one at which it is used.
    `expired_at` is when something of it was lost so, `voided_at` when it was voided.
    """

    payer: str
    credit_id: str
    kind: CreditKind
    currency: str
    amount_minor: int
    left_minor: int
    application: CreditApplication
    priority: int
    scope: CreditScope
    effective_at: int
    expires_at: int | None
    description: str
    author: str
    granted_at: int
    expired_at: int | None = None
    voided_at: int | None = None
    void_note: str = ""
    version: int = 1

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its payer and its id."""
        return (self.payer, self.credit_id)

    @property
    def name(self) -> str:
        """Its resource name."""
        return f"accounts/{self.payer}/credits/{self.credit_id}"

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return str(self.version)

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Its place among others: by priority, then what expires soonest, then the oldest."""
        expires_at = _NEVER_AT if self.expires_at is None else self.expires_at
        return (self.priority, expires_at, self.granted_at, self.credit_id)

    def has_expired(self, at: int) -> bool:
        """Whether nothing of it can be used any more at an instant."""
        return self.expires_at is not None and self.expires_at <= at

    def is_usable(self, at: int) -> bool:
        """Whether something of it can be used at an instant."""
        return self.left_minor > 0 and self.effective_at <= at and not self.has_expired(at)

    def state(self, at: int) -> CreditState:
        """Where it stands at an instant. What is all used stays so when its expiry comes."""
        if self.voided_at is not None:
            return CreditState.VOIDED
        if self.expired_at is not None or (self.left_minor and self.has_expired(at)):
            return CreditState.EXPIRED
        if self.left_minor == 0:
            return CreditState.USED
        return CreditState.SCHEDULED if self.effective_at > at else CreditState.OPEN


@dataclass(frozen=True, slots=True)
class CreditInFull:
    """A credit, and where it stands."""

    grant: CreditGrant
    state: CreditState


@dataclass(frozen=True, slots=True)
class CreditUse:
    """So much of a credit that goes to a part of an invoice; `place` is that of the part."""

    credit_id: str
    place: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AppliedCredit:
    """How much of a credit an invoice uses, and how."""

    credit_id: str
    application: CreditApplication
    amount_minor: int

    @property
    def is_after_tax(self) -> bool:
        """Whether it pays the total, rather than lowering what is taxed."""
        return self.application is CreditApplication.AFTER_TAX


def apply(grants: Iterable[CreditGrant], parts: Sequence[CreditablePart]) -> list[CreditUse]:
    """Which credits go to which parts of an invoice, the first of the credits first.

    Shapes:  credits of the invoice's currency and of one application, usable when it is issued;
             the order in which they are given says nothing.
             No credit gives more than it has left, nor more than the parts in its scope come to;
             no part that is charged and no pool falls below 0.
    """
    owed = _Owed(parts)
    uses: list[CreditUse] = []
    for grant in sorted(grants, key=lambda each: each.order):
        room = grant.left_minor
        while room > 0 and (place := owed.next_place(grant.scope)) is not None:
            taken = owed.take(place, grant.scope, room)
            room -= taken
            uses.append(CreditUse(grant.credit_id, place, taken))
    return uses


class _Owed:
    """What is left of parts, of their pools, and within each scope that was asked for.

    Many credits share few scopes, so each scope looks at the parts once; whatever is at nothing
    stays there.
    """

    def __init__(self, parts: Sequence[CreditablePart]) -> None:
        self._parts = parts
        self._left = [max(each.amount_minor, 0) for each in parts]
        self._pools: dict[str, int] = defaultdict(int)
        for part in parts:
            self._pools[part.pool] += part.amount_minor
        self._places: dict[CreditScope, list[int]] = {}
        self._scoped: dict[CreditScope, int] = {}

    def next_place(self, scope: CreditScope) -> int | None:
        """The first part within a scope of which something can be taken; None without one."""
        places = self._places_of(scope)
        while places and self._scoped[scope] > 0:
            place = places[-1]
            if self._left[place] > 0 and self._pools[self._parts[place].pool] > 0:
                return place
            places.pop()
        return None

    def take(self, place: int, scope: CreditScope, room: int) -> int:
        """Take up to so much off a part, for a credit of a scope; gives how much it was."""
        part = self._parts[place]
        taken = min(room, self._left[place], self._pools[part.pool], self._scoped[scope])
        self._left[place] -= taken
        self._pools[part.pool] -= taken
        # What is taken off a part counts against the scopes of all that fit it.
        for each in self._scoped:
            if each.fits(part):
                self._scoped[each] -= taken
        return taken

    def _places_of(self, scope: CreditScope) -> list[int]:
        """The parts within a scope, the first at the end."""
        if scope not in self._places:
            fitting = [place for place, part in enumerate(self._parts) if scope.fits(part)]
            charged = (max(self._parts[place].amount_minor, 0) for place in fitting)
            used = sum(charged) - sum(self._left[place] for place in fitting)
            whole = sum(self._parts[place].amount_minor for place in fitting)
            self._scoped[scope] = whole - used
            self._places[scope] = fitting[::-1]
        return self._places[scope]


def totals(uses: Iterable[CreditUse]) -> dict[str, int]:
    """How much is used of each credit, in the order of their use."""
    found: dict[str, int] = {}
    for use in uses:
        found[use.credit_id] = found.get(use.credit_id, 0) + use.amount_minor
    return found
