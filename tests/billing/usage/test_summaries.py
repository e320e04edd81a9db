"""What is told of a subscription's usage: quantities, what is left, what it costs and will cost."""

from decimal import Decimal

import pytest

from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.meter import Aggregation
from billing_service.domain.price import (
    Allowance,
    DimensionFilter,
    Metered,
    SharedAllowance,
    Unlimited,
    ZeroUsage,
)
from billing_service.domain.price_models import Capacity, CapacityTier, Ceiling, Percentage
from billing_service.domain.usage.reading_errors import MeteredPriceNotFound
from tests.billing.builders import Billing
from tests.billing.usage.ingesting import meter_of
from tests.billing.usage.summarising import (
    Summarised,
    figures,
    fixed,
    foreseen,
    graduated,
    instant,
    per_seat,
    per_unit,
    seats,
)


def test_each_event_is_seen_at_once(billing: Billing) -> None:
    """What was taken in is in the next summary."""
    used = Summarised.on(billing, per_unit("calls", "0.01"))
    seen = []
    for value in ("1", "0.5", "2.000000001"):
        used.use(value)
        seen.append(str(used.of().summary.usage.quantity))
    assert seen == ["1", "1.5", "3.500000001"]


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ("25000", ("25000", "10000", "0", "15000", 7500)),
        ("8000", ("8000", "10000", "2000", "0", 0)),
        ("10000", ("10000", "10000", "0", "0", 0)),
        ("10001", ("10001", "10000", "0", "1", 1)),
    ],
)
def test_included_calls(sqlite_billing: Billing, calls: str, expected: object) -> None:
    """Of 10,000 calls included, 0.005 each over: what is used, left, over, and costs."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "0.005", included=fixed("10000")))
    used.use(calls)
    assert figures(used.of()) == expected


def test_an_allowance_for_each_seat_pooled(sqlite_billing: Billing) -> None:
    """5 GB for each of 10 seats, 2 for each GB over: 80 GB leave 30 to pay."""
    price = per_unit("storage", "2", included=per_seat("5"))
    used = Summarised.on(sqlite_billing, seats(), price, held={"seats": 10})
    used.use("80", "storage")
    assert figures(used.of("storage")) == ("80", "50", "0", "30", 6000)


@pytest.mark.parametrize(
    ("included", "unit_price", "over", "cost_minor"),
    [
        ("1000", "0.02", "29000", 58000),
        ("25000", "0.01", "5000", 5000),
        ("100000", "0.005", "0", 0),
        ("500000", "0.002", "0", 0),
    ],
)
def test_plans_with_their_own_allowance(
    sqlite_billing: Billing, included: str, unit_price: str, over: str, cost_minor: int
) -> None:
    """The same 30,000 calls under the four plans of a ladder."""
    used = Summarised.on(sqlite_billing, per_unit("calls", unit_price, included=fixed(included)))
    used.use("30000")
    assert figures(used.of())[3:] == (over, cost_minor)


@pytest.mark.parametrize("zero_usage", [ZeroUsage.SHOWN, ZeroUsage.OMITTED])
def test_nothing_used(sqlite_billing: Billing, zero_usage: ZeroUsage) -> None:
    """Without usage all is left, also where an invoice would have no line."""
    price = per_unit("calls", "0.01", included=fixed("100"), zero_usage=zero_usage)
    used = Summarised.on(sqlite_billing, price)
    assert figures(used.of()) == ("0", "100", "100", "0", 0)


def test_unlimited(sqlite_billing: Billing) -> None:
    """Where all is included there is no quantity that is, and nothing is over."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1", included=Allowance(Unlimited())))
    used.use("7")
    found = used.of()
    assert (found.summary.allowed.unlimited, figures(found)) == (
        True,
        ("7", None, None, "0", 0),
    )


def test_nothing_included(sqlite_billing: Billing) -> None:
    """Without allowance all that is used is priced."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"))
    used.use("7")
    assert figures(used.of()) == ("7", None, None, "7", 700)


def test_half_way(sqlite_billing: Billing) -> None:
    """At half of March twice as much is foreseen, and rated through the tiers."""
    model = graduated(("30000", "0.005"), (None, "0.002"))
    used = Summarised.on(
        sqlite_billing, per_unit("calls", "0", included=fixed("10000"), model=model)
    )
    used.use("25000")
    used.go("2026-03-16 12:00")
    assert foreseen(used.of()) == ("50000", 17_000, "linear")


def test_a_projection_is_rounded_as_the_meter_rounds(sqlite_billing: Billing) -> None:
    """10 in 3 of 31 days are 103.333333333 by the end of the month: half up, once."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"))
    used.use("10")
    used.go("2026-03-04")
    assert foreseen(used.of()) == ("103.333333333", 10_333, "linear")


