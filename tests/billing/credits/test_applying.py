"""Which credits go to which parts of an invoice: the order, the scopes, what is never exceeded."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_service.domain.credit_grant import (
    CreditablePart,
    CreditGrant,
    CreditScope,
    CreditState,
    CreditUse,
    apply,
    totals,
)
from tests.billing.credits.granting import grant_of, grants, part_of, parts


@pytest.mark.parametrize(
    ("owed", "used", "left"),
    [(0, 0, 1000), (1, 1, 999), (999, 999, 1), (1000, 1000, 0), (1001, 1000, 0)],
)
def test_a_credit_gives_what_is_owed_up_to_what_is_left(owed: int, used: int, left: int) -> None:
    """Never more than either of them."""
    found = totals(apply([grant_of()], [part_of(owed)]))
    assert (found.get("c", 0), 1000 - found.get("c", 0)) == (used, left)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"priority": 0}, {"priority": 1, "expires_at": 5}),
        ({"expires_at": 5}, {"expires_at": 6}),
        ({"expires_at": 6}, {"expires_at": None, "granted_at": -1}),
        ({"granted_at": 1, "expires_at": 5}, {"granted_at": 2, "expires_at": 5}),
    ],
)
def test_credits_are_used_in_order(first: dict[str, Any], second: dict[str, Any]) -> None:
    """By priority, then what expires soonest, then the oldest; whatever the ids say."""
    one, other = grant_of("z", **first), grant_of("a", **second)
    assert totals(apply([other, one], [part_of(1001)])) == {"z": 1000, "a": 1}


def test_equal_credits_are_used_by_id() -> None:
    """What nothing else decides, the id does."""
    found = totals(apply([grant_of("b"), grant_of("a")], [part_of(1001)]))
    assert found == {"a": 1000, "b": 1}


@pytest.mark.parametrize(
    "scope",
    [
        {"plans": frozenset({"pro"})},
        {"prices": frozenset({"base"})},
        {"meters": frozenset({"calls"})},
        {"accounts": frozenset({"acme"})},
    ],
)
def test_a_scope_lets_in_what_it_names(scope: dict[str, Any]) -> None:
    """One part fits, the other does not."""
    fitting = part_of(70, meter="calls")
    other = part_of(50, plan="x", price="x", meter="x", account="x")
    uses = apply([grant_of(scope=CreditScope(**scope))], [other, fitting])
    assert uses == [CreditUse("c", 1, 70)]


def test_a_scope_needs_all_that_it_states() -> None:
    """The right plan for the wrong account is not enough."""
    scope = CreditScope(plans=frozenset({"pro"}), accounts=frozenset({"bolt"}))
    assert apply([grant_of(scope=scope)], [part_of(70)]) == []


def test_what_is_taken_back_in_the_scope_leaves_less_to_lower() -> None:
    """70 charged and 20 taken back of a plan leave 50 for its credit."""
    scope = CreditScope(plans=frozenset({"pro"}))
    owed = [part_of(70), part_of(-20), part_of(500, plan="other")]
    assert totals(apply([grant_of(scope=scope)], owed)) == {"c": 50}


def test_a_pool_is_never_lowered_below_nothing() -> None:
    """What one category takes back is not made up for by another one."""
    owed = [part_of(70, pool="x"), part_of(-70, pool="x", plan="y"), part_of(30, pool="z")]
    assert totals(apply([grant_of()], owed)) == {"c": 30}


@settings(max_examples=60)
@given(grants(), parts())
def test_no_credit_gives_more_than_it_has(given: list[CreditGrant], owed: Any) -> None:
    """What is left of each is never below 0."""
    found = totals(apply(given, owed))
    assert all(0 < found.get(each.credit_id, 1) <= each.left_minor for each in given)


@settings(max_examples=60)
@given(grants(), parts())
def test_no_credit_gives_more_than_its_scope_comes_to(
    given: list[CreditGrant], owed: list[CreditablePart]
) -> None:
    """What all credits within a scope give is no more than what fits it."""
    uses = apply(given, owed)
    for grant in given:
        scoped = sum(part.amount_minor for part in owed if grant.scope.fits(part))
        assert totals(uses).get(grant.credit_id, 0) <= max(scoped, 0)


@settings(max_examples=60)
@given(grants(), parts())
def test_nothing_falls_below_nothing(given: list[CreditGrant], owed: list[CreditablePart]) -> None:
    """Neither a part that is charged, nor a pool that is not below already."""
    taken: dict[int, int] = {}
    for use in apply(given, owed):
        taken[use.place] = taken.get(use.place, 0) + use.amount_minor
    pools: dict[str, int] = {}
    for place, part in enumerate(owed):
        pools[part.pool] = pools.get(part.pool, 0) + part.amount_minor - taken.get(place, 0)
        assert taken.get(place, 0) <= max(part.amount_minor, 0)
    lowered = {owed[place].pool for place in taken}
    assert all(pools[pool] >= 0 for pool in lowered)


@settings(max_examples=60)
@given(grants(), parts(), st.randoms(use_true_random=False))
def test_the_order_in_which_credits_are_given_says_nothing(
    given: list[CreditGrant], owed: list[CreditablePart], dice: random.Random
) -> None:
    """Shuffled, they are used alike."""
    shuffled = list(given)
    dice.shuffle(shuffled)
    assert apply(shuffled, owed) == apply(given, owed)


@settings(max_examples=60)
@given(grants(), parts())
def test_nothing_is_left_that_an_unscoped_credit_could_still_pay(
    given: list[CreditGrant], owed: list[CreditablePart]
) -> None:
    """An unscoped credit that has something left has lowered all pools to nothing."""
    unscoped = grant_of("last", 10_000, priority=9)
    uses = apply([*given, unscoped], owed)
    pools: dict[str, int] = {}
    for part in owed:
        pools[part.pool] = pools.get(part.pool, 0) + part.amount_minor
    for use in uses:
        pools[owed[use.place].pool] -= use.amount_minor
    scoped = sum(part.amount_minor for part in owed) - sum(use.amount_minor for use in uses)
    assert scoped <= 0 or all(amount <= 0 for amount in pools.values())


@pytest.mark.parametrize(
    ("more", "at", "state"),
    [
        ({}, 5, CreditState.OPEN),
        ({"effective_at": 5}, 5, CreditState.OPEN),
        ({"effective_at": 6}, 5, CreditState.SCHEDULED),
        ({"expires_at": 6}, 5, CreditState.OPEN),
        ({"expires_at": 5}, 5, CreditState.EXPIRED),
        ({"left_minor": 0}, 5, CreditState.USED),
        ({"left_minor": 0, "expires_at": 5}, 5, CreditState.USED),
        ({"left_minor": 0, "expires_at": 5, "expired_at": 5}, 5, CreditState.EXPIRED),
        ({"left_minor": 0, "voided_at": 3}, 5, CreditState.VOIDED),
    ],
)
def test_state_follows_from_what_happened(
    more: dict[str, Any], at: int, state: CreditState
) -> None:
    """Nothing of it is stored."""
    assert grant_of(**more).state(at) is state
