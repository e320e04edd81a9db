"""Guards: thresholds are told once a period, whatever passes them."""

from decimal import Decimal
from typing import Any

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.price import Allowance, Unlimited
from billing_service.domain.usage.correction import Why
from billing_service.domain.usage.guard import (
    CEILING_MAX,
    PERCENT_MAX,
    Reading,
    UsageGuard,
    check_guard,
    reached,
)
from billing_service.domain.usage.guard_errors import InvalidGuard, PriceNotMetered
from billing_service.use_cases.check_usage import gather
from billing_service.use_cases.ingest import INGEST
from billing_service.use_cases.set_usage_guard import SET_USAGE_GUARD, read_guard
from billing_service.use_cases.timers import CHECK_USAGE
from billing_service.use_cases.void_events import VOID_EVENTS, VoidEvents
from chassis.errors import EtagMismatch
from chassis.use_case import TimerDue
from tests.billing.builders import Billing, at, day
from tests.billing.usage.guarded import Guarded, brl, guard_command, metered
from tests.billing.usage.ingesting import batch_of, event_of


def test_a_threshold_is_told_when_it_is_reached(billing: Billing) -> None:
    """At 799 of 1,000 nothing is told, at 800 that 80% are reached."""
    guarded = Guarded.on(billing)
    guarded.guard(percents=("80", "100"))
    guarded.use("799")
    before = guarded.thresholds()
    guarded.use("1")
    assert (before, guarded.thresholds()) == ([], ["calls 80%"])


def test_one_event_may_reach_several_thresholds(sqlite_billing: Billing) -> None:
    """2,000 calls reach both percentages, and 1,000 beyond what is included cost 500.00."""
    guarded = Guarded.on(sqlite_billing)
    guarded.guard(percents=("100", "80.5"), amounts=(brl(500), brl(500, 10_000_000), brl(1)))
    guarded.use("2000")
    assert guarded.thresholds() == ["calls 80.5%", "calls 100%", "calls 1", "calls 500"]


def test_a_threshold_says_what_was_used_and_what_it_costs(sqlite_billing: Billing) -> None:
    """The event names the period, the quantity and the cost so far."""
    guarded = Guarded.on(sqlite_billing)
    guarded.guard(percents=("100",))
    guarded.use("1002")
    told: Any
    ((_, told),) = sqlite_billing.told(events_pb2.UsageThresholdReached())
    figures = (told.quantity.value, told.cost.units, told.period_start_date.month)
    assert figures == ("1002", 1, 3)


def test_a_threshold_is_told_once_a_period(billing: Billing) -> None:
    """More usage in the same month tells nothing, the next month tells it again."""
    guarded = Guarded.on(billing)
    guarded.guard(percents=("80",))
    guarded.use("800")
    guarded.use("100")
    billing.go_to("2026-04-02 12:00")
    guarded.use("900")
    assert guarded.thresholds() == ["calls 80%", "calls 80%"]


def test_what_is_passed_already_is_told_at_once(sqlite_billing: Billing) -> None:
    """A guard that comes after the usage tells of it when it is stated."""
    guarded = Guarded.on(sqlite_billing)
    guarded.use("900")
    guarded.guard(percents=("80",))
    assert guarded.thresholds() == ["calls 80%"]


def test_a_late_event_tells_the_threshold_of_its_own_period(billing: Billing) -> None:
    """Within the days of grace, an event of the month before counts there."""
    guarded = Guarded.on(billing)
    billing.set_terms(usage_grace_hours=48)
    guarded.guard(percents=("80",))
    billing.go_to("2026-04-01 12:00")
    guarded.use("900", time_at=at("2026-03-31 12:00"))
    told: list[tuple[int, Any]] = [*billing.told(events_pb2.UsageThresholdReached())]
    assert [each.period_start_date.month for _, each in told] == [3]


def test_commands_of_one_batch_tell_a_threshold_once(billing: Billing) -> None:
    """Twenty calls that are carried out together, each of which passes it, tell it once."""
    guarded = Guarded.on(billing)
    guarded.guard(percents=("80",))
    batches = [
        batch_of(billing, [event_of(f"many-{each}", None, "900", kind="call")])
        for each in range(20)
    ]
    billing.do_all(INGEST, batches)
    assert guarded.thresholds() == ["calls 80%"]


