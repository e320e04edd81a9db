"""What subscriptions give together, what an account may have of it, and what is suspended."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning_service.domain.entitlement import (
    Entitlement,
    Entitlements,
    Limit,
    Why,
    all_entitlements,
    entitlement_to,
    judge,
)
from provisioning_service.domain.resource import Resource, ResourceState, levelled
from provisioning_service.domain.standing import Standing

PAID = Standing("acme")


def gives(subscription: str, *features: str, **limits: str | None) -> Entitlements:
    """What a subscription gives; a limit of None is none."""
    stated = tuple(
        Limit(code, None if size is None else Decimal(size)) for code, size in limits.items()
    )
    return Entitlements("acme", subscription, stated, features)


def to_seats(*given_by: Entitlements, used: int = 0) -> Entitlement:
    return entitlement_to("seat", given_by, used)


@pytest.mark.parametrize(
    ("given_by", "quantity"),
    [
        ((), Decimal(0)),
        ((gives("crm", other="5"),), Decimal(0)),
        ((gives("crm", seat="0"),), Decimal(0)),
        ((gives("crm", seat="5"),), Decimal(5)),
        ((gives("crm", seat="5"), gives("erp", seat="2.000000001")), Decimal("7.000000001")),
        ((gives("crm", seat="5"), gives("erp", seat=None)), None),
        ((gives("crm", "seat"),), None),
        ((gives("crm", "seat"), gives("erp", seat="3")), Decimal(3)),
    ],
)
def test_limits_of_subscriptions_add_up(
    given_by: tuple[Entitlements, ...], quantity: Decimal | None
) -> None:
    """Limits add up, none is none, and an add-on alone limits nothing."""
    assert to_seats(*given_by).quantity == quantity


@pytest.mark.parametrize(
    ("used", "asked", "why"),
    [
        (0, "0", Why.WITHIN_LIMIT),
        (0, "5", Why.WITHIN_LIMIT),
        (0, "5.000000001", Why.LIMIT_REACHED),
        (4, "1", Why.WITHIN_LIMIT),
        (5, "0", Why.WITHIN_LIMIT),
        (5, "1", Why.LIMIT_REACHED),
        (6, "0", Why.LIMIT_REACHED),
    ],
)
def test_limit_counts_what_is_held(used: int, asked: str, why: Why) -> None:
    """What is held and what is asked for may come to the limit and no further."""
    verdict = judge(to_seats(gives("crm", seat="5"), used=used), PAID, Decimal(asked))
    assert (verdict.why, verdict.is_allowed) == (why, why is Why.WITHIN_LIMIT)


@pytest.mark.parametrize(
    ("given_by", "standing", "why"),
    [
        (gives("crm"), PAID, Why.NOT_INCLUDED),
        (gives("crm", "seat"), PAID, Why.FEATURE_HELD),
        (gives("crm", seat=None), PAID, Why.UNLIMITED),
        (gives("crm", seat=None), Standing("acme", stopped_at=1), Why.ACCOUNT_UNPAID),
        (gives("crm"), Standing("acme", stopped_at=1), Why.ACCOUNT_UNPAID),
    ],
)
def test_verdict_says_why(given_by: Entitlements, standing: Standing, why: Why) -> None:
    """An add-on, no limit, nothing at all and an unpaid invoice are told apart."""
    assert judge(to_seats(given_by), standing, Decimal(1)).why is why


def test_sources_name_the_subscriptions() -> None:
    """Each subscription that gives something is named, in order, and no other."""
    found = to_seats(gives("erp", seat="1"), gives("crm", "seat"), gives("web", other="1"))
    assert [each.subscription for each in found.sources] == [
        "accounts/acme/subscriptions/crm",
        "accounts/acme/subscriptions/erp",
    ]


def test_what_is_held_without_being_included_is_told() -> None:
    """What is still held of what no subscription gives any more is among the entitlements."""
    found = all_entitlements([gives("crm", seat="2")], {"whatsapp": 1, "gone": 0})
    assert [(each.code, each.used, each.remaining) for each in found] == [
        ("seat", 0, Decimal(2)),
        ("whatsapp", 1, Decimal(0)),
    ]


def resource(number: int, state: ResourceState = ResourceState.ACTIVE) -> Resource:
    """A seat; the higher the number, the newer."""
    return Resource("acme", f"r{number:03}", "seat", "", (), state, number // 2, None, 1)


def applied(resources: list[Resource], limit: Decimal | None) -> list[Resource]:
    """The resources after levelling, by id."""
    changed = {each.id: each for each in levelled(resources, limit)}
    return [changed.get(each.id, each) for each in resources]


@given(
    states=st.lists(st.sampled_from(ResourceState), max_size=12),
    limit=st.one_of(st.none(), st.decimals(0, 14, places=1)),
)
@settings(max_examples=100)
def test_the_oldest_held_are_in_use(states: list[ResourceState], limit: Decimal | None) -> None:
    """As many as may be are in use, the oldest ones; what is removed stays so; twice is once."""
    before = [resource(number, state) for number, state in enumerate(states)]
    after = applied(before, limit)
    held = [each.state for each in after if each.is_held]
    room = len(held) if limit is None else min(int(limit), len(held))
    assert held == [ResourceState.ACTIVE] * room + [ResourceState.SUSPENDED] * (len(held) - room)
    assert [each.is_held for each in after] == [each.is_held for each in before]
    assert levelled(after, limit) == ()