def test_counted_events_are_foreseen_as_whole_ones(sqlite_billing: Billing) -> None:
    """10 events in 3 of 31 days are 103 by the end of the month."""
    counted = meter_of("calls", Aggregation.COUNT, kind="calls")
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"), meters=[counted])
    for _ in range(10):
        used.use()
    used.go("2026-03-04")
    assert foreseen(used.of()) == ("103", 10_300, "linear")


@pytest.mark.parametrize(
    ("aggregation", "quantity"),
    [(Aggregation.MAX, "9"), (Aggregation.LATEST, "4"), (Aggregation.UNIQUE_COUNT, "2")],
)
def test_what_does_not_add_up_stays(
    billing: Billing, aggregation: Aggregation, quantity: str
) -> None:
    """A peak, a latest value and a number of different ones are foreseen as they stand."""
    meter = meter_of("calls", aggregation, kind="calls")
    used = Summarised.on(billing, per_unit("calls", "1"), meters=[meter])
    used.use("9", on="2026-03-01 10:00")
    used.use("4", on="2026-03-01 11:00")
    used.go("2026-03-16 12:00")
    assert foreseen(used.of()) == (quantity, int(quantity) * 100, "as_it_stands")


def test_levels_go_on(sqlite_billing: Billing) -> None:
    """2 GB held since the second day are 2 x 348 hours at half time, and as much again to come."""
    meter = meter_of("storage", Aggregation.WEIGHTED_SUM, kind="storage")
    used = Summarised.on(sqlite_billing, per_unit("storage", "0.01"), meters=[meter])
    used.use("2", "storage", on="2026-03-02 00:00")
    used.go("2026-03-16 12:00")
    found = used.of("storage")
    assert (figures(found)[0], foreseen(found)) == ("696", ("1392", 1392, "linear"))


def test_a_level_is_carried_into_the_next_period(billing: Billing) -> None:
    """What held at the end of March holds in April, until something else is told."""
    meter = meter_of("storage", Aggregation.WEIGHTED_SUM, kind="storage")
    used = Summarised.on(billing, per_unit("storage", "0.01"), meters=[meter])
    used.use("2", "storage", on="2026-03-02 00:00")
    used.go("2026-04-02 00:00")
    used.use("5", "storage", on="2026-04-01 12:00")
    assert figures(used.of("storage"))[0] == "84"


@pytest.mark.parametrize(
    ("asked", "shown"), [("2026-04-01 00:59", "as_it_stands"), ("2026-04-01 01:00", "linear")]
)
def test_too_soon_to_foresee(sqlite_billing: Billing, asked: str, shown: str) -> None:
    """In the first hour of a period nothing is carried on, from then on it is."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"))
    used.go(asked)
    used.use("3")
    assert used.of().summary.method.value == shown


def test_a_period_that_is_over(sqlite_billing: Billing) -> None:
    """Asked for a day of last month, its final figures come, foreseen as they stand."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"))
    used.use("3")
    used.go("2026-04-10")
    used.use("50")
    found = used.of(at=instant("2026-03-31 23:59"))
    assert (figures(found)[0], foreseen(found)) == ("3", ("3", 300, "as_it_stands"))


@pytest.mark.parametrize("asked", ["2026-03-09 23:59", "2026-03-20 00:00"])
def test_no_period_before_the_beginning_and_after_the_end(
    sqlite_billing: Billing, asked: str
) -> None:
    """A subscription of some days of March has no summary on others."""
    used = Summarised.on(
        sqlite_billing, per_unit("calls", "1"), begins_on="2026-03-10", ends_on="2026-03-20"
    )
    assert used.told(at=instant(asked)).summaries == ()


def test_days_outside_the_subscription_do_not_count(sqlite_billing: Billing) -> None:
    """What was used before its first day is not the subscription's."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"), begins_on="2026-03-10")
    used.go("2026-03-12")
    used.use("5", on="2026-03-09 23:59")
    used.use("2", on="2026-03-10 00:00")
    assert figures(used.of())[0] == "2"


def test_an_instance_has_no_metered_price(sqlite_billing: Billing) -> None:
    """The subscription of an instance gives an empty summary."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"))
    sqlite_billing.subscribe("phone")
    assert used.told(subscription="phone").summaries == ()


