"""Charges an account once, on the next invoice of its payer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from billing_service.domain.amount_bounds import bounded_faults
from billing_service.domain.calendar import civil_day
from billing_service.domain.coupon import discount_faults
from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.events import OneOffChargeChanged
from billing_service.domain.money import AMOUNT_MINOR_MAX
from billing_service.domain.one_off_charge import (
    PENDING_MAX,
    OneOffCharge,
    OneOffState,
    RateCard,
    on_demand,
    own_price,
    rated_charges,
)
from billing_service.domain.one_off_errors import (
    InvalidOneOffCharge,
    OneOffChargeAlreadyExists,
    TooManyOneOffCharges,
)
from billing_service.domain.price import AmountDiscount, PercentDiscount, Price
from billing_service.domain.price_models import Fault
from billing_service.domain.price_models.figures import quantity_faults
from billing_service.domain.rate_card import PREFIX, CardSource, priced_by_card
from billing_service.storage import gathering, gathering_catalog
from billing_service.storage.facts import Facts
from billing_service.storage.one_off_queries import (
    gather_coupons,
    gather_one_offs,
    gather_one_offs_of_day,
    gather_pending_one_offs,
)
from billing_service.storage.saving import save
from billing_service.use_cases.clocks import clocks_shown
from billing_service.use_cases.timers import one_off_closing_timers
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.use_case import Effects, Event, Scope, UseCase

_DAY: Final = timedelta(days=1)
_BACK_MAX: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class OneOffInFull:
    """A one-off charge with what of it costs nothing (None: nothing is included), and its amount.

    While it is on no invoice, both are as things stand.
    """

    charge: OneOffCharge
    included: Decimal | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CreateOneOffCharge:
    """An account is to be charged once; `charged_on` None: today.

    Either `unit_price` is set or `subscription` and `price`, which name what is on a rate card.
    `asked_at` is what the real clock showed then: as of when its amount is told. `misread` are the
    faults of figures that were no decimals.
    """

    account: str
    charge_id: str
    description: str
    quantity: Decimal
    charged_on: date | None
    unit_price: Decimal | None
    subscription: str
    price: str
    discount: PercentDiscount | AmountDiscount | None
    tax_category: str
    author: str
    asked_at: int
    misread: tuple[Fault, ...] = ()


def gather(tx: Transaction, commands: Sequence[CreateOneOffCharge]) -> Facts:
    """The accounts with what is pending, the rate cards, and where their payers stand."""
    facts = Facts()
    accounts = {command.account for command in commands}
    payers = gathering.payers_of(tx, accounts)
    gathering.gather_accounts(tx, facts, accounts | payers)
    gathering.gather_zones(tx, facts, payers)
    gathering.gather_terms(tx, facts)
    gather_pending_one_offs(tx, facts, accounts)
    gather_one_offs(tx, facts, {(each.account, each.charge_id) for each in commands})
    cards = [each for each in commands if each.subscription and each.account in facts.accounts]
    gather_one_offs_of_day(tx, facts, _days(tx, facts, cards))
    keys = {(each.account, each.subscription) for each in cards}
    gathering.gather_subscriptions(tx, facts, keys)
    subscriptions = facts.subscriptions.values()
    gathering.gather_plans(tx, facts, {plan for each in subscriptions for plan in each.plans})
    gathering_catalog.gather_price_changes(tx, facts, {each.account for each in cards})
    holdings = [holding for each in subscriptions for holding in each.holdings]
    gather_coupons(tx, facts, {coupon for each in holdings for coupon in each.coupons})
    return facts


def _days(
    tx: Transaction, facts: Facts, commands: Sequence[CreateOneOffCharge]
) -> set[tuple[str, str, str, date]]:
    """The prices on rate cards, and the days around that which the charge is for."""
    now_of = clocks_shown(tx, facts, [(each.account, each.asked_at) for each in commands])
    found = set()
    for each in commands:
        zone = facts.accounts[each.account].time_zone
        day = each.charged_on or civil_day(now_of[each.account], zone)
        found |= {(each.account, each.subscription, each.price, day + off) for off in (-_DAY, _DAY)}
    return found


def decide(facts: Facts, command: CreateOneOffCharge, now: int) -> Effects[OneOffInFull]:
    """Charge the account, and see to an invoice that takes it up.

    Errors:  AccountNotFound, SubscriptionNotFound, OneOffChargeAlreadyExists, InvalidOneOffCharge,
             TooManyOneOffCharges.
    """
    if command.account not in facts.accounts:
        raise AccountNotFound(command.account)
    if (command.account, command.charge_id) in facts.one_offs:
        raise OneOffChargeAlreadyExists(command.account, command.charge_id)
    charge = _charged(facts, command, now)
    after = facts.overlay()
    after.take_in([charge])
    full = in_full(charge, list(after.one_offs.values()))
    told = OneOffChargeChanged(charge, full.included, full.amount_minor)
    timers = one_off_closing_timers(after, charge.account)
    return Effects(full, (charge,), (Event(charge.account, told),), timers)


def in_full(charge: OneOffCharge, known: Sequence[OneOffCharge]) -> OneOffInFull:
    """A one-off charge with what it comes to.

    Shapes:  among `known` are all that share its service period, and itself.
    """
    if charge.amount_minor is not None:
        return OneOffInFull(charge, charge.included, charge.amount_minor)
    sharing = [each for each in known if each.shares_with(charge)]
    rated = next((rated for each, rated in rated_charges(sharing) if each.key == charge.key), None)
    rated = rated or charge.rate()
    return OneOffInFull(charge, rated.included, rated.amount_minor)


def _charged(facts: Facts, command: CreateOneOffCharge, now: int) -> OneOffCharge:
    """The charge, as all rules allow it."""
    account = facts.accounts[command.account]
    pending = [
        each
        for each in facts.one_offs.values()
        if each.account == account.account and each.state is OneOffState.PENDING
    ]
    if len(pending) >= PENDING_MAX:
        raise TooManyOneOffCharges(account.account, PENDING_MAX)
    today = civil_day(now, account.time_zone)
    currency = facts.currency_of(account.account, now)
    charged_on = command.charged_on or today
    _refuse([*command.misread, *_faults(command, currency), *_day_faults(charged_on, today)])
    card, price, tax_category = _priced(facts, command, charged_on, currency)
    charge = OneOffCharge(
        account=account.account,
        charge_id=command.charge_id,
        description=command.description,
        quantity=command.quantity,
        charged_on=charged_on,
        price=price,
        tax_category=command.tax_category or tax_category,
        rate_card=card,
        author=command.author,
        created_at=now,
    )
    if charge.rate().amount_minor > AMOUNT_MINOR_MAX:
        text = f"makes the charge more than {AMOUNT_MINOR_MAX:,} minor units"
        _refuse([Fault("quantity", text)])
    return charge


def _priced(
    facts: Facts, command: CreateOneOffCharge, day: date, currency: str
) -> tuple[RateCard | None, Price, str]:
    """What prices the charge: its rate card, if it is on one, its price and its tax category."""
    description, discount = command.description, command.discount
    if command.unit_price is not None:
        own = own_price(
            description, unit_price=command.unit_price, currency=currency, discount=discount
        )
        return None, own, ""
    subscription = facts.subscriptions.get((command.account, command.subscription))
    if subscription is None:
        name = f"accounts/{command.account}/subscriptions/{command.subscription}"
        raise SubscriptionNotFound(name)
    source = CardSource(
        subscription=subscription,
        plans=facts.plans,
        currency=currency,
        zone=facts.accounts[command.account].time_zone,
        changes=[e for e in facts.price_changes.values() if e.account == command.account],
        coupons=facts.coupons,
    )
    card, agreed, tax_category = priced_by_card(source, command.price, day)
    price = on_demand(agreed, description, discount)
    return card, price, tax_category


def _faults(command: CreateOneOffCharge, currency: str) -> Iterator[Fault]:
    if command.quantity.is_finite() and command.quantity <= 0 and not command.misread:
        yield Fault("quantity", "must be above 0")
    else:
        yield from quantity_faults("quantity", command.quantity)
    if command.unit_price is not None:
        yield from bounded_faults("unit_price", command.unit_price, currency)
        if not command.description:
            yield Fault("description", "must say what is charged, as no price on a rate card does")
    match command.discount:
        case PercentDiscount(percent):
            yield from discount_faults("discount_percent", percent)
        case AmountDiscount(amount):
            if amount.is_finite() and not amount:
                yield Fault("discount_amount", "must be above 0")
            yield from bounded_faults("discount_amount", amount, currency)


def _day_faults(day: date, today: date) -> Iterator[Fault]:
    if not today - _BACK_MAX <= day <= today:
        earliest = (today - _BACK_MAX).isoformat()
        yield Fault("date", f"must lie from {earliest} to {today.isoformat()}, today")


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise InvalidOneOffCharge(faults, PREFIX)


CREATE_ONE_OFF_CHARGE: Final[UseCase[CreateOneOffCharge, Facts, OneOffInFull]] = UseCase(
    name="create_one_off_charge",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=lambda tx, command: tuple(sorted(gathering.payers_of(tx, [command.account]))),
)
