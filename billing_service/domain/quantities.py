"""The quantities that an estimate is asked for, and what of them each price is charged for."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final, assert_never

from billing_service.domain.counting import CountedGroup, CountedThings
from billing_service.domain.money import EXACT
from billing_service.domain.price import Counting, Licensed, Metered, Price, Recurring
from billing_service.domain.price_models import Capacity, Fault, Transaction, Usage, usage_of_peaks

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Held:
    """How much of a price is held."""

    price: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Used:
    """What is used of a price in each service period; of which meter, with the model capacity.

    `quantity` is None where the transactions, or what each unit used, say it.
    """

    price: str
    quantity: Decimal | None = None
    meter: str = ""
    events_count: int = 0
    transactions: tuple[Transaction, ...] = ()
    by_unit: tuple[Decimal, ...] = ()

    @property
    def total(self) -> Decimal:
        """How much it is in all."""
        if self.quantity is not None:
            return self.quantity
        return self.transactions_total if self.transactions else self.by_unit_total

    @property
    def transactions_total(self) -> Decimal:
        """What the transactions add up to."""
        with localcontext(EXACT):
            return sum((each.amount * each.count for each in self.transactions), ZERO)

    @property
    def by_unit_total(self) -> Decimal:
        """What the units used together."""
        with localcontext(EXACT):
            return sum(self.by_unit, ZERO)

    @property
    def transactions_count(self) -> int:
        """How many transactions are told."""
        return sum(each.count for each in self.transactions)

    def as_usage(self) -> Usage:
        """What a price model is given."""
        events_count = self.events_count or self.transactions_count
        return Usage(self.total, events_count, self.transactions, self.by_unit)


@dataclass(frozen=True, slots=True)
class Quantities:
    """What is held, what is used in each service period, and what there is to be counted.

    `misread` are the faults of figures that were no decimals; those count as 0.
    """

    held: tuple[Held, ...] = ()
    used: tuple[Used, ...] = ()
    counted: tuple[CountedGroup, ...] = ()
    misread: tuple[Fault, ...] = ()


class Charged:
    """What of some quantities each price is charged for, by item."""

    def __init__(self, quantities: Quantities) -> None:
        self._quantities = quantities
        self._counted = CountedThings(quantities.counted)
        self.held: Mapping[str, Decimal] = {each.price: each.quantity for each in quantities.held}
        self._used: dict[str, list[Used]] = defaultdict(list)
        for each in quantities.used:
            self._used[each.price].append(each)

    def path_of(self, price: Price) -> str:
        """The field of the request that states what a price is charged for."""
        stated = self._quantities
        if isinstance(price.kind, Metered):
            places = [place for place, each in enumerate(stated.used) if each.price == price.code]
            return f"used[{places[0]}].quantity" if places else "used"
        places = [place for place, each in enumerate(stated.held) if each.price == price.code]
        return f"held[{places[0]}].quantity" if places else "counted"

    def used_of(self, price: Price) -> Usage:
        """What is used of a metered price: nothing unless it is named."""
        used = self._used.get(price.code, ())
        if isinstance(price.model, Capacity):
            return usage_of_peaks({each.meter: each.total for each in used})
        return used[0].as_usage() if used else Usage(ZERO)

    def usage_of(self, price: Price) -> Usage | None:
        """What a price is charged for in a period; None if it is not charged at all.

        An add-on that is not named is not chosen; of another licensed price 0 is held.
        """
        match price.kind:
            case Recurring():
                held = ONE if price.add_on is None else self.held.get(price.code, ZERO)
                return Usage(ONE) if held else None
            case Licensed():
                held = self.held.get(price.code, ZERO)
                return Usage(held) if held or price.add_on is None else None
            case Metered():
                return self.used_of(price)
            case Counting():
                counted = self._counted.quantity(price.kind)
                return None if counted is None else Usage(counted)
        assert_never(price.kind)