def test_a_threshold_that_is_reached_again_is_not_told_again(sqlite_billing: Billing) -> None:
    """Usage is voided, falls below it, and comes above it once more in the same month."""
    guarded = Guarded.on(sqlite_billing)
    guarded.guard(percents=("80",))
    mistaken = guarded.use("900")
    voiding = VoidEvents("acme", Why("mistaken", "operator/test"), (("gate", mistaken),))
    sqlite_billing.do(VOID_EVENTS, voiding)
    guarded.use("850")
    assert guarded.thresholds() == ["calls 80%"]


def test_percentages_are_of_the_ceiling_where_nothing_is_included(sqlite_billing: Billing) -> None:
    """Half of a ceiling of 100 is reached at 50."""
    guarded = Guarded.on(sqlite_billing)
    guarded.guard("megabytes", percents=("50",), ceiling="100")
    guarded.use("50", "transfer")
    assert guarded.thresholds() == ["megabytes 50%"]


def test_amounts_suit_a_peak(sqlite_billing: Billing) -> None:
    """A price of a peak has no ceiling, but its cost is watched like any other."""
    guarded = Guarded.on(sqlite_billing)
    guarded.guard("peak", amounts=(brl(5),))
    guarded.use("10", "load")
    assert guarded.thresholds() == ["peak 5"]


def test_a_guard_is_replaced_as_a_whole(sqlite_billing: Billing) -> None:
    """What was stated before holds no more, and the etag changes."""
    guarded = Guarded.on(sqlite_billing)
    first = guarded.guard(percents=("50",), amounts=(brl(5),))
    second = guarded.guard(percents=("80",), etag=first.etag)
    found = sqlite_billing.database.read(
        lambda tx: read_guard(tx, "acme", "main", "calls", sqlite_billing.clock.now())
    )
    assert (found, found.percents, found.amounts_minor) == (second, (Decimal(80),), ())


def test_the_same_guard_again_changes_nothing(sqlite_billing: Billing) -> None:
    """A repetition tells nothing and keeps the etag."""
    guarded = Guarded.on(sqlite_billing)
    first = guarded.guard(percents=("50",))
    again = guarded.guard(percents=("50",))
    told = sqlite_billing.told(events_pb2.UsageGuardChanged())
    assert (first.etag == again.etag, len(told)) == (True, 1)


def test_a_guard_that_was_never_stated_is_empty(sqlite_billing: Billing) -> None:
    """It may be read, and names neither thresholds nor a ceiling."""
    Guarded.on(sqlite_billing)
    found = sqlite_billing.database.read(
        lambda tx: read_guard(tx, "acme", "main", "calls", sqlite_billing.clock.now())
    )
    assert (found.percents, found.amounts_minor, found.ceiling) == ((), (), None)


def test_a_guard_of_another_etag_is_refused(sqlite_billing: Billing) -> None:
    """Somebody else changed it meanwhile."""
    guarded = Guarded.on(sqlite_billing)
    guarded.guard(percents=("50",))
    with pytest.raises(EtagMismatch):
        guarded.guard(percents=("80",), etag="0")


@pytest.mark.parametrize(
    ("subscription", "price", "refusal"),
    [
        ("other", "calls", SubscriptionNotFound),
        ("main", "none", PriceNotMetered),
    ],
)
def test_a_guard_needs_a_metered_price(
    sqlite_billing: Billing, subscription: str, price: str, refusal: type[Exception]
) -> None:
    """An unknown subscription, and a price that it has not, are refused each in its own way."""
    Guarded.on(sqlite_billing)
    with pytest.raises(refusal):
        sqlite_billing.do(SET_USAGE_GUARD, guard_command(price, subscription=subscription))


