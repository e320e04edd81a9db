"""Charges: what should have been charged minus what has been charged.

A charge is the fact that one subscription costs so much for one item and service period. Rating a
period again gives nothing new; the database's unique keys guard the same. What instances cost is
proposed here, what plans do in `plan_charges`.

Keys, rates and rated items are named tuples: each charge takes some, and these are quicker to make.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from billing_service.domain.account import Account
from billing_service.domain.billed import Adjusts, Billed, BilledLine
from billing_service.domain.calendar import first_instant, months_between, next_month
from billing_service.domain.coupon import Coupon
from billing_service.domain.errors import PricedPlanNotFound
from billing_service.domain.item_rate import ItemRate, ItemRates, monthly_version
from billing_service.domain.one_off_charge import OneOffCharge
from billing_service.domain.plan import Plan, VersionPolicy
from billing_service.domain.price_change import PriceChange, terms_on
from billing_service.domain.review import Review
from billing_service.domain.subscription import Subscription, bills
from billing_service.domain.versions import in_force

# The version of the rules in this module, kept on each charge.
ENGINE_VERSION: Final = 1
# Sorts after every plan's id: where lines come that are of no plan.
AFTER_PLANS: Final = "~"


class ChargeKey(NamedTuple):
    """What a charge is for: a subscription's item, by its price's code, in one service period.

    The period is told by its first day; that of an instance is a calendar month. `part` tells those
    apart that begin on one day: how many microseconds after its first instant.
    """

    account: str
    subscription: str
    item: str
    period_start_on: date
    part: int = 0


class OfPlan(NamedTuple):
    """What there is to say of a charge of a plan's subscription, or of what is charged once.

    `subject` names whose it is, where the payer might not know; `review` is the one that holds or
    decided it. `instalment` is the number of the period in the interval charged in instalments.
    `one_off` is what is charged once; None: it is the charge of a subscription.
    """

    period_end_on: date
    unit: str = ""
    instalment: int = 1
    subject: str = ""
    review: Review | None = None
    one_off: OneOffCharge | None = None


class RatedItem(NamedTuple):
    """What a charge key should cost, and the month on whose invoice it belongs by its period.

    `of_plan` is None for an instance, whose equal items are summed on one line. `adjusts` is what
    was billed for the key before (None: nothing ever was); then the difference is due.
    """

    key: ChargeKey
    rate: ItemRate
    invoice_month: date
    of_plan: OfPlan | None = None
    adjusts: Adjusts | None = None

    @property
    def currency(self) -> str:
        """What it is charged in."""
        return self.rate.price.currency

    @property
    def full_minor(self) -> int:
        """What it comes to without anybody's decision."""
        return self.rate.rated.amount_minor

    @property
    def review(self) -> Review | None:
        """The review that holds or decided it."""
        return self.of_plan.review if self.of_plan else None

    @property
    def is_held(self) -> bool:
        """Whether it waits for somebody's decision."""
        review = self.review
        is_undecided = review is None or review.decision is None
        return self.of_plan is not None and self.rate.rated.is_held and is_undecided

    @property
    def amount_minor(self) -> int:
        """What it comes to, as it was decided if it was."""
        full_minor = self.rate.rated.amount_minor
        review = self.of_plan.review if self.of_plan else None
        if review is None or review.decision is None:
            return full_minor
        return review.amount_of(full_minor)

    @property
    def due_minor(self) -> int:
        """What of it is still to be billed; negative where too much was."""
        return self.amount_minor - (self.adjusts.billed.amount_minor if self.adjusts else 0)

    @property
    def period_end_on(self) -> date:
        """The day after the last of its service period."""
        return self.of_plan.period_end_on if self.of_plan else next_month(self.invoice_month)

    @property
    def line_order(self) -> tuple[date, str, int, str, str, int, int, date, Decimal, int, int]:
        """The place of its line on an invoice, which also tells it from other lines.

        By month, plan and band; equal charges of instances share a line, those of plans do not.
        """
        plan, band, version, position, index, amount = self.rate.order
        month, key = self.invoice_month, self.key
        if self.of_plan is None:
            return (month, plan, band, "", "", version, position, date.min, index, amount, 0)
        start_on = key.period_start_on
        whose = (key.account, key.subscription)
        plan = plan or AFTER_PLANS
        return (month, plan, band, *whose, 0, position, start_on, index, amount, key.part)


@dataclass(frozen=True, slots=True)
class Charge:
    """A rated item on an invoice: a fact, never changed.

    A reversal is a further revision, of what the item adjusts. `credit_note` is the one that they
    are on (''): then the line is one of that.
    """

    rated: RatedItem
    payer: str
    invoice: str
    line_number: int
    revision: int = 1
    reverses_revision: int | None = None
    engine_version: int = ENGINE_VERSION
    credit_note: str = ""

    @property
    def amount_minor(self) -> int:
        """What it adds to what is charged; negative where it takes back what was."""
        if self.reverses_revision is None or self.rated.adjusts is None:
            return self.rated.amount_minor
        return -self.rated.adjusts.billed.amount_minor


