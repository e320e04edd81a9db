"""Entitlements: what an account may use under its subscriptions, as billing tells it, and why.

Units:   limits and quantities are exact decimals with up to 9 decimals; None is without limit.
Source:  docs/decisions/0025-members-and-entitlements.md
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, localcontext
from enum import Enum
from typing import Final

from provisioning_service.domain.errors import AccountUnpaid
from provisioning_service.domain.holding_errors import FeatureNotIncluded, LimitReached
from provisioning_service.domain.standing import Standing

ONE: Final = Decimal(1)
_NOTHING: Final = Decimal(0)
# Sums of limits never lose a digit, and would say so if they did.
_EXACT: Final = Context(prec=80, traps=[Inexact])


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of something a subscription allows; `quantity` None: without limit."""

    code: str
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What one subscription of an account gives: its limits, and its add-ons by code."""

    account: str
    subscription: str
    limits: tuple[Limit, ...] = ()
    features: tuple[str, ...] = ()
    version: int = 0

    @property
    def name(self) -> str:
        """The resource name of the subscription."""
        return f"accounts/{self.account}/subscriptions/{self.subscription}"

    @property
    def codes(self) -> frozenset[str]:
        """All that it says something of."""
        return frozenset({limit.code for limit in self.limits} | set(self.features))


@dataclass(frozen=True, slots=True)
class Source:
    """What one subscription gives of something; `limit` None: it is an add-on without one."""

    subscription: str
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What an account may have of something, where that comes from, and how much is held."""

    code: str
    sources: tuple[Source, ...]
    used: int

    @property
    def is_included(self) -> bool:
        """Whether any subscription in force gives it."""
        return bool(self.sources)

    @property
    def is_limited(self) -> bool:
        """Whether any subscription states a limit of it, be it that there is none."""
        return any(source.limit is not None for source in self.sources)

    @property
    def quantity(self) -> Decimal | None:
        """How much in all: what the limits add up to, 0 if it is not included; None: any."""
        limits = [source.limit.quantity for source in self.sources if source.limit is not None]
        stated = [quantity for quantity in limits if quantity is not None]
        if self.is_included and len(stated) < max(len(limits), 1):
            return None
        with localcontext(_EXACT):
            return sum(stated, _NOTHING)

    @property
    def is_exceeded(self) -> bool:
        """Whether more is held than may be, so that some of it is suspended."""
        quantity = self.quantity
        return quantity is not None and quantity < self.used

    @property
    def remaining(self) -> Decimal | None:
        """How much is left, never below 0; None: any."""
        quantity = self.quantity
        if quantity is None:
            return None
        with localcontext(_EXACT):
            return max(quantity - self.used, _NOTHING)


class Why(Enum):
    """What decides whether an account may use something."""

    WITHIN_LIMIT = "within_limit"
    UNLIMITED = "unlimited"
    FEATURE_HELD = "feature_held"
    LIMIT_REACHED = "limit_reached"
    NOT_INCLUDED = "not_included"
    ACCOUNT_UNPAID = "account_unpaid"


_ALLOWED: Final = frozenset({Why.WITHIN_LIMIT, Why.UNLIMITED, Why.FEATURE_HELD})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an account may use something, why, and the same in words that follow its name."""

    entitlement: Entitlement
    why: Why
    text: str

    @property
    def is_allowed(self) -> bool:
        """Whether it may."""
        return self.why in _ALLOWED


def entitlement_to(code: str, given: Iterable[Entitlements], used: int) -> Entitlement:
    """What some subscriptions give of something together, of which so much is held."""
    sources: list[Source] = []
    for each in sorted(given, key=lambda each: each.subscription):
        limit = next((limit for limit in each.limits if limit.code == code), None)
        if limit is not None or code in each.features:
            sources.append(Source(each.name, limit))
    return Entitlement(code, tuple(sources), used)


def all_entitlements(
    given: Sequence[Entitlements], held: Mapping[str, int]
) -> tuple[Entitlement, ...]:
    """All that some subscriptions give, and what is held though it is not included, by code."""
    codes = {code for each in given for code in each.codes}
    codes |= {code for code, used in held.items() if used}
    return tuple(entitlement_to(code, given, held.get(code, 0)) for code in sorted(codes))


def judge(entitlement: Entitlement, standing: Standing, asked: Decimal) -> Verdict:
    """Whether an account in this standing may have so much more than it holds."""
    code, limit = entitlement.code, entitlement.quantity
    if standing.stopped_at is not None:
        text = f"is stopped for {standing.unpaid_invoice}, unpaid: pay all that is overdue first"
        return Verdict(entitlement, Why.ACCOUNT_UNPAID, text)
    if not entitlement.is_included:
        text = f"has no subscription that includes {code}: subscribe to a plan with it, or add it"
        return Verdict(entitlement, Why.NOT_INCLUDED, text)
    if limit is None:
        if not entitlement.is_limited:
            return Verdict(entitlement, Why.FEATURE_HELD, f"holds the add-on {code}: use it")
        return Verdict(entitlement, Why.UNLIMITED, f"has {code} without limit: use it")
    with localcontext(_EXACT):
        is_within = entitlement.used + asked <= limit
    state = f"may have {limit:f} of {code} and holds {entitlement.used}"
    if is_within:
        return Verdict(entitlement, Why.WITHIN_LIMIT, f"{state}: {asked:f} more is within it")
    text = f"{state}: {asked:f} more is too much; raise what is subscribed, or remove some"
    return Verdict(entitlement, Why.LIMIT_REACHED, text)


def check_one_more(entitlement: Entitlement, standing: Standing) -> None:
    """Refuse one more of something unless the account may have it.

    Errors:  AccountUnpaid, FeatureNotIncluded, LimitReached.
    """
    verdict = judge(entitlement, standing, ONE)
    if verdict.is_allowed:
        return
    account = standing.account
    match verdict.why:
        case Why.ACCOUNT_UNPAID:
            raise AccountUnpaid(f"accounts/{account}", standing.unpaid_invoice)
        case Why.NOT_INCLUDED:
            raise FeatureNotIncluded(account, verdict.text)
        case _:
            raise LimitReached(account, entitlement.code, verdict.text)
