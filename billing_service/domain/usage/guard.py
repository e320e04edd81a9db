"""Usage guards: thresholds that are told once a period, and a ceiling for reservations.

Units:   percents are of what is included, of the ceiling where nothing is; amounts are minor units
         of the account's currency; the ceiling is in the unit of the price.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Final

from billing_service.domain.money import EXACT
from billing_service.domain.price_models.figures import decimals_of
from billing_service.domain.usage.guard_errors import InvalidGuard

PERCENT_MAX: Final = Decimal(10_000)
PERCENT_DECIMALS_MAX: Final = 2
CEILING_MAX: Final = Decimal(10**15)
CEILING_DECIMALS_MAX: Final = 9
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class UsageGuard:
    """What is watched of a metered price of a subscription. `version` 0: it was never stated."""

    account: str
    subscription: str
    price: str
    percents: tuple[Decimal, ...] = ()
    amounts_minor: tuple[int, ...] = ()
    currency: str = ""
    ceiling: Decimal | None = None
    version: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others: account, subscription, price."""
        return (self.account, self.subscription, self.price)

    @property
    def name(self) -> str:
        """Its name in the contract."""
        subscription = f"accounts/{self.account}/subscriptions/{self.subscription}"
        return f"{subscription}/usageGuards/{self.price}"

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return str(self.version)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A percentage or an amount: one of them is set."""

    percent: Decimal | None = None
    amount_minor: int | None = None

    @property
    def text(self) -> str:
        """What tells it from others of its guard."""
        if self.percent is not None:
            return f"percent:{self.percent.normalize():f}"
        return f"amount:{self.amount_minor}"


@dataclass(frozen=True, slots=True)
class Crossing:
    """That a threshold was told in a service period."""

    account: str
    subscription: str
    price: str
    period_start_on: date
    threshold: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a period has come to: its quantity and cost; `included` is all that costs nothing in it.

    `included` None: nothing is, or all without limit.
    """

    quantity: Decimal
    included: Decimal | None
    cost_minor: int


def check_guard(guard: UsageGuard, *, is_additive: bool, has_base: bool) -> None:
    """Refuse thresholds and ceilings that could not be told, or not be kept.

    `is_additive`: the price's meter counts or sums; `has_base`: something is included.

    Errors:  InvalidGuard, naming the field.
    """
    for place, percent in enumerate(guard.percents):
        field = f"guard.percents[{place}]"
        if not 0 < percent <= PERCENT_MAX:
            raise InvalidGuard(field, f"must be above 0 and up to {PERCENT_MAX:,}")
        if decimals_of(percent) > PERCENT_DECIMALS_MAX:
            raise InvalidGuard(field, f"has more than {PERCENT_DECIMALS_MAX} decimals")
        if percent in guard.percents[:place]:
            raise InvalidGuard(field, "is there twice: state it once")
    for place, amount_minor in enumerate(guard.amounts_minor):
        if amount_minor <= 0:
            raise InvalidGuard(f"guard.amounts[{place}]", "must be above 0")
        if amount_minor in guard.amounts_minor[:place]:
            raise InvalidGuard(f"guard.amounts[{place}]", "is there twice: state it once")
    _check_ceiling(guard.ceiling, is_additive=is_additive)
    if guard.percents and guard.ceiling is None and not has_base:
        text = "need something they are of: the price includes nothing, or all: state a ceiling"
        raise InvalidGuard("guard.percents", text)


def _check_ceiling(ceiling: Decimal | None, *, is_additive: bool) -> None:
    field = "guard.ceiling"
    if ceiling is None:
        return
    if not is_additive:
        raise InvalidGuard(field, "suits only usage that is counted or summed: leave it out")
    if not 0 <= ceiling <= CEILING_MAX:
        raise InvalidGuard(field, f"must be from 0 to {CEILING_MAX:,}")
    if decimals_of(ceiling) > CEILING_DECIMALS_MAX:
        raise InvalidGuard(field, f"has more than {CEILING_DECIMALS_MAX} decimals")


def reached(guard: UsageGuard, reading: Reading, currency: str) -> Iterator[Threshold]:
    """The thresholds that a period has reached, the percentages first, each in ascending order.

    Amounts in another currency than the cost are not reached by it.
    """
    base = reading.included or guard.ceiling
    if base:
        with localcontext(EXACT):
            told = [p for p in guard.percents if reading.quantity * _HUNDRED >= base * p]
        for percent in sorted(told):
            yield Threshold(percent=percent)
    amounts_minor = guard.amounts_minor if guard.currency == currency else ()
    for amount_minor in sorted(amounts_minor):
        if reading.cost_minor >= amount_minor:
            yield Threshold(amount_minor=amount_minor)


def to_tell(
    guard: UsageGuard,
    reading: Reading,
    told: Collection[Crossing],
    period_start_on: date,
    currency: str,
) -> list[tuple[Threshold, Crossing]]:
    """The thresholds that a period has reached and that were not told in it."""
    found = [
        (each, Crossing(*guard.key, period_start_on, each.text))
        for each in reached(guard, reading, currency)
    ]
    return [(each, crossing) for each, crossing in found if crossing not in told]
