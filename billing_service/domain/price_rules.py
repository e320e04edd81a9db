"""The rules that the prices of a plan version keep, each by itself and among each other.

Every fault is told with the path of its field within the version, by the contract's names; prices
come first, in their order, then what is said of several of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.allowance_rules import AllowanceRules
from billing_service.domain.amount_bounds import bounded_faults, model_faults
from billing_service.domain.catalog_errors import PricedCurrencyUnknown, PricedMeterNotFound
from billing_service.domain.errors import CurrencyUnknown, InvalidPrices
from billing_service.domain.meter import Meter
from billing_service.domain.money import minor_digits
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    COMMITMENT,
    AmountDiscount,
    Fixed,
    Licensed,
    Metered,
    PercentDiscount,
    Price,
    Recurring,
)
from billing_service.domain.price_models import Capacity, Fault
from billing_service.domain.price_models.figures import percent_faults, quantity_faults
from billing_service.domain.refusals import BillingError
from billing_service.domain.schedule_rules import schedule_faults

# What prices an amount of money, or several meters: nothing but usage can be that.
_METERED_MODELS: Final = frozenset({"percentage", "graduated_percentage", "capacity"})


@dataclass(frozen=True, slots=True)
class UnknownCurrency(Fault):
    """ISO 4217 knows no currency of that code."""


@dataclass(frozen=True, slots=True)
class UnknownMeter(Fault):
    """There is no meter of that name."""


def faults(version: PlanVersion, meters: Mapping[str, Meter]) -> Iterator[Fault]:
    """What is wrong with a plan version, where there are `meters`."""
    yield from schedule_faults("schedule", version.schedule, None)
    allowances, listed = AllowanceRules(version, meters), _Listed(version)
    for place, price in enumerate(version.prices):
        path = f"prices[{place}]."
        yield from listed.key_faults(path, place, price)
        yield from _kind_faults(path, price, meters)
        if price.schedule is not None:
            yield from schedule_faults(f"{path}schedule", price.schedule, version.schedule)
        yield from listed.add_on_faults(path, price)
        for fault in model_faults(price.model, price.currency):
            yield Fault(f"{path}{price.model.name}.{fault.path}", fault.text)
        yield from allowances.own_faults(path, price)
        yield from _charge_faults(path, price)
    yield from allowances.shared_faults()
    yield from _limit_faults(version)
    yield from _minimum_faults(version)


def refusal(found: Sequence[Fault], prefix: str = "") -> BillingError:
    """The refusal that tells faults: its reason is that of the first one.

    `prefix` leads from the request to the version, such as `plan.versions[0].`.
    """
    match found[0]:
        case UnknownCurrency():
            return PricedCurrencyUnknown(found, prefix)
        case UnknownMeter():
            return PricedMeterNotFound(found, prefix)
    return InvalidPrices(found, prefix)


class _Listed:
    """The rules of an item among the others of its version."""

    def __init__(self, version: PlanVersion) -> None:
        # Where an item is priced in a currency, by band, as the prices are gone through.
        self._places: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        self._based = {each.currency for each in version.prices if each.add_on is None}

    def key_faults(self, path: str, place: int, price: Price) -> Iterator[Fault]:
        """The item is priced once in each band, under a free code, and its currency is known."""
        if price.code == COMMITMENT:
            text = f"{COMMITMENT} is what a minimum spend is charged under: use another code"
            yield Fault(f"{path}code", text)
        places = self._places[price.code, price.currency]
        bands = (price.band, 0) if price.band else (0, *places)
        taken = next((band for band in bands if band in places), None)
        if taken is not None:
            where = f"in band {taken}" if taken else "in every band"
            text = f"{price.code} is priced in {price.currency} {where} by prices[{places[taken]}]"
            yield Fault(f"{path}code", f"{text} already")
        places.setdefault(price.band, place)
        try:
            minor_digits(price.currency)
        except CurrencyUnknown:
            text = f"ISO 4217 has no currency {price.currency!r}; use one such as BRL"
            yield UnknownCurrency(f"{path}currency", text)

    def add_on_faults(self, path: str, price: Price) -> Iterator[Fault]:
        """What can be chosen is held, and goes with something in its currency."""
        if price.add_on is None:
            return
        if not isinstance(price.kind, Recurring | Licensed):
            yield Fault(f"{path}add_on", "only recurring and licensed prices can be add-ons")
        if price.currency not in self._based:
            text = f"{price.code} has nothing to be added to: the plan has no base price in "
            yield Fault(f"{path}currency", text + price.currency)


def _kind_faults(path: str, price: Price, meters: Mapping[str, Meter]) -> Iterator[Fault]:
    """The kind goes with the model, and its meters are known."""
    match price.kind:
        case Metered(meter) as kind:
            if isinstance(price.model, Capacity):
                if meter:
                    text = "must be empty: the tiers of the model capacity name the meters"
                    yield Fault(f"{path}metered.meter", text)
                if kind.filters:
                    text = "must be empty: the model capacity takes all usage of its meters"
                    yield Fault(f"{path}metered.filters", text)
                yield from _ceiling_faults(path, price.model, meters)
            elif not meter:
                yield Fault(f"{path}metered.meter", "must name what is measured: meters/{meter}")
            elif meter not in meters:
                yield _unknown(f"{path}metered.meter", meter)
            else:
                yield from _filter_faults(f"{path}metered.", kind, meters[meter])
        case _ if price.model.name in _METERED_MODELS:
            yield Fault(f"{path}{price.model.name}", "prices usage only: make the price metered")


def _filter_faults(path: str, kind: Metered, meter: Meter) -> Iterator[Fault]:
    """Each filter is of a dimension of the meter, and is the only one of it."""
    filtered: set[str] = set()
    for place, each in enumerate(kind.filters):
        where = f"{path}filters[{place}].dimension"
        if each.dimension in filtered:
            yield Fault(where, f"{each.dimension} is filtered before: state all its values there")
        elif each.dimension not in meter.dimensions:
            yield Fault(where, meter.no_dimension(each.dimension))
        filtered.add(each.dimension)


def _ceiling_faults(path: str, model: Capacity, meters: Mapping[str, Meter]) -> Iterator[Fault]:
    """The meters of all tiers are known."""
    for tier_place, tier in enumerate(model.tiers):
        for place, ceiling in enumerate(tier.ceilings):
            if ceiling.meter not in meters:
                where = f"{path}capacity.tiers[{tier_place}].ceilings[{place}].meter"
                yield _unknown(where, ceiling.meter)


def _unknown(path: str, meter: str) -> UnknownMeter:
    return UnknownMeter(path, f"meters/{meter} is not known: create it, or check the name")


def _charge_faults(path: str, price: Price) -> Iterator[Fault]:
    """Minimum, maximum and discount are within bounds and go together."""
    least, most = price.minimum_charge, price.maximum_charge
    if least is not None:
        yield from bounded_faults(f"{path}minimum_charge", least, price.currency)
    if most is not None:
        yield from bounded_faults(f"{path}maximum_charge", most, price.currency)
    if least is not None and most is not None and least > most:
        yield Fault(f"{path}minimum_charge", f"must be at most the maximum charge, {most:f}")
    match price.discount:
        case PercentDiscount(percent):
            yield from percent_faults(f"{path}discount_percent", percent)
        case AmountDiscount(amount):
            yield from bounded_faults(f"{path}discount_amount", amount, price.currency)


def _limit_faults(version: PlanVersion) -> Iterator[Fault]:
    """Limits are stated once, within bounds, and raised by what is held."""
    held = {price.code for price in version.prices if isinstance(price.kind, Licensed)}
    codes: set[str] = set()
    for place, limit in enumerate(version.limits):
        path = f"limits[{place}]."
        if limit.code in codes:
            yield Fault(f"{path}code", f"{limit.code} is limited before: state it once")
        codes.add(limit.code)
        if isinstance(limit.size, Fixed):
            yield from quantity_faults(f"{path}quantity", limit.size.quantity)
        if limit.raised_by and limit.raised_by not in held:
            yield Fault(f"{path}raised_by", f"{limit.raised_by} is no licensed price of the plan")


def _minimum_faults(version: PlanVersion) -> Iterator[Fault]:
    """Minimum spends are stated once for a currency of the plan, within bounds, of its prices."""
    stated: set[str] = set()
    for place, least in enumerate(version.minimum_spends):
        path = f"minimum_spends[{place}]."
        codes = {each.code for each in version.prices if each.currency == least.currency}
        if least.currency in stated:
            text = f"{least.currency} has a minimum spend before: state it once"
            yield Fault(f"{path}currency", text)
        stated.add(least.currency)
        if not codes:
            text = f"the plan has no price in {least.currency}: use a currency of its prices"
            yield Fault(f"{path}currency", text)
            continue
        yield from bounded_faults(f"{path}amount", least.amount, least.currency)
        for number, code in enumerate(least.prices):
            if code not in codes:
                text = f"{code} is no price of the plan in {least.currency}"
                yield Fault(f"{path}prices[{number}]", text)
