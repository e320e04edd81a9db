"""The rules that the quantities of an estimate keep, told by the paths of the request.

Quantities are held against every plan version that may price a period of the estimate.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from billing_service.domain.estimate_errors import InvalidQuantities
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    Counting,
    Licensed,
    Metered,
    PerUnitOf,
    Pooling,
    Price,
    Recurring,
    applying,
)
from billing_service.domain.price_models import (
    Capacity,
    Fault,
    GraduatedPercentage,
    Percentage,
)
from billing_service.domain.price_models.figures import plain, quantity_faults
from billing_service.domain.quantities import ONE, ZERO, Held, Quantities, Used

# How often a group may be looked at: once for each price that counts, in each version.
COUNTINGS_MAX: Final = 500_000
# How many codes a refusal lists.
_LISTED_MAX: Final = 10


class PricedIn:
    """Where quantities are priced: the versions that may be in force, a band, a currency."""

    def __init__(self, versions: Sequence[PlanVersion], *, band: int, currency: str) -> None:
        self.versions = [
            tuple(applying(version.prices, band=band, currency=currency)) for version in versions
        ]
        self._where = f"{currency}, band {band}" if band else currency
        self._by_code: dict[str, list[Price]] = defaultdict(list)
        for price in chain.from_iterable(self.versions):
            self._by_code[price.code].append(price)

    def named(self, code: str) -> Sequence[Price]:
        """The prices of an item, version by version."""
        return self._by_code.get(code, ())

    def unknown(self, path: str, code: str) -> Iterator[Fault]:
        """What is wrong with a code that no version prices."""
        if code not in self._by_code:
            known = ", ".join(islice(self._by_code, _LISTED_MAX))
            yield Fault(f"{path}price", f"{code} has no price in {self._where}; {known} have")


def check_quantities(
    quantities: Quantities,
    priced: PricedIn,
    others: Iterable[Fault] = (),
    *,
    prefix: str = "",
) -> None:
    """Refuse quantities that do not go with the prices, and `others` that were found before.

    `prefix` leads from the request to where it states them.

    Errors:  InvalidQuantities with all faults.
    """
    found = [*others, *faults(quantities, priced)]
    if found:
        raise InvalidQuantities(found, prefix)


def faults(quantities: Quantities, priced: PricedIn) -> Iterator[Fault]:
    """What is wrong with quantities: first what is no figure, then the rest as it was requested.

    An element with a figure that could not be read is not judged any further.
    """
    yield from quantities.misread
    misread = {_element(fault) for fault in quantities.misread}
    for fault in _readable_faults(quantities, priced):
        if _element(fault) not in misread:
            yield fault


def _element(fault: Fault) -> str:
    """The element of the request that a fault lies in, such as `used[1]`."""
    return fault.path.partition(".")[0]


def _readable_faults(quantities: Quantities, priced: PricedIn) -> Iterator[Fault]:
    yield from _all_held_faults(quantities.held, priced)
    yield from _all_used_faults(quantities.used, priced)
    yield from _counted_faults(len(quantities.counted), priced)


def _all_held_faults(all_held: Sequence[Held], priced: PricedIn) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, held in enumerate(all_held):
        path = f"held[{place}]."
        if held.price in seen:
            yield Fault(f"{path}price", f"{held.price} is stated twice: add it up")
        seen.add(held.price)
        yield from quantity_faults(f"{path}quantity", held.quantity)
        yield from priced.unknown(path, held.price)
        yield from _first(_holding_fault(path, held, each) for each in priced.named(held.price))
    for prices in priced.versions:
        yield from _exclusive_faults(all_held, prices)


def _all_used_faults(all_used: Sequence[Used], priced: PricedIn) -> Iterator[Fault]:
    seen: set[tuple[str, str]] = set()
    for place, used in enumerate(all_used):
        path = f"used[{place}]."
        if (used.price, used.meter) in seen:
            yield Fault(f"{path}price", f"{used.price} is stated twice: add it up")
        seen.add((used.price, used.meter))
        wrong = list(_figure_faults(path, used))
        yield from wrong
        yield from priced.unknown(path, used.price)
        if not wrong:
            prices = priced.named(used.price)
            yield from _first(_using_fault(path, used, each) for each in prices)


def _counted_faults(groups_count: int, priced: PricedIn) -> Iterator[Fault]:
    """There are not more groups than can be counted in time."""
    prices = chain.from_iterable(priced.versions)
    counting = sum(isinstance(price.kind, Counting) for price in prices)
    if groups_count * counting > COUNTINGS_MAX:
        most = COUNTINGS_MAX // counting
        text = f"has {groups_count:,} groups for {counting:,} prices: at most {most:,}"
        yield Fault("counted", text)


def _holding_fault(path: str, held: Held, price: Price) -> Fault | None:
    """What is wrong with holding so much of a price."""
    match price.kind:
        case Recurring() if price.add_on is None:
            text = f"{price.code} is charged as long as the subscription lasts: leave it out"
            return Fault(f"{path}price", text)
        case Recurring():
            if held.quantity not in (ZERO, ONE):
                return Fault(f"{path}quantity", f"must be 1 to choose {price.code}, or 0")
        case Licensed():
            most = price.add_on.quantity_max if price.add_on else 0
            if most and held.quantity > most:
                text = f"must be at most {most:,}: a subscription holds no more of {price.code}"
                return Fault(f"{path}quantity", text)
        case Metered():
            return Fault(
                f"{path}price",
                f"{price.code} is metered: nothing of it is held, its usage is charged",
            )
        case _:
            return Fault(f"{path}price", f"{price.code} counts things: state them as `counted`")
    return None


def _exclusive_faults(held: Sequence[Held], prices: Sequence[Price]) -> Iterator[Fault]:
    """At most one add-on of a group is chosen."""
    groups = {
        price.code: price.add_on.exclusive_group
        for price in prices
        if price.add_on and price.add_on.exclusive_group
    }
    chosen: dict[str, str] = {}
    for place, each in enumerate(held):
        group = groups.get(each.price, "")
        first = chosen.setdefault(group, each.price) if group and each.quantity else each.price
        if first != each.price:
            text = f"{each.price} and {first} exclude each other: choose one of {group}"
            yield Fault(f"held[{place}].price", text)


def _figure_faults(path: str, used: Used) -> Iterator[Fault]:
    """Figures are within bounds, and say the same."""
    for place, each in enumerate(used.transactions):
        yield from quantity_faults(f"{path}transactions[{place}].amount", each.amount)
    for place, amount in enumerate(used.by_unit):
        yield from quantity_faults(f"{path}by_unit[{place}]", amount)
    yield from quantity_faults(f"{path}quantity", used.quantity)


def _using_fault(path: str, used: Used, price: Price) -> Fault | None:
    """What is wrong with using so much of a price."""
    if not isinstance(price.kind, Metered):
        return Fault(f"{path}price", f"{price.code} is not metered: leave it out of `used`")
    return (
        _meter_fault(path, used, price)
        or _sum_fault(path, used)
        or _transactions_fault(path, used, price)
        or _by_unit_fault(path, used, price)
    )


def _meter_fault(path: str, used: Used, price: Price) -> Fault | None:
    if isinstance(price.model, Capacity):
        meters = price.model.meters
        if used.meter not in meters:
            named = ", ".join(f"meters/{meter}" for meter in meters)
            return Fault(f"{path}meter", f"{price.code} needs one of {named}")
    elif used.meter and isinstance(price.kind, Metered) and used.meter != price.kind.meter:
        return Fault(f"{path}meter", f"{price.code} measures meters/{price.kind.meter}: leave out")
    return None


def _sum_fault(path: str, used: Used) -> Fault | None:
    """The quantity is stated, and transactions and units add up to it."""
    if used.quantity is None and not used.transactions and not used.by_unit:
        return Fault(f"{path}quantity", "is needed, or transactions, or what each unit used")
    totals = {
        "transactions": used.transactions_total if used.transactions else used.total,
        "by_unit": used.by_unit_total if used.by_unit else used.total,
    }
    for name, total in totals.items():
        if total != used.total:
            text = f"{plain(used.total)} contradicts {name}, which add up to {plain(total)}"
            return Fault(f"{path}quantity", text)
    counted = used.transactions_count
    if counted and used.events_count not in (0, counted):
        text = f"{used.events_count:,} contradicts transactions, which are {counted:,}"
        return Fault(f"{path}events_count", text)
    return next(quantity_faults(f"{path}quantity", used.total), None)


def _transactions_fault(path: str, used: Used, price: Price) -> Fault | None:
    """Transactions are told where, and only where, they matter."""
    model = price.model
    if not isinstance(model, Percentage | GraduatedPercentage):
        field = "transactions" if used.transactions else "events_count"
        if used.transactions or used.events_count:
            return Fault(f"{path}{field}", f"{price.code} is no percentage: leave out")
    elif isinstance(model, Percentage) and used.total and not used.transactions:
        if model.is_by_transaction:
            text = f"are needed: {price.code} prices each transaction by itself"
            return Fault(f"{path}transactions", text)
        if model.fixed_fee and not used.events_count:
            text = f"is needed: {price.code} has a fee for each transaction"
            return Fault(f"{path}events_count", text)
    return None


def _by_unit_fault(path: str, used: Used, price: Price) -> Fault | None:
    included = price.included
    if (
        included is None
        or included.pooling is not Pooling.PER_UNIT
        or not isinstance(included.size, PerUnitOf)
    ):
        text = f"{price.code} has no allowance for each unit: leave out"
        return Fault(f"{path}by_unit", text) if used.by_unit else None
    if used.total and not used.by_unit:
        text = f"is needed: each of {included.size.price} has an allowance of its own"
        return Fault(f"{path}by_unit", text)
    return None


def _first(found: Iterator[Fault | None]) -> Iterator[Fault]:
    """The first fault, if there is any: other versions say the same."""
    fault = next(filter(None, found), None)
    if fault:
        yield fault
