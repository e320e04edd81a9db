"""Which months a subscription's timeline bills."""

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_service.domain.account import Account
from billing_service.domain.calendar import first_instant, months_between, next_month
from billing_service.domain.charge import AccountToRate, propose
from billing_service.domain.plan import Plan, first_plan
from billing_service.domain.subscription import (
    NO_MONTH,
    OPEN_MONTH,
    Fact,
    FactKind,
    Interval,
    Subscription,
    begin,
    bills,
    continued,
    intervals,
)
from tests.billing.builders import PLAN, SAO_PAULO, at, day, plan_of

PLANS: dict[str, Plan] = {PLAN: first_plan(plan_of(), {})}
YEAR = months_between(day("2026-01-01"), day("2026-12-01"))


def timeline(
    *instants: int, first_billed_month: date | None = None, zone: str = SAO_PAULO
) -> Subscription:
    """A subscription that was taken up and cancelled in turn at the instants."""
    subscription = begin(
        account="acme",
        subscription_id="a",
        instance="a",
        plan=PLAN,
        band=1,
        fact=Fact(FactKind.SUBSCRIBED, instants[0]),
        zone=zone,
        first_billed_month=first_billed_month,
    )
    kinds = itertools.cycle((FactKind.CANCELLED, FactKind.RESUMED))
    for kind, instant_at in zip(kinds, instants[1:], strict=False):
        subscription = continued(subscription, Fact(kind, instant_at), zone) or subscription
    return subscription


def billed(subscription: Subscription, zone: str = SAO_PAULO) -> list[str]:
    return [f"{month:%m}" for month in YEAR if bills(subscription, month, zone)]


@pytest.mark.parametrize(
    ("instants", "months"),
    [
        (["2026-03-31 23:59:59", "2026-04-01"], ["03"]),
        (["2026-03-01", "2026-04-01"], ["03"]),
        (["2026-03-01", "2026-04-01 00:00:01"], ["03", "04"]),
        (["2026-03-01", "2026-03-01"], ["03"]),
        (["2026-03-10", "2026-03-10"], ["03"]),
        (["2026-03-10", "2026-03-12", "2026-03-20", "2026-03-25"], ["03"]),
        (["2026-03-10", "2026-03-12", "2026-05-20", "2026-05-25"], ["03", "05"]),
        (["2026-11-10"], ["11", "12"]),
    ],
)
def test_month_is_billed_if_subscribed_at_some_instant_of_it(
    instants: list[str], months: list[str]
) -> None:
    """Subscribed and not yet cancelled at one instant is enough; the cancellation's is too late."""
    assert billed(timeline(*map(at, instants))) == months


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_months_are_those_of_the_zone(zone: str) -> None:
    """The last second of March is March's wherever the account lives."""
    last_at = first_instant(day("2026-04-01"), zone) - 1
    subscription = timeline(last_at, last_at + 1, zone=zone)
    assert billed(subscription, zone) == ["03"]


def test_nothing_is_billed_before_the_first_billed_month() -> None:
    """What is paid in advance is not billed again."""
    subscription = timeline(at("2026-03-10"), first_billed_month=day("2026-10-01"))
    assert billed(subscription) == ["10", "11", "12"]


def test_span_is_open_while_it_lasts() -> None:
    """A subscription without an end has no last month."""
    assert timeline(at("2026-03-10")).span.last_month == OPEN_MONTH


def test_span_is_empty_if_it_ended_before_its_first_billed_month() -> None:
    """Cancelled while still paid for, it never comes to be billed."""
    subscription = timeline(
        at("2026-03-10"), at("2026-04-10"), first_billed_month=day("2026-06-01")
    )
    assert subscription.span.last_month == NO_MONTH


@pytest.mark.parametrize(
    ("before", "kind"),
    [
        (["2026-03-10"], FactKind.SUBSCRIBED),
        (["2026-03-10"], FactKind.RESUMED),
        (["2026-03-10", "2026-03-12"], FactKind.CANCELLED),
    ],
)
def test_fact_that_changes_nothing_is_left_out(before: list[str], kind: FactKind) -> None:
    """What happened already does not happen again."""
    subscription = timeline(*map(at, before))
    assert continued(subscription, Fact(kind, at("2026-03-20")), SAO_PAULO) is None


@pytest.mark.parametrize("kind", list(FactKind))
def test_what_has_ended_stays_so(kind: FactKind) -> None:
    """Nothing happens to a subscription whose instance is gone."""
    ended = continued(timeline(at("2026-03-10")), Fact(FactKind.ENDED, at("2026-03-11")), SAO_PAULO)
    assert ended is not None
    assert continued(ended, Fact(kind, at("2026-03-20")), SAO_PAULO) is None


INSTANTS = st.lists(
    st.integers(at("2026-01-01"), at("2026-12-31")), min_size=1, max_size=6, unique=True
).map(sorted)


@given(INSTANTS)
def test_intervals_are_in_order_and_do_not_overlap(instants: list[int]) -> None:
    """Each stretch ends before the next begins."""
    stretches = list(intervals(timeline(*instants).facts))
    pairs = itertools.pairwise(stretches)
    assert all(one.end_at is not None and one.end_at < two.start_at for one, two in pairs)


@given(INSTANTS)
def test_billed_months_are_those_that_a_stretch_touches(instants: list[int]) -> None:
    """The span never hides a month that some stretch touches."""
    subscription = timeline(*instants)
    touched = [
        f"{month:%m}"
        for month in YEAR
        if any(_touches(each, month) for each in intervals(subscription.facts))
    ]
    assert billed(subscription) == touched


def _touches(stretch: Interval, month: date) -> bool:
    """Whether a stretch has an instant in a month, by its two ends alone."""
    start_at = first_instant(month, SAO_PAULO)
    end_at = first_instant(next_month(month), SAO_PAULO)
    last_at = end_at if stretch.end_at is None else max(stretch.end_at - 1, stretch.start_at)
    return max(stretch.start_at, start_at) <= min(last_at, end_at - 1)


@given(INSTANTS, st.integers(1, 12))
def test_rating_month_by_month_is_rating_at_once(instants: list[int], through: int) -> None:
    """Closing each month in turn charges the same keys as closing them together."""
    subscription = timeline(*instants)
    last = date(2026, through, 1)
    at_once = [each.key for each in propose([to_rate(subscription, None, last)], PLANS, ())]
    in_turn = []
    after = None
    for month in months_between(YEAR[0], last):
        in_turn += [each.key for each in propose([to_rate(subscription, after, month)], PLANS, ())]
        after = month
    assert in_turn == at_once


@given(INSTANTS)
def test_rating_again_proposes_nothing(instants: list[int]) -> None:
    """What has been charged is not charged again."""
    open_year = to_rate(timeline(*instants), None, YEAR[-1])
    charged = {each.key for each in propose([open_year], PLANS, ())}
    assert propose([open_year], PLANS, charged) == []


def to_rate(subscription: Subscription, after: date | None, through: date) -> AccountToRate:
    return AccountToRate(
        account=Account("acme", "", SAO_PAULO),
        currency="BRL",
        subscriptions=(subscription,),
        after_month=after,
        through_month=through,
    )
