"""The fields of meters, tax profiles and plans, by the contract's paths, as text to compare.

What is as the contract has it when it is left out has no field here. Every field of an entity is
gone through by itself, so that none is forgotten: entities are alike if their fields are.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from itertools import chain
from typing import Any, Final

from billing_service.domain.meter import Meter, PropertyFilter
from billing_service.domain.plan import Plan
from billing_service.domain.plan_version import PlanVersion
from billing_service.domain.price import (
    AmountDiscount,
    DimensionFilter,
    Fixed,
    PercentDiscount,
    PerUnitOf,
    Price,
    Unlimited,
)
from billing_service.domain.tax import TaxProfile, TaxProfileVersion

Fields = dict[str, str]
_Row = tuple[str, str]

# What the contract calls a field otherwise than we do.
_NAMES: Final = {"instant": "counting_instant", "proration": "default_proration"}
_NUMBERING: Final = frozenset({"version", "effective_at"})
_KEYS: Final = frozenset({"code", "band", "currency"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference: where, what is stored ('': nothing), and what is wanted ('': nothing)."""

    path: str
    before: str
    after: str


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """The fields that differ, in the order in which the fields come."""
    paths = dict.fromkeys(chain(after, before))
    rows = (FieldChange(path, before.get(path, ""), after.get(path, "")) for path in paths)
    return tuple(each for each in rows if each.before != each.after)


def meter_fields(meter: Meter) -> Fields:
    """The fields of a meter, its id aside."""
    return dict(_parts("", meter, skipped={"meter_id"}))


def tax_head_fields(profile: TaxProfile) -> Fields:
    """The fields of a tax profile beside its versions."""
    return dict(_parts("", profile, skipped={"tax_profile_id", "versions"}))


def tax_version_fields(version: TaxProfileVersion) -> Fields:
    """The fields of a version, its rates by category, whatever their order."""
    rows = dict(_parts("", version, skipped=_NUMBERING | {"rates"}))
    for rate in sorted(version.rates, key=lambda each: each.tax_category):
        path = f"rates[{rate.tax_category or '*'}]"
        rows |= _parts(f"{path}.", rate, skipped={"tax_category"})
    return rows


def plan_head_fields(plan: Plan) -> Fields:
    """The fields of a plan beside its versions and its policy, which never changes."""
    return dict(_parts("", plan, skipped={"plan_id", "policy", "versions"}))


def plan_version_fields(version: PlanVersion) -> Fields:
    """The fields of a version, what there are several of by its key, whatever the order."""
    lists = {"prices", "shared_allowances", "limits", "minimum_spends"}
    rows: Fields = {}
    for price in version.prices:
        rows |= _price(price)
    rows |= _parts("", version, skipped=_NUMBERING | lists)
    for shared in sorted(version.shared_allowances, key=lambda each: each.code):
        rows |= _parts(f"shared_allowances[{shared.code}].", shared, skipped={"code"})
    for limit in sorted(version.limits, key=lambda each: each.code):
        rows |= _parts(f"limits[{limit.code}].", limit, skipped={"code"})
    for least in sorted(version.minimum_spends, key=lambda each: each.currency):
        rows |= _parts(f"minimum_spends[{least.currency}].", least, skipped={"currency"})
    return rows


def order_change(before: PlanVersion, after: PlanVersion) -> tuple[FieldChange, ...]:
    """The order of the prices that both versions have, if it is another one."""
    keys = [[each.key for each in version.prices] for version in (before, after)]
    both = set(keys[0]) & set(keys[1])
    rows = ["; ".join(_key_text(key) for key in listed if key in both) for listed in keys]
    return () if rows[0] == rows[1] else (FieldChange("prices.order", rows[0], rows[1]),)


def _price(price: Price) -> Iterator[_Row]:
    """The fields of a price. Its kind and model are always stated, so that it has some."""
    path = f"prices[{_key_text(price.key)}]."
    yield f"{path}kind", _kind_name(price.kind)
    yield f"{path}model", price.model.name
    for each in fields(price):
        if each.name not in _KEYS:
            yield from _part(path, each, getattr(price, each.name))


def _key_text(key: tuple[str, int, str]) -> str:
    code, band, currency = key
    return f"{code}, band {band}, {currency}" if band else f"{code}, {currency}"


def _kind_name(kind: Any) -> str:
    return type(kind).__name__.lower()


def _parts(path: str, entity: Any, skipped: frozenset[str] | set[str]) -> Iterator[_Row]:
    for each in fields(entity):
        if each.name not in skipped:
            yield from _part(path, each, getattr(entity, each.name))


def _part(path: str, stated: Field[Any], value: Any) -> Iterator[_Row]:
    """A field of an entity; nothing if it is as when it is left out."""
    if value == _default(stated):
        return
    match stated.name, value:
        case "kind", _:
            yield from _all(f"{path}{_kind_name(value)}.", value)
        case "model", _:
            yield from _all(f"{path}{value.name}.", value)
        case "discount", PercentDiscount(figure):
            yield f"{path}discount_percent", _text("", figure)
        case "discount", AmountDiscount(figure):
            yield f"{path}discount_amount", _text("", figure)
        case "size", Fixed(quantity):
            yield f"{path}quantity", _text("", quantity)
        case "size", PerUnitOf():
            yield from _all(f"{path}per_unit_of.", value)
        case "size", Unlimited():
            yield f"{path}unlimited", "true"
        case "filters", _:
            yield from _filters(f"{path}filters", value)
        case "schedule", _ if path:
            # That of one price states all, since what it leaves out is that of the version.
            yield from _stated(f"{path}schedule.", value)
        case name, _:
            yield from _value(path + _NAMES.get(name, name), name, value)


def _filters(path: str, filters: tuple[PropertyFilter | DimensionFilter, ...]) -> Iterator[_Row]:
    """Filters by what they look at, in whatever order; each value quoted, since it may hold any."""
    rows = {
        each.property if isinstance(each, PropertyFilter) else each.dimension: sorted(each.values)
        for each in filters
    }
    for name, values in sorted(rows.items()):
        yield f"{path}[{name}]", ", ".join(json.dumps(each, ensure_ascii=False) for each in values)


def _all(path: str, entity: Any) -> Iterator[_Row]:
    return _parts(path, entity, frozenset())


def _stated(path: str, entity: Any) -> Iterator[_Row]:
    """All fields of an entity, also those that are as when they are left out."""
    for each in fields(entity):
        yield f"{path}{each.name}", _text(each.name, getattr(entity, each.name))


def _value(path: str, name: str, value: Any) -> Iterator[_Row]:
    if isinstance(value, tuple) and any(map(is_dataclass, value)):
        for place, each in enumerate(value):
            yield from _all(f"{path}[{place}].", each)
    elif is_dataclass(value):
        if name == "add_on":
            yield path, "true"
        yield from _all(f"{path}.", value)
    else:
        yield path, _text(name, value)


def _text(name: str, value: Any) -> str:
    """A figure, word or choice as people read it."""
    match value:
        case bool():
            return str(value).lower()
        case Enum():
            return value.name
        case Decimal():
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case frozenset() | tuple():
            words = sorted(value) if isinstance(value, frozenset) else value
            return ", ".join(words)
    return f"meters/{value}" if name == "meter" and value else str(value)


def _default(stated: Field[Any]) -> Any:
    """What a field is when it is left out; for those that must be stated, nothing at all."""
    if stated.default is not MISSING:
        return stated.default
    return "" if stated.type in {str, "str"} else None
