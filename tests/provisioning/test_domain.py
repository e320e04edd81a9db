"""The rules by themselves: tables of cases at each boundary, and properties."""

from datetime import date, timedelta
from itertools import product
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import TimeZoneUnknown
from provisioning_service.domain.civil import (
    day_of,
    end_of_day,
    known_zone,
    month_after,
    month_of,
    start_of_day,
)
from provisioning_service.domain.errors import (
    IllegalTransition,
    LadderComplete,
    QuotaUsedUp,
    TokenAlreadyRequested,
)
from provisioning_service.domain.expiry import Service, cap_of_cancelled, expiry_shown
from provisioning_service.domain.instance import (
    TRANSITIONS,
    Action,
    Instance,
    InstanceState,
    PaymentType,
    StopReason,
    next_state,
)
from provisioning_service.domain.ladder import next_token, state_of, with_creation
from provisioning_service.domain.life import (
    Birth,
    cancelled,
    stopped,
    subscribed,
    without_stop,
)
from provisioning_service.domain.programme import Programme
from provisioning_service.domain.standing import Standing
from provisioning_service.domain.token import (
    NewSecret,
    Rung,
    Token,
    TokenState,
    issued_at_once,
    requested,
)
from provisioning_service.domain.unpaid import reached_from
from tests.provisioning.builders import SAO_PAULO, at

ZONE = ZoneInfo(SAO_PAULO)
TOLD_AT = at("2100-01-01 00:00")
SECRET = NewSecret("pspg_it_x", b"x")
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"}))
DAYS = st.dates(date(1975, 1, 1), date(2190, 12, 31))


def service(expires_on: date | None = None) -> Service:
    return Service(ZONE, 10, Standing("acme", expires_on=expires_on, told_at=TOLD_AT))


def active(since: str) -> Instance:
    trial = Birth("acme", "one", "", at(since)).of(InstanceState.TRIAL)
    return subscribed(trial, at(since))


# --- civil time ---------------------------------------------------------------------------------


@given(DAYS, ZONES)
def test_days_tile(day: date, zone: str) -> None:
    """A day ends where the next begins, whatever the zone's clocks do."""
    assert end_of_day(day, ZoneInfo(zone)) == start_of_day(day + timedelta(days=1), ZoneInfo(zone))


@given(DAYS, ZONES)
def test_a_day_begins_with_its_first_instant(day: date, zone: str) -> None:
    """The instant before a day's first is not in it, and what follows is not before it."""
    first_at = start_of_day(day, ZoneInfo(zone))
    assert day_of(first_at - 1, ZoneInfo(zone)) < day <= day_of(first_at, ZoneInfo(zone))


def test_a_day_without_midnight() -> None:
    """Where the clocks skip midnight, the day begins at one o'clock."""
    assert start_of_day(date(2018, 11, 4), ZONE) == at("2018-11-04 01:00")


def test_a_day_with_two_midnights() -> None:
    """Where midnight comes twice, the day begins with the first."""
    zone = ZoneInfo("America/Havana")
    first_at = start_of_day(date(2025, 11, 2), zone)
    assert end_of_day(date(2025, 11, 2), zone) - first_at == 25 * 3_600_000_000


@given(DAYS)
def test_months_follow(day: date) -> None:
    """The month after begins at most 31 days after this one."""
    month = month_of(day)
    assert (month_after(month) - month).days in {28, 29, 30, 31}


@pytest.mark.parametrize("name", ["", "Sao_Paulo", "../etc/passwd", "America", "UTC+3"])
def test_what_is_no_zone(name: str) -> None:
    """Only names of the zone database are zones."""
    with pytest.raises(TimeZoneUnknown):
        known_zone(name, field="time_zone")


# --- the transition table -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "action"),
    [pair for pair in product(InstanceState, Action) if pair not in TRANSITIONS],
)
def test_what_is_not_in_the_table_is_refused(state: InstanceState, action: Action) -> None:
    """A refusal names the state, whatever the action."""
    instance = active("2026-03-02")._replace(state=state)
    with pytest.raises(IllegalTransition, match=f"is {state.name}: "):
        next_state(instance, action)


def test_nothing_leaves_deletion() -> None:
    """A deleted instance stays deleted."""
    assert not [pair for pair in TRANSITIONS if pair[0] is InstanceState.DELETED]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(StopReason)), max_size=20))
def test_stop_reasons_are_a_set(changes: list[tuple[bool, StopReason]]) -> None:
    """Reasons come and go independently; each counts once, in a fixed order."""
    instance, expected = active("2026-03-02"), set[StopReason]()
    for adds, reason in changes:
        if adds:
            instance = stopped(instance, Action.STOP_UNPAID, reason)
            expected.add(reason)
        else:
            instance = without_stop(instance, reason)
            expected.discard(reason)
    assert list(instance.stop_reasons) == sorted(expected, key=lambda each: each.value)


# --- expiry -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subscribed_at", "cancelled_at", "cap"),
    [
        ("2026-03-31 23:59:59", "2026-03-31 23:59:59", date(2026, 4, 10)),
        ("2026-03-02", "2026-03-20", date(2026, 4, 10)),
        ("2026-03-02", "2026-04-01 00:00", date(2026, 4, 10)),
        ("2026-03-02", "2026-04-01 00:00:00.000001", date(2026, 5, 10)),
        # Subscribed and cancelled at a month's first instant: that month counts.
        ("2026-04-01 00:00", "2026-04-01 00:00", date(2026, 5, 10)),
        ("2026-12-15", "2026-12-31", date(2027, 1, 10)),
    ],
)
def test_the_cap_follows_the_last_month(subscribed_at: str, cancelled_at: str, cap: date) -> None:
    """The cap is day 10 after the last month in which it was, at some instant, subscribed."""
    assert cap_of_cancelled(active(subscribed_at), at(cancelled_at), service()) == cap


