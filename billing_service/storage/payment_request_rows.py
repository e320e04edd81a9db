"""Requests for payment as rows and back."""

import json
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from sqlalchemy import Row

from billing_service.domain.payment_request import (
    AskedChange,
    PaymentPurpose,
    PaymentRequest,
    PaymentRequestState,
)
from billing_service.domain.previewed import Previewed
from billing_service.domain.subscription_facts import Fact, FactKind
from billing_service.storage.fact_text import fact_to_text, told_by_text
from billing_service.storage.rows import Values


def payment_request_to_row(request: PaymentRequest) -> Values:
    """A request for payment as a row."""
    return {
        "payer": request.payer,
        "payment_request": request.request_id,
        "provider": request.provider,
        "method": request.method,
        "currency": request.currency,
        "amount_minor": request.amount_minor,
        "purpose": request.purpose.value,
        "account": request.account,
        "subscription": request.subscription_id,
        "asked_at": request.asked_at,
        "change": _change_to_text(request.change) if request.change else "",
        "state": request.state.value,
        "closed_at": request.closed_at,
        "payment": request.payment,
        "note": request.note,
    }


def payment_request_from_row(row: Row[Any]) -> PaymentRequest:
    """The request for payment of a row."""
    return PaymentRequest(
        payer=row.payer,
        request_id=row.payment_request,
        provider=row.provider,
        method=row.method,
        currency=row.currency,
        amount_minor=row.amount_minor,
        purpose=PaymentPurpose(row.purpose),
        account=row.account,
        subscription_id=row.subscription,
        asked_at=row.asked_at,
        change=_change_from_text(row.change) if row.change else None,
        state=PaymentRequestState(row.state),
        closed_at=row.closed_at,
        payment=row.payment,
        note=row.note,
    )


def _change_to_text(change: AskedChange) -> str:
    told = {
        **_fact_to_values(change.fact),
        "previewed": astuple(change.previewed),
        "together": [_fact_to_values(each) for each in change.together],
    }
    return json.dumps(told, separators=(",", ":"))


def _change_from_text(text: str) -> AskedChange:
    told = json.loads(text)
    together = tuple(map(_fact_from_values, told["together"]))
    return AskedChange(_fact_from_values(told), Previewed(*told["previewed"]), together)


def _fact_to_values(fact: Fact) -> Values:
    return {
        "kind": fact.kind.value,
        "effective_at": fact.effective_at,
        "details": fact_to_text(fact),
    }


def _fact_from_values(told: Mapping[str, Any]) -> Fact:
    return Fact(FactKind(told["kind"]), told["effective_at"], **told_by_text(told["details"]))
