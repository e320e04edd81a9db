"""The largest amounts of a price: as many minor units in every currency, so that sums fit."""

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from billing_service.domain.errors import CurrencyUnknown
from billing_service.domain.money import PRICE_MINOR_MAX, minor_digits
from billing_service.domain.price_models import Fault, PriceModel
from billing_service.domain.price_models.figures import amount_faults, plain

_DIGITS_USUAL: Final = 2
# What the models call their amounts.
_AMOUNTS: Final = frozenset(
    {
        "amount",
        "unit_price",
        "flat_fee",
        "package_price",
        "fixed_fee",
        "event_minimum",
        "event_maximum",
    }
)


def bounded_faults(path: str, amount: Decimal, currency: str) -> Iterator[Fault]:
    """What is wrong with an amount in a currency."""
    wrong = next(amount_faults(path, amount), None) or _too_large(path, amount, currency)
    if wrong:
        yield wrong


def model_faults(model: PriceModel, currency: str) -> Iterator[Fault]:
    """What is wrong with the figures of a model, by path."""
    found: dict[str, Fault] = {}
    for fault in (*model.faults(), *_too_large_amounts("", model, currency)):
        found.setdefault(fault.path, fault)
    return (found[path] for path in sorted(found, key=_path_order))


def _too_large_amounts(path: str, part: Any, currency: str) -> Iterator[Fault]:
    """The amounts of a model's message that are too large, part by part."""
    for each in fields(part):
        value = getattr(part, each.name)
        if isinstance(value, tuple):
            for place, inner in enumerate(value):
                yield from _too_large_amounts(f"{path}{each.name}[{place}].", inner, currency)
        elif each.name in _AMOUNTS and value is not None:
            wrong = _too_large(path + each.name, value, currency)
            if wrong:
                yield wrong


def _too_large(path: str, amount: Decimal, currency: str) -> Fault | None:
    most = Decimal(PRICE_MINOR_MAX // 10 ** _digits(currency))
    return None if amount <= most else Fault(path, f"must be from 0 to {plain(most)} {currency}")


def _digits(currency: str) -> int:
    """The decimal places of a currency; of one that is refused elsewhere, the usual ones."""
    try:
        return minor_digits(currency)
    except CurrencyUnknown:
        return _DIGITS_USUAL


def _path_order(path: str) -> list[tuple[str, int]]:
    """The order of paths: by name, and within a list by place."""
    heads = (part.rstrip("]").partition("[") for part in path.split("."))
    return [(name, int(place or 0)) for name, _, place in heads]
