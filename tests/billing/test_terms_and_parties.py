"""Versions, the days after a month, number series, and sharing out a payment."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_service.domain.dunning import (
    StopAndDeletion,
    dunning_dates,
    reopened,
    stop_and_deletion,
)
from billing_service.domain.errors import EffectiveTimeNotAhead, InvalidPrices, InvalidTerms
from billing_service.domain.party import numbered, sandbox_series, series_collide
from billing_service.domain.payment import (
    OpenInvoice,
    Payment,
    allocate,
    apply_credit,
    take_back,
)
from billing_service.domain.plan import Plan, PlanVersion, first_plan
from billing_service.domain.price import AddOn, Licensed, Price
from billing_service.domain.price_models import PerUnit
from billing_service.domain.terms import TermsVersion, first_terms
from tests.billing.builders import SAO_PAULO, at, day, plan_of, price_of, terms_of, version_of

STANDARD: TermsVersion = terms_of()
APRIL = at("2026-04-01")


def plan_of_version(version: PlanVersion) -> Plan:
    """A plan with that one version."""
    return first_plan(replace(plan_of(), versions=(version,)), {})


def two_versions() -> Plan:
    first = first_plan(plan_of(), {})
    added = version_of({1: "50", 2: "40", 3: "30"}, effective_at=APRIL)
    return first.with_version(added, at("2026-03-01"), {})


@pytest.mark.parametrize(
    ("instant_at", "version"), [(0, 1), (APRIL - 1, 1), (APRIL, 2), (APRIL + 1, 2)]
)
def test_version_holds_from_its_effective_time_on(instant_at: int, version: int) -> None:
    """The first version holds since ever, the next from its first instant."""
    terms = first_terms("t", STANDARD).with_version(terms_of(effective_at=APRIL), now=0)
    assert terms.at(instant_at).version == version


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-03-01", "2026-04-01T03:00:00Z, when version 2, the last one, takes force"),
        ("2026-05-01", "2026-05-01T03:00:00Z, now"),
    ],
)
def test_refused_time_tells_what_it_must_lie_after(now: str, words: str) -> None:
    """Of now and the last version's time, the later one is told, and the remedy."""
    late = version_of({1: "1", 2: "1", 3: "1"}, effective_at=APRIL)
    with pytest.raises(EffectiveTimeNotAhead) as refused:
        two_versions().with_version(late, at(now), {})
    assert str(refused.value) == (
        f"version.effective_time: must lie after {words}: choose a later time."
    )


@pytest.mark.parametrize("effective_at", [None, 0, at("2026-03-01"), APRIL])
def test_version_must_lie_ahead_and_after_the_last(effective_at: int | None) -> None:
    """Unset, past, present or not after the version before is refused."""
    late = version_of({1: "1", 2: "1", 3: "1"}, effective_at=effective_at)
    with pytest.raises(EffectiveTimeNotAhead):
        two_versions().with_version(late, at("2026-03-01"), {})


@pytest.mark.parametrize(
    ("dropped", "words"),
    [
        (price_of("9", code="care"), "care was priced in BRL in every band: state it; .* add-on"),
        (price_of("9", code="care", band=2), "care was priced in BRL in band 2: state it"),
        (
            price_of("0", code="seats", kind=Licensed(), model=PerUnit(Decimal(1))),
            "in every band: state it; to retire it, price it at 0, with no line for",
        ),
    ],
)
def test_refusal_of_a_dropped_price_tells_how_to_retire_it(dropped: Price, words: str) -> None:
    """The price is told in the words of a file, with what can be done instead."""
    (first,) = plan_of().versions
    plan = plan_of_version(replace(first, prices=(*first.prices, dropped)))
    with pytest.raises(InvalidPrices, match=words):
        plan.with_version(replace(first, effective_at=APRIL), 0, {})


def test_price_is_retired_as_an_add_on() -> None:
    """A version that makes it optional, and one without it, may follow."""
    (first,) = plan_of().versions
    care = price_of("9", code="care")
    optional = (*first.prices, replace(care, add_on=AddOn()))
    plan = (
        plan_of_version(replace(first, prices=(*first.prices, care)))
        .with_version(replace(first, prices=optional, effective_at=APRIL), 0, {})
        .with_version(replace(first, effective_at=APRIL + 1), 0, {})
    )
    assert plan.versions[-1].prices == first.prices


def test_version_may_not_drop_a_price() -> None:
    """A band that was priced stays priced."""
    with pytest.raises(InvalidPrices):
        two_versions().with_version(version_of({1: "1", 2: "1"}, effective_at=APRIL + 1), 0, {})


@pytest.mark.parametrize(
    ("due", "last", "deletion", "is_valid"),
    [(5, 10, 15, True), (10, 10, 11, True), (11, 10, 15, False), (5, 10, 10, False)],
)
def test_days_of_terms_follow_each_other(
    due: int, last: int, deletion: int, *, is_valid: bool
) -> None:
    """Due not after the last day of service, deletion after it."""
    draft = terms_of(due_day=due, last_service_day=last, deletion_day=deletion)
    try:
        first_terms("t", draft)
    except InvalidTerms:
        assert not is_valid
    else:
        assert is_valid


