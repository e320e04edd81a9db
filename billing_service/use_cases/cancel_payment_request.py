"""Ends a request for payment that nobody answered: it was cancelled, or its time has run out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.payment_request import PaymentRequest, PaymentRequestState
from billing_service.domain.payment_request_errors import PaymentRequestNotFound
from billing_service.storage.facts import DocumentKey, Facts
from billing_service.storage.payment_request_queries import gather_payment_requests
from billing_service.storage.saving import save
from billing_service.use_cases.collecting import EXPIRE_REQUEST, close
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, TimerDue, UseCase


@dataclass(frozen=True, slots=True)
class CancelPaymentRequest:
    """Nobody is to pay any more, and why."""

    payer: str
    request_id: str
    note: str

    @property
    def key(self) -> DocumentKey:
        """The request's key."""
        return (self.payer, self.request_id)


def decide(facts: Facts, command: CancelPaymentRequest, now: int) -> Effects[PaymentRequest]:
    """Cancel the request.

    Errors:  PaymentRequestNotFound, PaymentRequestClosed.
    """
    request = facts.payment_requests.get(command.key)
    if request is None:
        payer, request_id = command.key
        raise PaymentRequestNotFound(f"accounts/{payer}/paymentRequests/{request_id}")
    return _closing(facts, request.closed(PaymentRequestState.CANCELLED, now, command.note))


def expire(facts: Facts, command: TimerDue, due_at: int) -> Effects[None]:
    """Note that the time of the request has run out."""
    request = facts.payment_requests[command.account, command.key]
    ended = _closing(facts, request.closed(PaymentRequestState.EXPIRED, due_at))
    return Effects(None, ended.changes, ended.events, ended.timers)


def _closing(facts: Facts, closed: PaymentRequest) -> Effects[PaymentRequest]:
    after, outcome = facts.overlay(), Outcome()
    close(after, closed, outcome)
    return Effects(closed, tuple(outcome.changes), tuple(outcome.events), tuple(outcome.timers))


def _gathered(tx: Transaction, keys: Iterable[DocumentKey]) -> Facts:
    facts = Facts()
    gather_payment_requests(tx, facts, keys)
    return facts


def _gather(tx: Transaction, commands: Sequence[CancelPaymentRequest]) -> Facts:
    return _gathered(tx, {command.key for command in commands})


def _gather_expired(tx: Transaction, commands: Sequence[TimerDue]) -> Facts:
    return _gathered(tx, {(command.account, command.key) for command in commands})


CANCEL_PAYMENT_REQUEST: Final[UseCase[CancelPaymentRequest, Facts, PaymentRequest]] = UseCase(
    name="cancel_payment_request",
    scope=lambda command: Scope(accounts=(command.payer,)),
    gather=_gather,
    decide=decide,
    apply=save,
)
EXPIRE_REQUEST_USE_CASE: Final[UseCase[TimerDue, Facts, None]] = UseCase(
    name=EXPIRE_REQUEST,
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=_gather_expired,
    decide=expire,
    apply=save,
)
