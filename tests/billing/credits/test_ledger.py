"""The ledger of credits: what its entries say, and what none of them can do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_service.domain.credit_ledger import CreditLedger, EntryKind, record
from billing_service.domain.proportion import in_proportion
from tests.billing.credits.granting import grant_of


def test_an_entry_tells_what_is_left_and_the_balance() -> None:
    """The second entry of a ledger of 1,500, of which this credit is 1,000."""
    ledger = CreditLedger("acme", "BRL", entries_count=1, balance_minor=1500)
    done = record(ledger, grant_of(), EntryKind.APPLIED, 300, invoice="inv-1", now=7)
    said = (done.entry.number, done.entry.amount_minor, done.entry.left_minor)
    assert (*said, done.entry.balance_minor) == (2, -300, 700, 1200)


def test_credit_and_ledger_stand_as_their_entry_says() -> None:
    """What is stored of both is what the entry tells."""
    ledger = CreditLedger("acme", "BRL", entries_count=1, balance_minor=1500)
    done = record(ledger, grant_of(), EntryKind.VOIDED, 1000, now=7)
    stands = (done.grant.left_minor, done.ledger.balance_minor, done.ledger.entries_count)
    assert stands == (0, 500, 2)


@pytest.mark.parametrize(
    ("kind", "amount_minor"),
    [
        (EntryKind.APPLIED, 1001),
        (EntryKind.APPLIED, 0),
        (EntryKind.APPLIED, -1),
        (EntryKind.EXPIRED, 1001),
        (EntryKind.RETURNED, 1),
    ],
)
def test_no_entry_takes_a_credit_out_of_its_bounds(kind: EntryKind, amount_minor: int) -> None:
    """Less than nothing, or more than was granted, is a fault of ours."""
    with pytest.raises(ValueError, match="does not fit"):
        record(CreditLedger("acme", "BRL", 1, 5000), grant_of(), kind, amount_minor, now=7)


def test_no_entry_takes_the_balance_below_nothing() -> None:
    """A ledger that holds less than its credit is a fault of ours."""
    with pytest.raises(ValueError, match="does not fit"):
        record(CreditLedger("acme", "BRL", 1, 299), grant_of(), EntryKind.APPLIED, 300, now=7)


@given(st.integers(-1000, 1000), st.lists(st.integers(-50, 50), min_size=1, max_size=8))
def test_parts_in_proportion_add_up_to_the_whole(amount: int, weights: list[int]) -> None:
    """Whatever is rounded, nothing is lost."""
    assert sum(in_proportion(amount, weights)) == amount


@given(st.integers(0, 1000), st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(any))
def test_each_part_is_within_one_of_its_proportion(amount: int, weights: list[int]) -> None:
    """Parts are rounded, not moved about."""
    whole = sum(weights)
    for weight, part in zip(weights, in_proportion(amount, weights), strict=True):
        assert abs(part * whole - amount * weight) < whole
