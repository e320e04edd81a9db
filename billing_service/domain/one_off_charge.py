"""One-off charges: what an account is charged once, on the next invoice of its payer.

The price is fixed when it is charged: one of its own, or that of a subscription's plan as it was
agreed for that subscription. What such a price includes in a service period is used up by the
charges of the period, those on an invoice first, then the earliest.

Source:  docs/decisions/0024-one-off-charges-and-discounts.md
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from enum import Enum
from typing import Final

from billing_service.domain.money import EXACT
from billing_service.domain.one_off_errors import OneOffChargeNotPending
from billing_service.domain.price import (
    AmountDiscount,
    Discounts,
    Licensed,
    NamedDiscount,
    OnDemand,
    PercentDiscount,
    Price,
    Review,
    Unlimited,
)
from billing_service.domain.price_models import PerUnit, Usage
from billing_service.domain.price_models.figures import ONE, ZERO
from billing_service.domain.rating import RatedPrice, rate, shown

PENDING_MAX: Final = 1_000
# What the price of a charge is called that has one of its own.
OWN_PRICE: Final = "one-off"
# How an explanation calls what is taken off a charge by itself.
_OWN_DISCOUNT: Final = "This charge"
_DAY: Final = timedelta(days=1)


class OneOffState(Enum):
    """Where a one-off charge stands."""

    PENDING = "pending"
    INVOICED = "invoiced"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class RateCard:
    """The price of a subscription's plan in the service period `[period_start_on, period_end_on)`.

    `included` is what it includes in that period; None: nothing.
    """

    subscription: str
    price: str
    plan: str
    plan_version: int
    band: int
    position: int
    period_start_on: date
    period_end_on: date
    included: Decimal | Unlimited | None = None
    price_index: Decimal = ONE

    @property
    def period(self) -> tuple[str, str, date]:
        """What the charges have in common that use up the same included quantity."""
        return (self.subscription, self.price, self.period_start_on)


@dataclass(frozen=True, slots=True)
class OneOffCharge:
    """Something that is charged once.

    `price` is all that prices it, its own discount included; `rate_card` tells where that comes
    from (None: it has a price of its own). `payer` and `invoice` say which invoice charges it, ''
    while none does; `included` and `amount_minor` are what was rated there, set together with them.
    `credit_note` is that of the same payer which gives it back, '' if none does.
    """

    account: str
    charge_id: str
    description: str
    quantity: Decimal
    charged_on: date
    price: Price
    tax_category: str
    rate_card: RateCard | None
    author: str
    created_at: int
    cancelled_at: int | None = None
    cancel_note: str = ""
    payer: str = ""
    invoice: str = ""
    included: Decimal | None = None
    amount_minor: int | None = None
    credit_note: str = ""
    version: int = 1

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: its account and its id."""
        return (self.account, self.charge_id)

    @property
    def name(self) -> str:
        """Its name in the contract."""
        return f"accounts/{self.account}/oneOffCharges/{self.charge_id}"

    @property
    def own_discount(self) -> PercentDiscount | AmountDiscount | None:
        """What is taken off it by itself."""
        discount = self.price.discount
        if not isinstance(discount, Discounts) or discount.in_order[-1].name != _OWN_DISCOUNT:
            return None
        return discount.in_order[-1].discount

    @property
    def currency(self) -> str:
        """What it is charged in."""
        return self.price.currency

    @property
    def state(self) -> OneOffState:
        """Where it stands."""
        if self.cancelled_at is not None:
            return OneOffState.CANCELLED
        return OneOffState.INVOICED if self.invoice else OneOffState.PENDING

    @property
    def month(self) -> date:
        """The month of its day, before whose close it is on no invoice."""
        return self.charged_on.replace(day=1)

    @property
    def period_end_on(self) -> date:
        """The day after the one it is for."""
        return self.charged_on + _DAY

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return str(self.version)

    @property
    def order(self) -> tuple[date, int, str]:
        """Its place among those that use up the same included quantity."""
        return (self.charged_on, self.created_at, self.charge_id)

    def shares_with(self, other: "OneOffCharge") -> bool:
        """Whether both use up the same included quantity."""
        if self.rate_card is None or other.rate_card is None or self.account != other.account:
            return False
        return self.rate_card.period == other.rate_card.period

    def cancelled(self, *, note: str, now: int) -> "OneOffCharge":
        """The same, cancelled: what it uses of an included quantity is there again.

        Errors:  OneOffChargeNotPending.
        """
        if self.cancelled_at is not None:
            raise OneOffChargeNotPending(self.name, "was cancelled before")
        return replace(self, cancelled_at=now, cancel_note=note, version=self.version + 1)

    def invoiced(self, *, payer: str, invoice: str, rated: RatedPrice) -> "OneOffCharge":
        """The same with the invoice that charges it, and what was rated there."""
        return replace(
            self,
            payer=payer,
            invoice=invoice,
            included=rated.included,
            amount_minor=rated.amount_minor,
            version=self.version + 1,
        )

    def rate(self, free: Decimal | Unlimited | None = None) -> RatedPrice:
        """What it costs where so much of what its price includes is left."""
        index = self.rate_card.price_index if self.rate_card else ONE
        rated = rate(self.price, Usage(self.quantity), free=free, price_index=index)
        if rated is None:
            raise ValueError(f"{self.name} is no line")
        return rated


