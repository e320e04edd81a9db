"""What use cases gather of requests for payment, and what can be read of them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select, tuple_

from billing_service.domain.payment_request import PaymentRequest, PaymentRequestState
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.payment_request_rows import payment_request_from_row
from billing_service.storage.tables import table
from chassis.database import Transaction

_REQUESTS: Final = table("payment_requests")


@dataclass(frozen=True, slots=True)
class PaymentRequestFilter:
    """Which requests: of one payer, in some states (none: in any), of a subscription.

    `subscription` None: of any.
    """

    payer: str
    states: Collection[PaymentRequestState]
    subscription: DocumentKey | None = None


def gather_pending_requests(
    tx: Transaction, facts: Facts, subscriptions: Iterable[DocumentKey]
) -> None:
    """The requests for subscriptions that wait for their answer, whoever is to pay."""
    columns = _REQUESTS.c
    key: Any = tuple_(columns.account, columns.subscription)
    query = select(_REQUESTS).where(columns.state == PaymentRequestState.PENDING.value)
    for row in tx.where_in(query, key, sorted(set(subscriptions))):
        _take(facts, payment_request_from_row(row))


def gather_payment_requests(tx: Transaction, facts: Facts, keys: Iterable[DocumentKey]) -> None:
    """Requests by payer and id."""
    key: Any = tuple_(_REQUESTS.c.payer, _REQUESTS.c.payment_request)
    for row in tx.where_in(select(_REQUESTS), key, sorted(set(keys))):
        _take(facts, payment_request_from_row(row))


def find_payment_request(tx: Transaction, payer: str, request_id: str) -> PaymentRequest | None:
    """A request by its payer and id."""
    columns = _REQUESTS.c
    row = tx.one(
        select(_REQUESTS).where(columns.payer == payer, columns.payment_request == request_id)
    )
    return payment_request_from_row(row) if row else None


def list_payment_requests(
    tx: Transaction, wanted: PaymentRequestFilter, *, after: str, limit: int
) -> list[PaymentRequest]:
    """A payer's requests by id, those that follow `after`."""
    columns = _REQUESTS.c
    query = select(_REQUESTS).where(columns.payer == wanted.payer, columns.payment_request > after)
    if wanted.states:
        query = query.where(columns.state.in_([each.value for each in wanted.states]))
    if wanted.subscription:
        account, subscription = wanted.subscription
        query = query.where(columns.account == account, columns.subscription == subscription)
    found = tx.all(query.order_by(columns.payment_request).limit(limit))
    return [payment_request_from_row(row) for row in found]


def _take(facts: Facts, request: PaymentRequest) -> None:
    facts.payment_requests[request.key] = request
