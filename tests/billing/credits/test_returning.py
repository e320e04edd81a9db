"""What comes back to credits when what they paid turns out to be too much."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pytest

from billing_service.domain.credit_grant import CreditState
from billing_service.domain.credited_invoice import CreditsToUse, credited
from billing_service.storage import gathering_credits, gathering_documents
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.create_credit_note import (
    CREATE_CREDIT_NOTE,
    CreateCreditNote,
    LineToCredit,
)
from billing_service.use_cases.credit_entries import return_grants
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase
from tests.billing.builders import Billing
from tests.billing.credits.giving import amount_of, credits_of, grant, ledger_of, said, void
from tests.billing.credits.granting import grant_of

INVOICE: Final = ("acme", "inv-000001")


@dataclass(frozen=True, slots=True)
class TakeBack:
    """So much less of the first invoice is to be paid by credits."""

    amount_minor: int


def _gather(tx: Transaction, _commands: Sequence[TakeBack]) -> Facts:
    facts = Facts()
    gathering_documents.gather_invoices(tx, facts, [INVOICE])
    gathering_credits.gather_credit_uses(tx, facts, [INVOICE])
    return facts


def _decide(facts: Facts, command: TakeBack, now: int) -> Effects[int]:
    after, outcome = facts.overlay(), Outcome()
    returned = return_grants(after, INVOICE, command.amount_minor, now=now, outcome=outcome)
    return Effects(returned, tuple(outcome.changes), tuple(outcome.events))


# Returns credit as whatever corrects an invoice does.
TAKE_BACK: Final[UseCase[TakeBack, Facts, int]] = UseCase(
    "take_back", lambda _command: Scope(accounts=("acme",)), _gather, _decide, save
)


@pytest.fixture
def paid(billing: Billing) -> Billing:
    """An invoice of 39.90, of which `soon` paid 10.00 and then `late` 20.00 of its 20.00."""
    billing.account()
    billing.subscribe("a")
    grant(billing, "late", "20")
    grant(billing, "soon", expires_at="2026-04-10")
    billing.go_to("2026-04-01 00:00:03")
    return billing


@pytest.mark.parametrize(
    ("asked", "returned", "left"),
    [
        (1, 1, {"late": 1, "soon": 0}),
        (2000, 2000, {"late": 2000, "soon": 0}),
        (2001, 2001, {"late": 2000, "soon": 1}),
        (3000, 3000, {"late": 2000, "soon": 1000}),
        (3001, 3000, {"late": 2000, "soon": 1000}),
        (0, 0, {"late": 0, "soon": 0}),
    ],
)
def test_what_credits_paid_comes_back_to_them(
    paid: Billing, asked: int, returned: int, left: dict[str, int]
) -> None:
    """To the last used first, and no more than they paid."""
    assert (paid.do(TAKE_BACK, TakeBack(asked)), credits_of(paid)) == (returned, left)


def test_settlement_tells_what_credits_still_pay(paid: Billing) -> None:
    """30.00 less 25.00."""
    paid.do(TAKE_BACK, TakeBack(2500))
    found = paid.invoice()
    assert (found.settlement.credited_minor, found.settlement.paid_minor) == (500, 500)


def test_invoice_shows_what_it_still_uses(paid: Billing) -> None:
    """What came back altogether is not shown any more."""
    paid.do(TAKE_BACK, TakeBack(2500))
    assert [(each.credit_id, each.amount_minor) for each in paid.invoice().credits] == [
        ("soon", 500)
    ]


def test_returned_credit_can_be_used_again(paid: Billing) -> None:
    """The next invoice uses what came back."""
    paid.do(TAKE_BACK, TakeBack(2000))
    paid.go_to("2026-05-01 00:00:03")
    _, may = paid.invoices("acme")
    assert [(each.credit_id, each.amount_minor) for each in may.credits] == [("late", 2000)]


def test_what_comes_back_twice_is_what_was_left_of_it(paid: Billing) -> None:
    """The second time, 5.00 of the 30.00 are still there to come back."""
    paid.do(TAKE_BACK, TakeBack(2500))
    assert paid.do(TAKE_BACK, TakeBack(2500)) == 500


def test_what_comes_back_to_an_expired_credit_is_lost_again(paid: Billing) -> None:
    """The ledger tells of both."""
    paid.go_to("2026-04-11")
    paid.do(TAKE_BACK, TakeBack(3000))
    assert said(paid)[-2:] == [("returned", "soon", 1000, 3000), ("expired", "soon", -1000, 2000)]
    assert "soon" in credits_of(paid, CreditState.EXPIRED)


def test_what_comes_back_to_a_voided_credit_is_void(either: Billing) -> None:
    """10.10 were voided, 39.90 come back and are void too."""
    either.account()
    either.subscribe("a")
    grant(either, amount="50")
    either.go_to("2026-04-01 00:00:03")
    void(either)
    either.do(TAKE_BACK, TakeBack(3990))
    assert [(each.kind.value, each.amount_minor) for each in ledger_of(either)[2:]] == [
        ("voided", -1010),
        ("returned", 3990),
        ("voided", -3990),
    ]


def test_second_invoice_uses_what_the_first_has_left(billing: Billing) -> None:
    """Two documents drafted together do not use one credit twice."""
    billing.account()
    billing.subscribe("a")
    (preview,) = billing.preview()
    to_use = CreditsToUse((grant_of(amount_minor=5000),), None, at=1)
    found = [each.credits[0].amount_minor for each in credited([preview, preview], to_use)]
    assert found == [3990, 1010]


def give_back(billing: Billing, amount: str) -> None:
    """An operator gives back so much of the only line of the first invoice."""
    lines = (LineToCredit(1, amount_of(amount)),)
    billing.do(CREATE_CREDIT_NOTE, CreateCreditNote(*INVOICE, lines, "sorry"))


@pytest.mark.parametrize(
    ("amount", "left"),
    [
        ("9.90", {"late": 0, "soon": 0}),
        ("9.91", {"late": 1, "soon": 0}),
        ("30", {"late": 2000, "soon": 10}),
        ("39.90", {"late": 2000, "soon": 1000}),
    ],
)
def test_credit_note_gives_back_to_credits_what_is_not_open(
    paid: Billing, amount: str, left: dict[str, int]
) -> None:
    """9.90 are open of the invoice; whatever exceeds it was paid by credits."""
    give_back(paid, amount)
    assert (credits_of(paid), paid.profile().credit) == (left, (0, "BRL"))


def test_money_comes_back_after_what_credits_paid(either: Billing) -> None:
    """Credit paid 30.00 and money 9.90: of 35.00 given back, 5.00 are the payer's balance."""
    either.account()
    either.subscribe("a")
    grant(either, amount="30")
    either.go_to("2026-04-01 00:00:03")
    either.pay("9.90", value_on="2026-04-01")
    give_back(either, "35")
    assert (credits_of(either), either.profile().credit) == ({"c": 3000}, (500, "BRL"))


def test_invoice_that_credits_paid_stays_settled_in_time(billing: Billing) -> None:
    """Long after it was due, a credit note takes the place of the credit."""
    billing.account()
    billing.subscribe("a")
    grant(billing, amount="39.90")
    billing.go_to("2026-06-15")
    before = billing.invoices("acme")[0].settlement
    give_back(billing, "10")
    after = billing.invoices("acme")[0].settlement
    assert after == replace(before, credited_minor=2990)