def test_a_price_that_is_not_metered_is_refused(sqlite_billing: Billing) -> None:
    """Asked for a price without usage, the refusal names those that have some."""
    used = Summarised.on(sqlite_billing, seats(), per_unit("calls", "1"), held={"seats": 1})
    with pytest.raises(MeteredPriceNotFound, match="no metered price seats, but these: calls"):
        used.told(price="seats")


def test_an_unknown_subscription_is_refused(sqlite_billing: Billing) -> None:
    """There is nothing to tell of a subscription that there is not."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"))
    with pytest.raises(SubscriptionNotFound):
        used.told(subscription="other")


def test_a_capacity(sqlite_billing: Billing) -> None:
    """The lowest capacity that holds both peaks costs its amount; there is no one meter."""
    tiers = (
        CapacityTier((Ceiling("users", Decimal(10)), Ceiling("sites", Decimal(2))), Decimal(5)),
        CapacityTier((Ceiling("users", None), Ceiling("sites", None)), Decimal(9)),
    )
    meters = [meter_of(code, Aggregation.MAX, kind=code) for code in ("users", "sites")]
    price = per_unit("size", "0", kind=Metered(""), model=Capacity(tiers))
    used = Summarised.on(sqlite_billing, price, meters=meters)
    used.use("10", "users")
    used.use("3", "sites")
    found = used.of("size")
    assert (figures(found)[4], found.summary.meter, found.summary.unit) == (900, "", "")


def test_a_shared_allowance(sqlite_billing: Billing) -> None:
    """The first price takes what it needs of it, the second has the rest."""
    shared = SharedAllowance("traffic", fixed("100"), ("up", "down"))
    used = Summarised.on(
        sqlite_billing, per_unit("up", "1"), per_unit("down", "1"), shared=(shared,)
    )
    used.use("70", "up")
    used.use("50", "down")
    assert [figures(used.of(code)) for code in ("up", "down")] == [
        ("70", "100", "30", "0", 0),
        ("50", "30", "0", "20", 2000),
    ]


def test_an_allowance_of_each_seat_by_itself(billing: Billing) -> None:
    """Of two seats with 5 each, one uses 8 and one 2: 3 are over, though 10 are included."""
    meter = meter_of("storage", kind="storage", dimensions=("user",))
    price = per_unit("storage", "1", included=per_seat("5", dimension="user"))
    used = Summarised.on(billing, seats(), price, meters=[meter], held={"seats": 2})
    used.use("8", "storage", user="ann")
    used.use("2", "storage", user="bob")
    assert figures(used.of("storage")) == ("10", "10", "3", "3", 300)


def test_a_part_of_a_meter(billing: Billing) -> None:
    """A price with a filter counts what passes it, whatever other dimensions there are."""
    meter = meter_of("calls", kind="calls", dimensions=("region", "tier"))
    kind = Metered("calls", (DimensionFilter("region", frozenset({"eu", "us"})),))
    used = Summarised.on(billing, per_unit("calls", "1", kind=kind), meters=[meter])
    used.use("1", region="eu", tier="a")
    used.use("2", region="us")
    used.use("4", region="br", tier="a")
    used.use("8")
    assert figures(used.of())[0] == "3"


def test_transactions_one_by_one(billing: Billing) -> None:
    """2% of each payment, at least 0.50 each: 10 and 100 cost 0.50 and 2.00, foreseen twice."""
    model = Percentage(Decimal(2), event_minimum=Decimal("0.50"))
    used = Summarised.on(billing, per_unit("payments", "0", model=model))
    used.use("10", "payments")
    used.use("100", "payments")
    used.go("2026-03-16 12:00")
    found = used.of("payments")
    assert (figures(found)[4], foreseen(found)) == (250, ("220", 470, "linear"))


def test_a_sandbox_by_its_own_clock(sqlite_billing: Billing) -> None:
    """In a sandbox half of the month is half of it by the clock of the sandbox."""
    used = Summarised.on(
        sqlite_billing, per_unit("calls", "1"), sandbox="trial", zone="America/Sao_Paulo"
    )
    used.use("3")
    sqlite_billing.step("trial", "2026-03-16 12:00")
    assert foreseen(used.of()) == ("6", 600, "linear")


def test_days_begin_in_the_account_zone(sqlite_billing: Billing) -> None:
    """The last minute of February in a zone is not March's, whatever UTC says."""
    used = Summarised.on(sqlite_billing, per_unit("calls", "1"), zone="Asia/Kolkata")
    used.use("5", on="2026-02-28 23:59")
    used.use("2", on="2026-03-01 00:00")
    assert figures(used.of())[0] == "2"