@pytest.mark.parametrize(
    ("price", "stated", "field"),
    [
        ("megabytes", {"percents": ("80",)}, "guard.percents"),
        ("calls", {"amounts": (brl(1, 1),)}, "guard.amounts[0]"),
        ("calls", {"amounts": (brl(1)._replace(currency="NOK"),)}, "currency_code"),
        ("peak", {"ceiling": "10"}, "guard.ceiling"),
    ],
)
def test_what_does_not_suit_the_price_is_refused(
    sqlite_billing: Billing, price: str, stated: dict[str, Any], field: str
) -> None:
    """Percentages of nothing, amounts in other money, a ceiling of a peak: each names its field."""
    guarded = Guarded.on(sqlite_billing)
    with pytest.raises(InvalidGuard, match=field.replace("[", r"\[")):
        guarded.guard(price, **stated)


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"percents": (Decimal(0),)}, "guard.percents[0]"),
        ({"percents": (Decimal(80), Decimal("10000.01"))}, "guard.percents[1]"),
        ({"percents": (Decimal("1.001"),)}, "guard.percents[0]"),
        ({"percents": (Decimal(80), Decimal("80.0"))}, "guard.percents[1]"),
        ({"amounts_minor": (0,)}, "guard.amounts[0]"),
        ({"amounts_minor": (1, 1)}, "guard.amounts[1]"),
        ({"ceiling": Decimal(-1)}, "guard.ceiling"),
        ({"ceiling": Decimal("0.0000000001")}, "guard.ceiling"),
        ({"ceiling": CEILING_MAX + 1}, "guard.ceiling"),
    ],
)
def test_what_cannot_be_watched_is_refused(stated: dict[str, Any], field: str) -> None:
    """Each bound is kept, and the refusal names the field."""
    guard = UsageGuard("acme", "main", "calls", **stated)
    with pytest.raises(InvalidGuard, match=field.replace("[", r"\[")):
        check_guard(guard, is_additive=True, has_base=True)


def test_a_percentage_of_what_has_no_limit_is_refused(sqlite_billing: Billing) -> None:
    """Where all is included, only a ceiling makes a percentage of something."""
    unlimited = metered("calls", included=Allowance(Unlimited()))
    guarded = Guarded.on(sqlite_billing, unlimited)
    with pytest.raises(InvalidGuard, match="state a ceiling"):
        guarded.guard(percents=("80",))


@pytest.mark.parametrize("ceiling", [Decimal(0), CEILING_MAX])
def test_the_bounds_themselves_can_be_watched(sqlite_billing: Billing, ceiling: Decimal) -> None:
    """The smallest and the largest percentage, and a ceiling of nothing and of the most."""
    guarded = Guarded.on(sqlite_billing)
    guard = guarded.guard(percents=("0.01", "10000"), ceiling=str(ceiling))
    assert (guard.percents, guard.ceiling) == ((Decimal("0.01"), PERCENT_MAX), ceiling)


@pytest.mark.parametrize(
    ("quantity", "told"),
    [("79.999999999", []), ("80", ["percent:80"]), ("100", ["percent:80", "percent:100"])],
)
def test_a_percentage_is_reached_at_its_bound(quantity: str, told: list[str]) -> None:
    """80% of 100 is reached by 80 and by nothing less."""
    guard = UsageGuard("acme", "main", "calls", (Decimal(100), Decimal(80)))
    reading = Reading(Decimal(quantity), Decimal(100), 0)
    assert [each.text for each in reached(guard, reading, "BRL")] == told


def test_nothing_included_and_no_ceiling_reaches_no_percentage() -> None:
    """An allowance that came to 0 leaves nothing that a percentage could be of."""
    guard = UsageGuard("acme", "main", "calls", (Decimal(80),))
    found = list(reached(guard, Reading(Decimal(5), Decimal(0), 100), "BRL"))
    assert found == []


def test_an_amount_in_another_currency_is_not_reached() -> None:
    """Before anything is charged, an account's currency may change; its amounts then mean less."""
    guard = UsageGuard("acme", "main", "calls", (), (100,), "BRL")
    found = list(reached(guard, Reading(Decimal(5), None, 100), "NOK"))
    assert found == []


def test_only_crossings_of_periods_in_question_are_read(billing: Billing) -> None:
    """What was told of March is of no concern once March is closed, however long it is ago."""
    guarded = Guarded.on(billing)
    guarded.guard(percents=("50",))
    guarded.use("600")
    billing.go_to("2026-04-10 12:00")
    guarded.use("600")
    now = billing.clock.now()
    due = TimerDue("acme", CHECK_USAGE, "acme", due_at=now, fired_at=now, sandbox="")
    crossings = billing.database.read(lambda tx: gather(tx, [due]).stored.crossings)
    assert [each.period_start_on for each in crossings] == [day("2026-04-01")]
