"""Prices as JSON text and back, exactly: a decimal is a string of its digits.

What has a form among several, such as a price's kind or model, names it under `is`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from billing_service.domain import price_models
from billing_service.domain.price import (
    AmountDiscount,
    Commitment,
    Counting,
    Discounts,
    Fixed,
    Licensed,
    Limit,
    Metered,
    MinimumSpend,
    OnDemand,
    PercentDiscount,
    PerUnitOf,
    Price,
    Recurring,
    Schedule,
    SharedAllowance,
    Unlimited,
)

_TAG: Final = "is"
_MODELS: Final = (
    price_models.Flat,
    price_models.PerUnit,
    price_models.Graduated,
    price_models.Volume,
    price_models.Package,
    price_models.Stairstep,
    price_models.Percentage,
    price_models.GraduatedPercentage,
    price_models.Capacity,
)
_FORMS: Final[Mapping[str, type]] = {
    **{model.name: model for model in _MODELS},
    "recurring": Recurring,
    "commitment": Commitment,
    "licensed": Licensed,
    "on_demand": OnDemand,
    "metered": Metered,
    "counting": Counting,
    "fixed": Fixed,
    "per_unit_of": PerUnitOf,
    "unlimited": Unlimited,
    "percent_discount": PercentDiscount,
    "amount_discount": AmountDiscount,
    "discounts": Discounts,
}
_TAGS: Final = {form: tag for tag, form in _FORMS.items()}


def price_to_text(price: Price) -> str:
    """A price as JSON."""
    return _text(price)


def price_from_text(text: str) -> Price:
    """The price that JSON states."""
    price: Price = _decoded(Price, json.loads(text))
    return price


def schedule_to_text(schedule: Schedule) -> str:
    """A schedule as JSON."""
    return _text(schedule)


def schedule_from_text(text: str) -> Schedule:
    """The schedule that JSON states."""
    schedule: Schedule = _decoded(Schedule, json.loads(text))
    return schedule


def shared_to_text(shared: Sequence[SharedAllowance]) -> str:
    """Shared allowances as JSON."""
    return _text(tuple(shared))


def shared_from_text(text: str) -> tuple[SharedAllowance, ...]:
    """The shared allowances that JSON states."""
    return tuple(_decoded(SharedAllowance, each) for each in json.loads(text))


def limits_to_text(limits: Sequence[Limit]) -> str:
    """Limits as JSON."""
    return _text(tuple(limits))


def limits_from_text(text: str) -> tuple[Limit, ...]:
    """The limits that JSON states."""
    return tuple(_decoded(Limit, each) for each in json.loads(text))


def minimums_to_text(minimums: Sequence[MinimumSpend]) -> str:
    """Minimum spends as JSON."""
    return _text(tuple(minimums))


def minimums_from_text(text: str) -> tuple[MinimumSpend, ...]:
    """The minimum spends that JSON states."""
    return tuple(_decoded(MinimumSpend, each) for each in json.loads(text))


def _text(value: object) -> str:
    return json.dumps(_encoded(value), ensure_ascii=False, separators=(",", ":"))


def _encoded(value: Any) -> Any:
    match value:
        case Decimal():
            return str(value)
        case Enum():
            return value.value
        case frozenset():
            return sorted(value)
        case tuple():
            return [_encoded(each) for each in value]
    if not is_dataclass(value):
        return value
    parts = {each.name: _encoded(getattr(value, each.name)) for each in fields(value)}
    tag = _TAGS.get(type(value))
    return {_TAG: tag, **parts} if tag else parts


def _decoded(hint: Any, stored: Any) -> Any:
    if stored is None:
        return None
    if isinstance(stored, Mapping):
        form = _FORMS[stored[_TAG]] if _TAG in stored else _only(hint)
        hints = _hints(form)
        parts = {name: part for name, part in stored.items() if name != _TAG}
        return form(**{name: _decoded(hints[name], part) for name, part in parts.items()})
    if isinstance(stored, list):
        several, (element, *_) = get_origin(hint), get_args(hint)
        return several(_decoded(element, each) for each in stored)
    form = _only(hint)
    return form(stored) if form is Decimal or issubclass(form, Enum) else stored


def _only(hint: Any) -> Any:
    """The type that a hint allows beside None."""
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    (form,) = (each for each in get_args(hint) if each is not NoneType)
    return form


@lru_cache
def _hints(form: type) -> Mapping[str, Any]:
    return get_type_hints(form)