def charges_of(
    item: RatedItem, *, payer: str, invoice: str, line_number: int
) -> tuple[Charge, ...]:
    """The facts that billing an item makes: the reversal of what it adjusts, and what is new."""
    adjusts = item.adjusts
    if adjusts is None:
        return (Charge(item, payer, invoice, line_number),)
    billed, made = adjusts.billed, []
    revision = billed.revision
    if billed.stands is not None:
        revision += 1
        made.append(Charge(item, payer, invoice, line_number, revision, billed.stands))
    if not adjusts.is_withdrawn:
        made.append(Charge(item, payer, invoice, line_number, revision + 1))
    return tuple(made)


def billed_by(charge: Charge) -> Billed:
    """What is billed for a key once a charge of it is the last."""
    item, rate = charge.rated, charge.rated.rate
    is_reversal = charge.reverses_revision is not None
    lines = item.adjusts.billed.lines if item.adjusts else ()
    due_minor = item.due_minor
    if due_minor > 0:
        own = BilledLine(charge.payer, charge.invoice, charge.line_number, due_minor)
        lines = (*lines, own)
    return Billed(
        revision=charge.revision,
        stands=None if is_reversal else charge.revision,
        amount_minor=0 if is_reversal else item.amount_minor,
        currency=item.currency,
        plan=rate.plan,
        plan_version=rate.plan_version,
        band=rate.band,
        quantity=rate.rated.usage.quantity,
        coverage=rate.rated.coverage,
        period_end_on=item.period_end_on,
        invoice_month=item.invoice_month,
        review=item.review.review_id if item.review else "",
        lines=lines,
    )


@dataclass(frozen=True, slots=True)
class AccountToRate:
    """An account's subscriptions, and the months of theirs that are not closed yet.

    `after_month` is closed for good (None: nothing is); rating goes through `through_month`.
    `price_changes` are those of the account, `coupons` all that its subscriptions ever hold.
    `outdated` are the keys whose usage came to be another one after they were billed, `charged`
    what was billed of those that may be looked at.
    """

    account: Account
    currency: str
    subscriptions: tuple[Subscription, ...]
    after_month: date | None
    through_month: date
    price_changes: tuple[PriceChange, ...] = ()
    coupons: Mapping[str, Coupon] = field(default_factory=dict)
    outdated: frozenset[ChargeKey] = frozenset()
    charged: Mapping[ChargeKey, Billed] = field(default_factory=dict)


def propose(
    accounts: Iterable[AccountToRate], plans: Mapping[str, Plan], charged: Collection[ChargeKey]
) -> list[RatedItem]:
    """What should be charged for instances and is not, by account, instance, month and price.

    Errors:  PriceNotFound.
    """
    rates = ItemRates()
    return [
        rated
        for each in accounts
        for rated in desired_items(each, plans, rates)
        if rated.key not in charged
    ]


def desired_items(
    to_rate: AccountToRate, plans: Mapping[str, Plan], rates: ItemRates
) -> Iterator[RatedItem]:
    """What the timelines of an account's instances cost in the months that are open."""
    zone = to_rate.account.time_zone
    pricing = _Pricing(to_rate, plans, rates)
    first_open = next_month(to_rate.after_month) if to_rate.after_month else date.min
    for subscription in to_rate.subscriptions:
        if subscription.is_of_plan:
            continue
        span = subscription.span
        last = min(span.last_month, to_rate.through_month)
        for month in months_between(max(span.first_month, first_open), last):
            if bills(subscription, month, zone):
                yield from pricing.rate(subscription, month)


class _Pricing:
    """Prices of one account's subscriptions, each looked up once."""

    def __init__(self, to_rate: AccountToRate, plans: Mapping[str, Plan], rates: ItemRates) -> None:
        self._plans = plans
        self._currency = to_rate.currency
        self._zone = to_rate.account.time_zone
        self._changes = to_rate.price_changes
        self._rates = rates
        self._known: dict[tuple[str, int, int, date], tuple[ItemRate, ...]] = {}

    def rate(self, subscription: Subscription, month: date) -> Iterator[RatedItem]:
        """What a subscription costs in a month, item by item."""
        for rate in self._items(subscription, month):
            key = ChargeKey(
                subscription.account, subscription.subscription_id, rate.price.code, month
            )
            yield RatedItem(key, rate, month)

    def _items(self, subscription: Subscription, month: date) -> tuple[ItemRate, ...]:
        plan = self._plans.get(subscription.plan)
        if plan is None:
            raise PricedPlanNotFound(subscription.plan, month)
        instant_at = first_instant(month, self._zone)
        if plan.policy is VersionPolicy.KEEP:
            instant_at = subscription.facts[0].effective_at
        wanted = (plan.plan_id, subscription.band, instant_at, month)
        known = self._known.get(wanted)
        if known is None:
            known = self._rated(plan, subscription.band, instant_at, month)
            self._known[wanted] = known
        return known

    def _rated(self, plan: Plan, band: int, instant_at: int, month: date) -> tuple[ItemRate, ...]:
        terms = terms_on(self._changes, plan.plan_id, month)
        first = terms.version or in_force(plan.versions, instant_at).version
        version = monthly_version(plan, first, band=band, currency=self._currency, month=month)
        return self._rates.of(
            plan,
            version,
            band=band,
            currency=self._currency,
            month=month,
            price_index=terms.price_index,
        )