@pytest.mark.parametrize(
    ("days_late", "due_on"), [(0, "2026-04-05"), (1, "2026-04-06"), (40, "2026-05-15")]
)
def test_late_issue_shifts_the_due_date(days_late: int, due_on: str) -> None:
    """Each day of delay is a day more."""
    dates = dunning_dates(
        day("2026-03-01"),
        STANDARD,
        due_at=APRIL,
        issued_at=APRIL + days_late * 86_400_000_000,
        zone=SAO_PAULO,
    )
    assert dates.due_on == day(due_on)


@pytest.mark.parametrize(
    ("now", "stop", "deletion"),
    [
        ("2026-04-05", "2026-04-11", "2026-04-15 12:00"),
        ("2026-04-10 23:59:59", "2026-04-11", "2026-04-15 12:00"),
        ("2026-04-11", "2026-04-11", "2026-04-15 12:00"),
        ("2026-04-12 09:00", "2026-04-12 09:00", "2026-04-16 12:00"),
        ("2026-06-01 18:00", "2026-06-01 18:00", "2026-06-05 12:00"),
    ],
)
def test_reopened_invoice_leaves_time_to_pay_again(now: str, stop: str, deletion: str) -> None:
    """Before the stop nothing changes; after it, the deletion keeps its distance."""
    dates = dunning_dates(
        day("2026-03-01"), STANDARD, due_at=APRIL, issued_at=APRIL, zone=SAO_PAULO
    )
    planned = stop_and_deletion(dates, SAO_PAULO)
    again = reopened(dates, planned, now=at(now), zone=SAO_PAULO)
    assert again == StopAndDeletion(at(stop), at(deletion))


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("INV-", "INV-", True),
        ("INV-", "INV/", True),
        ("INV-", "INV-1", True),
        ("INV-", "INV-A", False),
        ("A", "B", False),
    ],
)
def test_series_that_could_give_equal_numbers_collide(
    one: str, other: str, *, collide: bool
) -> None:
    """A series may not be another one followed by digits, nor look like it as a name."""
    assert series_collide(one, other) is collide


@given(st.from_regex("^[a-z0-9][a-z0-9-]{0,62}$", fullmatch=True), st.integers(1, 10**8))
def test_number_of_any_sandbox_makes_a_name(sandbox: str, number: int) -> None:
    """Numbers of sandboxes with long names still fit an invoice's name."""
    _, name = numbered(sandbox_series(sandbox), number)
    assert len(name) <= 63


AMOUNTS = st.lists(st.integers(1, 10_000), max_size=6)


def payment(amount_minor: int, number: int = 0) -> Payment:
    return Payment(
        payer="acme",
        payment_id=f"p{number}",
        currency="BRL",
        amount_minor=amount_minor,
        value_on=date(2026, 4, 1),
        reference="",
        recorded_at=number,
        unallocated_minor=amount_minor,
    )


def owed(amounts: list[int]) -> list[OpenInvoice]:
    return [
        OpenInvoice(f"i{number}", (date(2026, 1, 1), "", number), amount_minor)
        for number, amount_minor in enumerate(amounts)
    ]


@given(st.integers(1, 40_000), AMOUNTS)
def test_parts_of_a_payment_sum_to_the_whole(amount_minor: int, amounts: list[int]) -> None:
    """What pays invoices and what is left as credit is what came in."""
    left, made = allocate(payment(amount_minor), owed(amounts), now=0)
    assert sum(each.amount_minor for each in made) + left.unallocated_minor == amount_minor


@given(st.integers(1, 40_000), AMOUNTS)
def test_nothing_is_overpaid_and_nothing_withheld(amount_minor: int, amounts: list[int]) -> None:
    """Credit is left only when every invoice is paid in full."""
    left, made = allocate(payment(amount_minor), owed(amounts), now=0)
    paid = sum(each.amount_minor for each in made)
    assert left.unallocated_minor == 0 or paid == sum(amounts)


@given(AMOUNTS, AMOUNTS)
def test_credit_of_several_payments_is_used_like_that_of_one(
    payments: list[int], amounts: list[int]
) -> None:
    """However the money came in, the same sum is paid."""
    credit = [payment(each, number) for number, each in enumerate(payments)]
    _, made = apply_credit(credit, owed(amounts), ordinals={}, now=0)
    assert sum(each.amount_minor for each in made) == min(sum(payments), sum(amounts))


@given(st.integers(1, 40_000), AMOUNTS)
def test_reversal_takes_back_exactly_what_was_paid(amount_minor: int, amounts: list[int]) -> None:
    """Allocations and their negatives sum to nothing for each invoice."""
    left, made = allocate(payment(amount_minor), owed(amounts), now=0)
    _, negatives = take_back(left, made, note="", now=1)
    rest = {each.invoice: 0 for each in made}
    for each in (*made, *negatives):
        rest[each.invoice] += each.amount_minor
    assert set(rest.values()) <= {0}
