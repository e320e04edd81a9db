"""Credits: granted, voided, expired, and what their ledger says of it."""

from typing import Any

import pytest
from pospago.billing.v1 import events_pb2
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from billing_service.domain.catalog_errors import MeterNotFound
from billing_service.domain.credit_errors import (
    CreditAlreadyExists,
    CreditNotFound,
    CreditNotOpen,
    InvalidCredit,
    TooManyCredits,
)
from billing_service.domain.credit_grant import OPEN_CREDITS_MAX, CreditScope, CreditState
from billing_service.domain.errors import (
    CurrencyUnknown,
    InvalidAmount,
    PayerNotSelfPaying,
    PlanNotFound,
)
from billing_service.storage.tables import table
from billing_service.use_cases.grant_credit import GRANT_CREDIT
from chassis.errors import AccountNotFound, EtagMismatch
from tests.billing.builders import Billing
from tests.billing.credits.giving import command_of, credits_of, grant, ledger_of, said, void


def test_granted_credit_is_there_to_be_used(billing: Billing) -> None:
    """All of it is left, and the ledger says so."""
    billing.account()
    found = grant(billing, amount="12.34")
    assert (found.state, found.grant.left_minor, said(billing)) == (
        CreditState.OPEN,
        1234,
        [("granted", "c", 1234, 1234)],
    )


def test_credit_is_read_back_as_it_was_granted(either: Billing) -> None:
    """Scope, times and all else survive the store."""
    either.account()
    scope = CreditScope(plans=frozenset({"integrator"}), accounts=frozenset({"acme"}))
    given = grant(either, scope=scope, priority=7, expires_at="2027-01-01", description="Welcome")
    voided = void(either)
    assert (voided.grant.scope, voided.grant.expires_at, voided.grant.description) == (
        scope,
        given.grant.expires_at,
        "Welcome",
    )


REFUSED: dict[type[Exception], list[dict[str, Any]]] = {
    AccountNotFound: [{"payer": "nobody"}, {"scope": CreditScope(accounts=frozenset({"none"}))}],
    PayerNotSelfPaying: [{"payer": "bolt"}],
    InvalidAmount: [{"amount": amount} for amount in ("0", "-1", "0.001", "10000000000000.01")],
    CurrencyUnknown: [{"currency": "ZZZ"}],
    InvalidCredit: [
        {"expires_at": "2026-03-02 09:00"},
        {"effective_at": "2026-05-01", "expires_at": "2026-05-01"},
    ],
    PlanNotFound: [{"scope": CreditScope(plans=frozenset({"none"}))}],
    MeterNotFound: [{"scope": CreditScope(meters=frozenset({"none"}))}],
    CreditAlreadyExists: [{"credit_id": "taken"}],
}


@pytest.mark.parametrize("refusal", REFUSED)
def test_credit_that_could_not_be_used_is_refused(
    billing: Billing, refusal: type[Exception]
) -> None:
    """By whom, how much, when or for what."""
    for account in ("acme", "bolt"):
        billing.account(account)
    billing.set_profile("bolt", payer="acme")
    grant(billing, "taken")
    outcomes = billing.do_all(GRANT_CREDIT, [command_of(**each) for each in REFUSED[refusal]])
    assert [type(each) for each in outcomes] == [refusal] * len(outcomes)


def test_largest_credit_is_taken(billing: Billing) -> None:
    """Up to 10^15 minor units."""
    billing.account()
    assert grant(billing, amount="10000000000000").grant.left_minor == 10**15


def test_a_payer_has_a_limit_of_open_credits(billing: Billing) -> None:
    """The last that fits is granted, the next refused until one is voided."""
    billing.account()
    commands = [command_of(f"c{number}") for number in range(OPEN_CREDITS_MAX + 1)]
    *granted, refused = billing.do_all(GRANT_CREDIT, commands)
    void(billing, "c0")
    grant(billing, "again")
    assert (len(granted), type(refused)) == (OPEN_CREDITS_MAX, TooManyCredits)


def test_voided_credit_has_nothing_left(billing: Billing) -> None:
    """The ledger tells how much was lost."""
    billing.account()
    grant(billing)
    found = void(billing)
    assert (found.state, found.grant.left_minor, said(billing)[1:]) == (
        CreditState.VOIDED,
        0,
        [("voided", "c", -1000, 0)],
    )


