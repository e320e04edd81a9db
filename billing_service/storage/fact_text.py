"""What a fact of a plan's subscription says, as JSON in the row of the fact and back."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from billing_service.domain.negotiated import AgreedPrice, PriceOverride
from billing_service.domain.price import Anchor, PercentDiscount
from billing_service.domain.proration import (
    AllowanceSwitch,
    ChangeDay,
    Granularity,
    Proration,
    ProrationMode,
)
from billing_service.domain.quantities import Held
from billing_service.domain.subscription import Fact, PlanHolding, PlanTerms
from billing_service.storage.rows import Values


def fact_to_text(fact: Fact) -> str:
    """What a fact says besides its kind and time, as JSON; '' for nothing."""
    told = {
        "terms": fact.terms and _terms_to_values(fact.terms),
        "holding": fact.holding and _holding_to_values(fact.holding),
        "proration": fact.proration and proration_to_text(fact.proration),
        "withdraws": fact.withdraws,
        "recorded_at": fact.recorded_at,
    }
    stated = {name: each for name, each in told.items() if each}
    return json.dumps(stated, separators=(",", ":")) if stated else ""


def told_by_text(text: str) -> Values:
    """What a fact says, by the names of its fields."""
    if not text:
        return {}
    told: Values = json.loads(text)
    return told | {name: _READ[name](told[name]) for name in _READ.keys() & told.keys()}


def proration_to_text(proration: Proration) -> str:
    """How a change is charged, in one string."""
    return " ".join(
        each.value
        for each in (
            proration.mode,
            proration.granularity,
            proration.change_day,
            proration.allowances,
        )
    )


def proration_from_text(text: str) -> Proration:
    """How a change is charged, as `proration_to_text` wrote it."""
    mode, granularity, change_day, allowances = text.split(" ")
    return Proration(
        ProrationMode(mode),
        Granularity(granularity),
        ChangeDay(change_day),
        AllowanceSwitch(allowances),
    )


def _terms_to_values(terms: PlanTerms) -> Values:
    told: Values = {"begins_on": terms.begins_on.isoformat()}
    if terms.ends_on is not None:
        told |= {"ends_on": terms.ends_on.isoformat(), "ends_at": terms.ends_at}
    if terms.by_whole_months:
        told["by_whole_months"] = True
    if terms.anchor is not None:
        told["anchor"] = terms.anchor.value
    if terms.trial_ends_on is not None:
        told["trial_ends_on"] = terms.trial_ends_on.isoformat()
    if terms.anchor_on is not None:
        told["anchor_on"] = terms.anchor_on.isoformat()
    if terms.prepaid:
        told["prepaid"] = True
    return told


def _terms_from_values(told: Mapping[str, Any]) -> PlanTerms:
    return PlanTerms(
        begins_on=date.fromisoformat(told["begins_on"]),
        ends_on=_day(told.get("ends_on")),
        ends_at=told.get("ends_at"),
        by_whole_months=told.get("by_whole_months", False),
        anchor=Anchor(told["anchor"]) if "anchor" in told else None,
        trial_ends_on=_day(told.get("trial_ends_on")),
        anchor_on=_day(told.get("anchor_on")),
        prepaid=told.get("prepaid", False),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _holding_to_values(holding: PlanHolding) -> Values:
    told: Values = {"plan": holding.plan, "band": holding.band}
    told["held"] = {each.price: str(each.quantity) for each in holding.held}
    if holding.price_overrides:
        told["overrides"] = [_override_to_values(each) for each in holding.price_overrides]
    if holding.coupons:
        told["coupons"] = list(holding.coupons)
    return told


def _holding_from_values(told: Mapping[str, Any]) -> PlanHolding:
    return PlanHolding(
        plan=told["plan"],
        band=told["band"],
        held=tuple(Held(price, Decimal(quantity)) for price, quantity in told["held"].items()),
        price_overrides=tuple(_override_from_values(each) for each in told.get("overrides", ())),
        coupons=tuple(told.get("coupons", ())),
    )


def _override_to_values(override: PriceOverride) -> Values:
    agreed = override.agreed
    if isinstance(agreed, AgreedPrice):
        return {"price": override.price, "unit_price": str(agreed.unit_price)}
    return {"price": override.price, "percent_off": str(agreed.percent)}


def _override_from_values(told: Mapping[str, str]) -> PriceOverride:
    if "unit_price" in told:
        return PriceOverride(told["price"], AgreedPrice(Decimal(told["unit_price"])))
    return PriceOverride(told["price"], PercentDiscount(Decimal(told["percent_off"])))


_READ: Final[Mapping[str, Any]] = {
    "terms": _terms_from_values,
    "holding": _holding_from_values,
    "proration": proration_from_text,
}
