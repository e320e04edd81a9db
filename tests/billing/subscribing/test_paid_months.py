"""Months of changes that are paid first, against an account that is invoiced for the same ones."""

from dataclasses import replace
from random import Random
from typing import Final

import pytest

from billing_service.domain.invoice import InvoiceKind
from billing_service.domain.payment_request import PaymentRequest, PaymentRequestState
from billing_service.domain.proration import ProrationMode
from billing_service.storage.credit_note_queries import FIRST_NOTE, list_credit_notes
from billing_service.use_cases.change_subscription import CHANGE_SUBSCRIPTION, paid_change
from tests.billing.builders import Billing
from tests.billing.subscribing.changing import change_of
from tests.billing.subscribing.live import Live
from tests.billing.subscribing.paying import (
    balance,
    cancel,
    decline,
    requests,
    settle,
)
from tests.billing.subscribing.test_payment_requests import begun

MODES: Final = (
    ProrationMode.DIFFERENCE_NOW,
    ProrationMode.FULL_NOW,
    ProrationMode.PRORATE_NOW,
    ProrationMode.PRORATE_NEXT_INVOICE,
)
STEPS: Final = 12
HOUR_US: Final = 3_600_000_000
PAUSES_HOURS: Final = (1, 2, 5, 9, 13, 23, 150)


@pytest.mark.parametrize("seed", range(2))
def test_paid_changes_cost_what_invoiced_ones_do(sqlite_billing: Billing, seed: int) -> None:
    """What was made is charged alike, nothing due at once is open, and no money is lost."""
    random, live = Random(seed), begun(sqlite_billing, "manual")  # noqa: S311 - repeatable, no secret
    live.account("plain")
    live.subscribe("small", account="plain")
    paid_minor = 0
    for number in range(STEPS):
        paid_minor += _step(live, random, f"r{number}")
        live.billing.run_to(live.billing.clock.now() + random.choice(PAUSES_HOURS) * HOUR_US)
    live.billing.go_to("2026-06-01 00:00:03")
    assert charged(live, "acme") == charged(live, "plain")
    paid_in_all = sum(each.settlement.paid_minor for each in live.billing.invoices("acme"))
    assert paid_minor + credited(live, "acme") == paid_in_all + balance(live)
    assert all(settled_of(live, InvoiceKind.IMMEDIATE))


def _step(live: Live, random: Random, request: str) -> int:
    """Ask for a change, or answer what was asked for; what was paid in by that."""
    pending = [each for each in requests(live) if each.is_pending]
    if not pending:
        _ask(live, random, request)
        return 0
    answer = random.choice((settle, settle, settle, decline, cancel, None))
    answered = answer(live, pending[0].request_id) if answer else pending[0]
    if answered.state is not PaymentRequestState.PAID:
        return 0
    if not answered.note:
        _make_alike(live, answered)
    return answered.amount_minor


def _ask(live: Live, random: Random, request: str) -> None:
    """Ask for a change; what nothing is due for is made alike at once."""
    plan, seats = random.choice((("small", {}), ("big", {}), ("big", {"seats": 3})))
    command = change_of(plan, seats, mode=random.choice(MODES))
    asked = replace(command, payment_request=request)
    if live.billing.do(CHANGE_SUBSCRIPTION, asked).payment_request is None:
        live.billing.do(CHANGE_SUBSCRIPTION, replace(command, account="plain"))


def _make_alike(live: Live, paid: PaymentRequest) -> None:
    """Make the change that was paid on the account that is invoiced, as of the same instant."""
    alike = replace(paid_change(paid), account="plain", previewed=None, is_paid=False)
    live.billing.do(CHANGE_SUBSCRIPTION, alike)


def charged(live: Live, payer: str) -> int:
    """What a payer's invoices come to, less its credit notes."""
    return sum(sum(each) for each in live.amounts(payer)) - credited(live, payer)


def credited(live: Live, payer: str) -> int:
    """What a payer's credit notes give back."""
    notes = live.billing.database.read(
        lambda tx: list_credit_notes(tx, payer, invoice="", after=FIRST_NOTE, limit=1000)
    )
    return sum(each.note.total_minor for each in notes)


def settled_of(live: Live, kind: InvoiceKind) -> list[bool]:
    """Of the first payer's invoices of a kind: whether each is settled."""
    found = live.billing.invoices("acme")
    return [
        each.settlement.settled_on is not None for each in found if each.invoice.cause.kind is kind
    ]