def own_price(
    description: str,
    *,
    unit_price: Decimal,
    currency: str,
    discount: PercentDiscount | AmountDiscount | None,
) -> Price:
    """The price of a charge that no rate card prices."""
    price = Price(OWN_PRICE, currency, OnDemand(), PerUnit(unit_price), description)
    return _less(price, discount)


def on_demand(
    price: Price, description: str, discount: PercentDiscount | AmountDiscount | None
) -> Price:
    """The price of a charge by a rate card: that of the plan, as far as it is not for a period.

    A minimum and a maximum charge, and amounts off, are for full periods; percentages hold.
    """
    unit = price.kind.unit if isinstance(price.kind, Licensed) else ""
    single = replace(
        shown(price),
        kind=OnDemand(unit),
        display_name=description or price.name,
        schedule=None,
        add_on=None,
        included=None,
        minimum_charge=None,
        maximum_charge=None,
        discount=_percents(price),
        review=Review.NONE,
    )
    return _less(single, discount)


def rated_charges(charges: Iterable[OneOffCharge]) -> Iterator[tuple[OneOffCharge, RatedPrice]]:
    """What each pending charge costs as things stand, in their order.

    Shapes:  `charges` of an account, with all that share the service period of a pending one.
    """
    known = list(charges)
    used: dict[tuple[str, str, date], Decimal] = {}
    with localcontext(EXACT):
        for each in known:
            is_invoiced = each.state is OneOffState.INVOICED
            if is_invoiced and each.rate_card and each.included:
                period = each.rate_card.period
                used[period] = used.get(period, ZERO) + each.included
        for each in sorted(known, key=lambda one: one.order):
            if each.state is not OneOffState.PENDING:
                continue
            rated = each.rate(_left(each.rate_card, used))
            if each.rate_card and rated.included:
                period = each.rate_card.period
                used[period] = used.get(period, ZERO) + rated.included
            yield each, rated


def _left(
    card: RateCard | None, used: dict[tuple[str, str, date], Decimal]
) -> Decimal | Unlimited | None:
    """What is left of what a price includes in its period."""
    if card is None or not isinstance(card.included, Decimal):
        return card.included if card else None
    return max(ZERO, card.included - used.get(card.period, ZERO))


def _percents(price: Price) -> Discounts | None:
    """The percentages off a price."""
    discount = price.discount
    stated = (
        discount.in_order
        if isinstance(discount, Discounts)
        else (NamedDiscount("", discount),)
        if discount is not None
        else ()
    )
    kept = tuple(each for each in stated if isinstance(each.discount, PercentDiscount))
    return Discounts(kept) if kept else None


def _less(price: Price, discount: PercentDiscount | AmountDiscount | None) -> Price:
    """The price less what is taken off the charge by itself."""
    if discount is None:
        return price
    before = price.discount.in_order if isinstance(price.discount, Discounts) else ()
    return replace(price, discount=Discounts((*before, NamedDiscount(_OWN_DISCOUNT, discount))))