@given(st.integers(0, 900), st.integers(0, 900), st.none() | st.dates(date(2026, 1, 1)))
def test_a_cancelled_one_never_outlives_its_cap(
    first: int, days: int, expires_on: date | None
) -> None:
    """Whatever the account's expiry, a cancelled instance expires at its cap or before."""
    instance = active("2026-01-01")
    begun_at = instance.created_at + first * 86_400_000_000
    instance = instance._replace(last_subscribed_at=begun_at)
    gone = cancelled(
        instance, service(expires_on), fixed=False, now=begun_at + days * 86_400_000_000
    )
    shown = expiry_shown(gone, service(expires_on))
    assert shown is not None
    assert gone.cap_on is not None
    assert shown <= gone.cap_on


@pytest.mark.parametrize(
    ("paid_through", "expires_on", "shown"),
    [
        (date(2026, 5, 20), date(2026, 4, 10), date(2026, 5, 20)),
        (date(2026, 5, 20), date(2026, 5, 20), date(2026, 5, 20)),
        (date(2026, 5, 20), date(2026, 6, 10), date(2026, 6, 10)),
        (None, date(2026, 6, 10), date(2026, 6, 10)),
    ],
)
def test_the_later_of_two_days_is_shown(
    paid_through: date | None, expires_on: date, shown: date
) -> None:
    """A subscribed instance never expires before the date that it is paid through."""
    instance = active("2026-03-02")._replace(paid_through_on=paid_through)
    assert expiry_shown(instance, service(expires_on)) == shown


# --- non-payment --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reaches", "reached"),
    [
        ("plain", False, "2026-04-11"),
        ("late", False, "2026-04-12"),
        ("prepaid", False, None),
        ("prepaid", True, "2026-04-11"),
        ("migrated", False, "2026-04-21"),
        ("migrated and past", False, "2026-04-11"),
    ],
)
def test_from_when_a_stop_reaches(kind: str, reached: str | None, *, reaches: bool) -> None:
    """A stop since 11 April reaches each kind of instance when it may, and not before."""
    plain = active("2026-03-02")
    paid = plain._replace(paid_through_on=date(2026, 4, 20))
    past = plain._replace(paid_through_on=date(2026, 4, 1))
    instance = {
        "plain": plain,
        "late": plain._replace(created_at=at("2026-04-12")),
        "prepaid": paid._replace(payment_type=PaymentType.PREPAY),
        "migrated": paid._replace(first_billed_month=date(2026, 5, 1)),
        "migrated and past": past._replace(first_billed_month=date(2026, 5, 1)),
    }[kind]
    expected = None if reached is None else at(reached)
    since_at = at("2026-04-11")
    assert reached_from(instance, since_at, ZONE, reaches_prepaid=reaches) == expected


# --- the ladder ---------------------------------------------------------------------------------

LADDERS = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(
    lambda limits: (*(Rung(limit, 1 + n) for n, limit in enumerate(limits)), Rung(0, 9))
)


def first_token(programme: Programme) -> Token:
    return issued_at_once(requested("acme", 1, programme.ladder[0], 0), SECRET, 0)


@given(LADDERS, st.lists(st.sampled_from(["create", "request"]), max_size=60))
def test_bands_are_climbed_in_order(ladder: tuple[Rung, ...], wishes: list[str]) -> None:
    """Whenever the next token is requested, creation n is served in the band of its rung."""
    programme = Programme(ladder=ladder)
    tokens = {1: first_token(programme)}
    bands: list[int] = []
    for wish in wishes:
        if wish == "request":
            try:
                token = next_token("acme", programme, tokens, 0)
            except (TokenAlreadyRequested, LadderComplete):
                continue
            tokens[token.rung] = issued_at_once(token, SECRET, 0)
            continue
        usable = [each for each in tokens.values() if state_of(each, tokens) is TokenState.ACTIVE]
        assert len(usable) <= 1
        for token in usable:
            tokens[token.rung] = with_creation(token, tokens)
            bands.append(token.band)
    expected = [rung.band for rung in ladder for _ in range(rung.creations_max or 99)]
    assert bands == expected[: len(bands)]


@pytest.mark.parametrize(
    ("limit", "used", "served"), [(1, 0, True), (1, 1, False), (25, 24, True), (0, 10**9, True)]
)
def test_a_token_serves_up_to_its_limit(limit: int, used: int, *, served: bool) -> None:
    """The last creation is served, the next is not; without a limit all are."""
    token = first_token(Programme())._replace(creations_max=limit, creations_used=used)
    if served:
        assert with_creation(token, {1: token}).creations_used == used + 1
    else:
        with pytest.raises(QuotaUsedUp):
            with_creation(token, {1: token})


def test_expiry_of_what_billing_does_not_know_yet() -> None:
    """An instance subscribed after billing told of a later expiry shows its own month's."""
    told = Standing("acme", expires_on=date(2027, 3, 10), told_at=at("2027-01-05 12:00"))
    known, fresh = active("2027-01-05 12:00"), active("2027-01-05 12:01")
    shown = [expiry_shown(each, Service(ZONE, 10, told)) for each in (known, fresh)]
    assert shown == [date(2027, 3, 10), date(2027, 2, 10)]
