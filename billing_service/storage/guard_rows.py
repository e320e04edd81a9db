"""Guards, crossings, reservations and reviews as rows and back."""

import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from billing_service.domain.review import Decision, Review
from billing_service.domain.usage.guard import Crossing, UsageGuard
from billing_service.domain.usage.outdated import OutdatedCharge
from billing_service.domain.usage.reservation import Reservation
from billing_service.storage.rows import Values


def guard_to_row(guard: UsageGuard) -> Values:
    """A guard as a row."""
    return {
        "account": guard.account,
        "subscription": guard.subscription,
        "price": guard.price,
        "percents": json.dumps([f"{each:f}" for each in guard.percents]),
        "amounts_minor": json.dumps(guard.amounts_minor),
        "currency": guard.currency,
        "ceiling": _to_text(guard.ceiling),
        "version": guard.version,
    }


def guard_from_row(row: Row[Any]) -> UsageGuard:
    """The guard of a row."""
    return UsageGuard(
        account=row.account,
        subscription=row.subscription,
        price=row.price,
        percents=tuple(Decimal(each) for each in json.loads(row.percents)),
        amounts_minor=tuple(json.loads(row.amounts_minor)),
        currency=row.currency,
        ceiling=_from_text(row.ceiling),
        version=row.version,
    )


def crossing_to_row(crossing: Crossing) -> Values:
    """A crossing as a row."""
    return asdict(crossing)


def crossing_from_row(row: Row[Any]) -> Crossing:
    """The crossing of a row."""
    return Crossing(row.account, row.subscription, row.price, row.period_start_on, row.threshold)


def reservation_to_row(reservation: Reservation) -> Values:
    """A reservation as a row."""
    return {
        "account": reservation.account,
        "reservation": reservation.reservation_id,
        "subscription": reservation.subscription,
        "price": reservation.price,
        "period_start_on": reservation.period_start_on,
        "quantity": f"{reservation.quantity:f}",
        "created_at": reservation.created_at,
        "expire_at": reservation.expire_at,
        "settled_at": reservation.settled_at,
        "released_at": reservation.released_at,
        "counts": reservation.counts,
    }


def reservation_from_row(row: Row[Any]) -> Reservation:
    """The reservation of a row."""
    is_ended = row.settled_at is not None or row.released_at is not None
    return Reservation(
        account=row.account,
        reservation_id=row.reservation,
        subscription=row.subscription,
        price=row.price,
        period_start_on=row.period_start_on,
        quantity=Decimal(row.quantity),
        created_at=row.created_at,
        expire_at=row.expire_at,
        settled_at=row.settled_at,
        released_at=row.released_at,
        lapsed=not is_ended and not row.counts,
    )


def review_to_row(review: Review) -> Values:
    """A review as a row."""
    return {
        "account": review.account,
        "review": review.review_id,
        "subscription": review.subscription,
        "price": review.price,
        "period_start_on": review.period_start_on,
        "period_end_on": review.period_end_on,
        "currency": review.currency,
        "state": review.state.value,
        "decision": "" if review.decision is None else review.decision.value,
        "decided_minor": review.decided_minor,
        "note": review.note,
        "author": review.author,
        "decided_at": review.decided_at,
        "opened_at": review.opened_at,
        "payer": review.payer,
        "invoice": review.invoice,
        "quantity": _to_text(review.quantity),
        "full_minor": review.full_minor,
        "version": review.version,
    }


def review_from_row(row: Row[Any]) -> Review:
    """The review of a row."""
    return Review(
        account=row.account,
        review_id=row.review,
        subscription=row.subscription,
        price=row.price,
        period_start_on=row.period_start_on,
        period_end_on=row.period_end_on,
        currency=row.currency,
        opened_at=row.opened_at,
        decision=Decision(row.decision) if row.decision else None,
        decided_minor=row.decided_minor,
        note=row.note,
        author=row.author,
        decided_at=row.decided_at,
        payer=row.payer,
        invoice=row.invoice,
        quantity=_from_text(row.quantity),
        full_minor=row.full_minor,
        version=row.version,
    )


def outdated_to_row(outdated: OutdatedCharge) -> Values:
    """That a charge is outdated, as a row."""
    return asdict(outdated)


def outdated_from_row(row: Row[Any]) -> OutdatedCharge:
    """What a row says of a charge that is, or was, outdated."""
    key = (row.account, row.subscription, row.item, row.period_start_on, row.revision)
    return OutdatedCharge(*key, outdated_at=row.outdated_at)


def _to_text(figure: Decimal | None) -> str | None:
    return None if figure is None else f"{figure:f}"


def _from_text(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
