"""Charges as rows, and what of a row a charge is rated again from."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from billing_service.domain.charge import Charge
from billing_service.domain.price_models import Transaction, Usage
from billing_service.storage.price_text import price_to_text
from billing_service.storage.rows import Values


def charge_to_row(charge: Charge) -> Values:
    """A charge as a row; a reversal has the figures of what it takes back."""
    values = _rated_to_row(charge)
    adjusts = charge.rated.adjusts
    if charge.reverses_revision is None or adjusts is None:
        return values
    billed = adjusts.billed
    return {
        **values,
        "period_end_on": billed.period_end_on,
        "invoice_month": billed.invoice_month,
        "plan": billed.plan,
        "plan_version": billed.plan_version,
        "band": billed.band,
        "quantity": str(billed.quantity),
        "usage": "",
        "included": None,
        "part_charged": billed.coverage.part,
        "part_full": billed.coverage.whole,
        "part_unit": billed.coverage.unit.value,
        "review": billed.review,
        "full_minor": None,
        "agreed_price": "",
    }


def _rated_to_row(charge: Charge) -> Values:
    item = charge.rated
    key, rate, review = item.key, item.rate, item.review
    rated = rate.rated
    return {
        "account": key.account,
        "subscription": key.subscription,
        "item": key.item,
        "period_start_on": key.period_start_on,
        "part": key.part,
        "revision": charge.revision,
        "reverses_revision": charge.reverses_revision,
        "period_end_on": item.period_end_on,
        "invoice_month": item.invoice_month,
        "payer": charge.payer,
        "invoice": charge.invoice,
        "line_number": charge.line_number,
        "credit_note": charge.credit_note,
        "plan": rate.plan,
        "plan_version": rate.plan_version,
        "band": rate.band,
        "currency": rate.price.currency,
        "quantity": str(rated.usage.quantity),
        "usage": _usage_to_text(rated.usage),
        "included": None if rated.included is None else str(rated.included),
        "part_charged": rated.coverage.part,
        "part_full": rated.coverage.whole,
        "part_unit": rated.coverage.unit.value,
        "price_index": str(rated.price_index),
        "amount_minor": charge.amount_minor,
        "review": review.review_id if review else "",
        "full_minor": item.full_minor if review else None,
        "engine_version": charge.engine_version,
        "agreed_price": price_to_text(rate.price) if rate.is_agreed else "",
    }


def usage_from_row(row: Row[Any]) -> Usage:
    """The usage that a charge was rated with."""
    quantity = Decimal(row.quantity)
    if not row.usage:
        return Usage(quantity)
    told: Mapping[str, Any] = json.loads(row.usage)
    peaks = {meter: Decimal(peak) for meter, peak in told.get("peaks", {}).items()}
    return Usage(
        quantity,
        events_count=told.get("events", 0),
        transactions=tuple(
            Transaction(Decimal(amount), count) for amount, count in told.get("transactions", ())
        ),
        by_unit=tuple(map(Decimal, told.get("by_unit", ()))),
        **({"peaks": peaks} if peaks else {}),
    )


def _usage_to_text(usage: Usage) -> str:
    """What is known of a usage besides its quantity, as JSON; '' for nothing."""
    told: Values = {}
    if usage.events_count:
        told["events"] = usage.events_count
    if usage.transactions:
        told["transactions"] = [[str(each.amount), each.count] for each in usage.transactions]
    if usage.by_unit:
        told["by_unit"] = [str(each) for each in usage.by_unit]
    if usage.peaks:
        told["peaks"] = {meter: str(peak) for meter, peak in usage.peaks.items()}
    return json.dumps(told, separators=(",", ":")) if told else ""
