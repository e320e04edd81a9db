"""One-off charges and coupons as rows and back."""

import json
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row

from billing_service.domain.coupon import Coupon
from billing_service.domain.one_off_charge import OneOffCharge, RateCard
from billing_service.domain.price import AmountDiscount, PercentDiscount, Unlimited
from billing_service.storage.price_text import price_from_text, price_to_text
from billing_service.storage.rows import Values

_UNLIMITED: Final = "unlimited"


def one_off_to_row(charge: OneOffCharge) -> Values:
    """A one-off charge as a row."""
    card = charge.rate_card
    return {
        "account": charge.account,
        "charge": charge.charge_id,
        "description": charge.description,
        "quantity": f"{charge.quantity:f}",
        "charged_on": charge.charged_on,
        "currency": charge.currency,
        "definition": price_to_text(charge.price),
        "tax_category": charge.tax_category,
        "subscription": card.subscription if card else "",
        "price": card.price if card else "",
        "period_start_on": card.period_start_on if card else None,
        "period_end_on": card.period_end_on if card else None,
        "card": _card_to_text(card) if card else "",
        "author": charge.author,
        "created_at": charge.created_at,
        "state": charge.state.value,
        "cancelled_at": charge.cancelled_at,
        "cancel_note": charge.cancel_note,
        "payer": charge.payer,
        "invoice": charge.invoice,
        "included": None if charge.included is None else f"{charge.included:f}",
        "amount_minor": charge.amount_minor,
        "credit_note": charge.credit_note,
        "version": charge.version,
    }


def one_off_from_row(row: Row[Any]) -> OneOffCharge:
    """The one-off charge of a row."""
    return OneOffCharge(
        account=row.account,
        charge_id=row.charge,
        description=row.description,
        quantity=Decimal(row.quantity),
        charged_on=row.charged_on,
        price=price_from_text(row.definition),
        tax_category=row.tax_category,
        rate_card=_card_from_row(row) if row.card else None,
        author=row.author,
        created_at=row.created_at,
        cancelled_at=row.cancelled_at,
        cancel_note=row.cancel_note,
        payer=row.payer,
        invoice=row.invoice,
        included=None if row.included is None else Decimal(row.included),
        amount_minor=row.amount_minor,
        credit_note=row.credit_note,
        version=row.version,
    )


def coupon_to_row(coupon: Coupon) -> Values:
    """A coupon as a row."""
    percent, amount = coupon.percent, coupon.amount
    return {
        "coupon": coupon.coupon_id,
        "display_name": coupon.display_name,
        "percent": None if percent is None else f"{percent:f}",
        "amount": None if amount is None else f"{amount:f}",
        "currency": coupon.currency,
        "periods_count": coupon.periods_count,
        "plans": json.dumps(coupon.plans),
        "prices": json.dumps(coupon.prices),
        "redeem_before_at": coupon.redeem_before_at,
        "redemptions_max": coupon.redemptions_max,
        "redemptions_count": coupon.redemptions_count,
        "created_at": coupon.created_at,
        "state": coupon.state.value,
        "deactivated_at": coupon.deactivated_at,
        "version": coupon.version,
    }


def coupon_from_row(row: Row[Any]) -> Coupon:
    """The coupon of a row."""
    return Coupon(
        coupon_id=row.coupon,
        display_name=row.display_name,
        discount=(
            AmountDiscount(Decimal(row.amount))
            if row.percent is None
            else PercentDiscount(Decimal(row.percent))
        ),
        currency=row.currency,
        periods_count=row.periods_count,
        plans=tuple(json.loads(row.plans)),
        prices=tuple(json.loads(row.prices)),
        redeem_before_at=row.redeem_before_at,
        redemptions_max=row.redemptions_max,
        created_at=row.created_at,
        redemptions_count=row.redemptions_count,
        deactivated_at=row.deactivated_at,
        version=row.version,
    )


def _card_to_text(card: RateCard) -> str:
    included = card.included
    told: Values = {
        "plan": card.plan,
        "plan_version": card.plan_version,
        "band": card.band,
        "position": card.position,
        "price_index": str(card.price_index),
    }
    if included is not None:
        told["included"] = f"{included:f}" if isinstance(included, Decimal) else _UNLIMITED
    return json.dumps(told, separators=(",", ":"))


def _card_from_row(row: Row[Any]) -> RateCard:
    told: Values = json.loads(row.card)
    return RateCard(
        subscription=row.subscription,
        price=row.price,
        plan=told["plan"],
        plan_version=told["plan_version"],
        band=told["band"],
        position=told["position"],
        period_start_on=row.period_start_on,
        period_end_on=row.period_end_on,
        included=_included(told.get("included")),
        price_index=Decimal(told["price_index"]),
    )


def _included(text: str | None) -> Decimal | Unlimited | None:
    if text is None:
        return None
    return Unlimited() if text == _UNLIMITED else Decimal(text)
