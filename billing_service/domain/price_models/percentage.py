"""A part of an amount of money, with a fee for each transaction, and what of it is free."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import ClassVar, Final

from billing_service.domain.money import EXACT
from billing_service.domain.price_models.figures import (
    PERCENT,
    QUANTITY_DECIMALS_MAX,
    ZERO,
    amount_faults,
    percent_faults,
    plain,
    quantity_faults,
)
from billing_service.domain.price_models.usage import Fault, Share, Transaction, Usage

_STEP: Final = Decimal(1).scaleb(-QUANTITY_DECIMALS_MAX)


@dataclass(frozen=True, slots=True)
class _Run:
    """Equal transactions in a row: how much of each is priced, and what each costs, and why."""

    count: int
    amount: Decimal
    priced: Decimal
    cost: Decimal
    why: str


@dataclass(frozen=True, slots=True)
class Percentage:
    """A part of an amount of money.

    Transactions are priced one by one, in their order, where their own size or place decides. The
    first `free_events` cost nothing and leave the free amount alone; those that lie in the free
    amount cost nothing either; one that ends beyond it pays for what is beyond, and its fee.
    """

    percent: Decimal
    fixed_fee: Decimal = ZERO
    free_amount: Decimal = ZERO
    free_events: int = 0
    event_minimum: Decimal = ZERO
    event_maximum: Decimal | None = None

    name: ClassVar[str] = "percentage"
    by_quantity: ClassVar[bool] = False

    @property
    def single_price(self) -> Decimal | None:
        """What one unit of money costs, if nothing else is added or taken off."""
        plain_part = not (self.is_by_transaction or self.fixed_fee or self.free_amount)
        return self.percent * PERCENT if plain_part else None

    @property
    def is_by_transaction(self) -> bool:
        """Whether the size or place of each transaction decides, not only their sum and number."""
        bounded = self.event_minimum or self.event_maximum is not None
        return bool(self.free_events or bounded or (self.fixed_fee and self.free_amount))

    def faults(self) -> Iterator[Fault]:
        """What is wrong with its figures."""
        yield from percent_faults("percent", self.percent)
        yield from amount_faults("fixed_fee", self.fixed_fee)
        yield from quantity_faults("free_amount", self.free_amount)
        if self.free_events < 0:
            yield Fault("free_events", "must not be negative")
        yield from amount_faults("event_minimum", self.event_minimum)
        yield from amount_faults("event_maximum", self.event_maximum)
        if self.event_maximum is not None and self.event_maximum < self.event_minimum:
            yield Fault("event_maximum", f"must not be below {plain(self.event_minimum)}")

    def amount_at(self, quantity: Decimal) -> Decimal:
        """What a quantity costs of which nothing else is known."""
        return self.amount_of(Usage(quantity))

    def amount_of(self, usage: Usage) -> Decimal:
        """What all transactions cost together."""
        if self.is_by_transaction:
            return sum((run.count * run.cost for run in self._runs(usage)), ZERO)
        beyond = max(ZERO, usage.quantity - self.free_amount)
        return beyond * self.percent * PERCENT + _events(usage) * self.fixed_fee

    def shares(self, usage: Usage) -> tuple[Share, ...]:
        """What is free, what is at the rate, and what is at the minimum or maximum, in that order.

        Transactions are not told one by one: there may be millions.
        """
        if self.is_by_transaction:
            return tuple(self._shares_by_reason(list(self._runs(usage))))
        events, unit_price = _events(usage), self.percent * PERCENT
        free = min(self.free_amount, usage.quantity)
        beyond, fees = usage.quantity - free, events * self.fixed_fee
        text = f"{plain(self.percent)}%" + (
            f" and {plain(self.fixed_fee)} for {_times(events)}" if self.fixed_fee else ""
        )
        rest = Share(text, beyond, unit_price, fees, beyond * unit_price + fees)
        return (Share("free", free, ZERO, ZERO, ZERO, self.free_amount), rest) if free else (rest,)

    def _runs(self, usage: Usage) -> Iterator[_Run]:
        events, left = self.free_events, self.free_amount
        for each in usage.transactions or _evenly(usage):
            amount, counted = each.amount, each.count
            free = min(counted, events)
            events -= free
            count = counted - free
            if count and left:
                lying = min(count, int(left // amount)) if amount else count
                left -= lying * amount
                free, count = free + lying, count - lying
            if free:
                yield _Run(free, amount, ZERO, ZERO, "free")
            if count and left:
                yield self._run(1, amount, amount - left)
                left, count = ZERO, count - 1
            if count:
                yield self._run(count, amount, amount)

    def _run(self, count: int, amount: Decimal, priced: Decimal) -> _Run:
        cost = priced * self.percent * PERCENT + self.fixed_fee
        if self.event_maximum is not None and cost > self.event_maximum:
            return _Run(count, amount, priced, self.event_maximum, "maximum")
        if cost < self.event_minimum:
            return _Run(count, amount, priced, self.event_minimum, "minimum")
        return _Run(count, amount, priced, cost, "rate")

    def _shares_by_reason(self, runs: Sequence[_Run]) -> Iterator[Share]:
        by_reason: dict[str, list[_Run]] = defaultdict(list)
        for run in runs:
            by_reason[run.why].append(run)
        free = sum((run.count * (run.amount - run.priced) for run in runs), ZERO)
        if free or by_reason["free"]:
            text = f"{_times(_count(by_reason['free']))} free"
            yield Share(text, free, ZERO, ZERO, ZERO)
        if at_rate := by_reason["rate"]:
            count, priced = _count(at_rate), _priced(at_rate)
            unit_price, fees = self.percent * PERCENT, count * self.fixed_fee
            text = f"{_times(count)} at {plain(self.percent)}%"
            text += f" and {plain(self.fixed_fee)} each" if self.fixed_fee else ""
            yield Share(text, priced, unit_price, fees, priced * unit_price + fees)
        for why in ("minimum", "maximum"):
            if bounded := by_reason[why]:
                text = f"{_times(_count(bounded))} at the {why} of {plain(bounded[0].cost)}"
                amount = _count(bounded) * bounded[0].cost
                yield Share(text, _priced(bounded), None, ZERO, amount)


def usage_of_transactions(transactions: Sequence[Transaction]) -> Usage:
    """The usage that transactions make up: their sum, their number, and each of them."""
    with localcontext(EXACT):
        quantity = sum((each.amount * each.count for each in transactions), ZERO)
    events_count = sum(each.count for each in transactions)
    return Usage(quantity, events_count, tuple(transactions))


def _evenly(usage: Usage) -> Iterator[Transaction]:
    """A sum as equal transactions, of which only the number is known; the last takes the rest."""
    events = _events(usage)
    if events > 1:
        each = usage.quantity // (events * _STEP) * _STEP
        yield Transaction(each, events - 1)
        yield Transaction(usage.quantity - (events - 1) * each)
    elif events:
        yield Transaction(usage.quantity)


def _events(usage: Usage) -> int:
    """How many transactions there are; a quantity of which none is known is one."""
    counted = usage.events_count or sum(each.count for each in usage.transactions)
    return counted or int(bool(usage.quantity))


def _count(runs: Sequence[_Run]) -> int:
    return sum(run.count for run in runs)


def _priced(runs: Sequence[_Run]) -> Decimal:
    return sum((run.count * run.priced for run in runs), ZERO)


def _times(count: int) -> str:
    return f"{count:,} transaction" + ("" if count == 1 else "s")