def test_credit_that_is_not_effective_yet_can_be_voided(billing: Billing) -> None:
    """It is scheduled until then, and void after."""
    billing.account()
    states = (grant(billing, effective_at="2026-05-01").state, void(billing).state)
    assert states == (CreditState.SCHEDULED, CreditState.VOIDED)


def test_credit_is_voided_once(either: Billing) -> None:
    """The second time there is nothing left."""
    either.account()
    grant(either)
    void(either)
    with pytest.raises(CreditNotOpen, match="is voided"):
        void(either)


def test_unknown_credit_is_not_voided(billing: Billing) -> None:
    """It is told by its name."""
    billing.account()
    with pytest.raises(CreditNotFound, match="accounts/acme/credits/c "):
        void(billing)


def test_credit_is_voided_as_it_was_seen(billing: Billing) -> None:
    """An etag of before is refused."""
    billing.account()
    seen = grant(billing).grant.etag
    with pytest.raises(EtagMismatch):
        void(billing, etag=f"{seen}0")


def test_what_is_left_expires(either: Billing) -> None:
    """At its time, not before, and the ledger tells when."""
    either.account()
    given = grant(either, expires_at="2026-03-20")
    either.go_to("2026-03-19 23:59:59")
    before = credits_of(either)
    either.go_to("2026-03-20")
    (*_, last) = ledger_of(either)
    assert (before, credits_of(either, CreditState.EXPIRED)) == ({"c": 1000}, {"c": 0})
    assert (last.amount_minor, last.recorded_at) == (-1000, given.grant.expires_at)


def test_voided_credit_does_not_expire(billing: Billing) -> None:
    """Its ledger ends with the void."""
    billing.account()
    grant(billing, expires_at="2026-03-20")
    void(billing)
    billing.go_to("2026-03-21")
    assert [each.kind.value for each in ledger_of(billing)] == ["granted", "voided"]


def test_expired_credit_is_not_voided(billing: Billing) -> None:
    """What was due on the account is done first."""
    billing.account()
    grant(billing, expires_at="2026-03-20")
    billing.clock.advance_to(billing.clock.now() + 60 * 86_400_000_000)
    with pytest.raises(CreditNotOpen, match="is expired"):
        void(billing)


def test_credits_are_listed_by_where_they_stand(either: Billing) -> None:
    """Each in exactly one state."""
    either.account()
    grant(either, "open")
    grant(either, "ahead", effective_at="2026-05-01")
    grant(either, "gone", expires_at="2026-03-20")
    grant(either, "void")
    void(either, "void")
    either.go_to("2026-03-21")
    found = {state.value: sorted(credits_of(either, state)) for state in CreditState}
    assert found == {
        "open": ["open"],
        "scheduled": ["ahead"],
        "expired": ["gone"],
        "voided": ["void"],
        "used": [],
    }


def test_ledgers_are_kept_apart_by_currency(either: Billing) -> None:
    """Each with its own numbers and balance."""
    either.account()
    grant(either, "a", "1")
    grant(either, "b", "2", currency="USD")
    grant(either, "c", "3")
    found = [(e.currency, e.number, e.balance_minor) for e in ledger_of(either)]
    assert found == [("BRL", 1, 100), ("BRL", 2, 400), ("USD", 1, 200)]


def test_each_entry_is_told(billing: Billing) -> None:
    """Readers of the feed can keep the ledger themselves."""
    billing.account()
    grant(billing)
    void(billing)
    told: list[Any] = [message for _, message in billing.told(events_pb2.CreditChanged)]
    assert [(each.entry.number, each.credit.amount_left.units) for each in told] == [
        (1, 10),
        (2, 0),
    ]


def test_store_takes_no_second_entry_of_a_number(either: Billing) -> None:
    """The key guards the ledger even against a fault of ours."""
    either.account()
    grant(either)
    rows = table("credit_entries")
    row = either.database.read(lambda tx: tx.one(select(rows)))
    assert row is not None
    with pytest.raises(IntegrityError), either.database.writing() as tx:
        tx.insert(rows, [{**row._mapping, "kind": "voided"}])
