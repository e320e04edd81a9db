"""Minimum spends: what is missing is charged as the period ends, with the arithmetic shown."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from billing_service.domain.price import (
    Licensed,
    Metered,
    MinimumSpend,
    PartPeriod,
    Price,
    Recurring,
    Review,
    Schedule,
)
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.review import Decision
from billing_service.use_cases.explain_line import explain_line
from billing_service.use_cases.preview_invoice import preview_invoices
from tests.billing.builders import Billing
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.subscribing.test_held import decide
from tests.billing.usage.ingesting import meter_of, rows_of

BASE: Final = Price("base", "USD", Recurring(), Flat(Decimal(31)))
SEATS: Final = Price("seats", "USD", Licensed("seat"), PerUnit(Decimal(10)))
CALLS: Final = Price("calls", "USD", Metered("calls"), PerUnit(Decimal("0.50")))
METERS: Final = (meter_of("calls", kind="call", unit="call"),)
HUNDRED: Final = MinimumSpend("USD", Decimal(100))


def live_on(billing: Billing, *prices: Price, least: MinimumSpend = HUNDRED, **more: Any) -> Live:
    """An account, and a plan with a minimum spend."""
    plan = plan_of(*(prices or (BASE, CALLS)), minimum_spends=(least,), **more)
    return Live.on(billing, plan, meters=METERS)


def remainders(live: Live, payer: str = "acme") -> list[int]:
    """What each invoice charges for what is missing, in minor units; 0 without such a line."""
    return [
        sum(line.amount_minor for line in each.lines if line.price == "commitment")
        for each in live.billing.invoices(payer)
    ]


def charged(live: Live) -> dict[str, int]:
    """What was charged in all for what is missing, by the first day of the period."""
    found: dict[str, int] = {}
    for row in rows_of(live.billing, "charges"):
        if row["item"] == "commitment":
            day = row["period_start_on"].isoformat()
            found[day] = found.get(day, 0) + row["amount_minor"]
    return found


def steps(live: Live, line_number: int) -> tuple[str, ...]:
    """How a line of the last invoice came about."""
    invoice = live.billing.invoices()[-1].invoice.invoice_id
    now = live.billing.clock.now()
    told = live.billing.database.read(
        lambda tx: explain_line(tx, "acme", invoice, line_number, now)
    )
    return told.explanation.steps


def test_what_is_missing_is_a_line_of_its_own(billing: Billing) -> None:
    """31.00 and 30 calls at 0.50 are 46.00; 100.00 less 46.00 are 54.00."""
    live = live_on(billing)
    live.subscribe()
    live.use("call", "30")
    live.billing.go_to("2026-04-01 00:00:03")
    told = [(each.description, str(each.quantity), each.amount_minor) for each in live.lines()]
    assert told == [
        ("Pro, 2026-03", "1", 3100),
        ("Pro, calls, 2026-03", "30", 1500),
        ("Pro, Minimum spend, remainder, 2026-03", "1", 5400),
    ]


@pytest.mark.parametrize(
    ("calls", "missing_minor"),
    [("137", 50), ("138", 0), ("139", 0)],
)
def test_nothing_is_missing_once_the_minimum_is_reached(
    sqlite_billing: Billing, calls: str, missing_minor: int
) -> None:
    """31.00 and 138 calls at 0.50 are 100.00: one call less leaves 0.50, one more nothing."""
    live = live_on(sqlite_billing)
    live.subscribe()
    live.use("call", calls)
    live.billing.go_to("2026-04-01 00:00:03")
    assert remainders(live) == [missing_minor]


def test_a_line_explains_what_is_missing(billing: Billing) -> None:
    """The part of the period, what was charged of it, and one rounding."""
    live = live_on(billing)
    live.subscribe(begins="2026-03-17")
    live.billing.go_to("2026-04-01 00:00:03")
    assert steps(live, 3) == (
        "Minimum spend, remainder: one for each period.",
        "Flat: 100.",
        "For 15 of 31 days: 100 x 15/31 = 48.387096….",
        "Charged of it: 15, which leaves 33.387096….",
        "Rounded once, half up, it comes to USD 33.39.",
    )


def test_months_are_each_for_themselves(billing: Billing) -> None:
    """In March 100.00 - 31.00 are missing; in April 200 calls are more than enough."""
    live = live_on(billing)
    live.subscribe()
    live.billing.go_to("2026-04-10")
    live.use("call", "200")
    live.billing.go_to("2026-05-01 00:00:03")
    assert remainders(live) == [6900, 0]


def test_a_last_part_is_committed_by_its_days(sqlite_billing: Billing) -> None:
    """Of April 15 of 30 days: 100.00 x 15/30 = 50.00, less 31.00 x 15/30 = 15.50, is 34.50."""
    live = live_on(sqlite_billing)
    live.subscribe(begins="2026-03-01", ends="2026-04-16")
    live.billing.go_to("2026-06-01 00:00:03")
    assert remainders(live) == [6900, 3450]


@pytest.mark.parametrize(
    ("first", "missing_minor"),
    [(PartPeriod.FULL, 6900), (PartPeriod.FREE, 0), (PartPeriod.PRORATED, 3339)],
)
def test_a_first_part_is_committed_as_the_schedule_says(
    sqlite_billing: Billing, first: PartPeriod, missing_minor: int
) -> None:
    """From the 17th: 100.00 - 31.00, nothing, or 15/31 of it: 48.387 - 15.00 = 33.39."""
    live = live_on(sqlite_billing, schedule=Schedule(first_period=first))
    live.subscribe(begins="2026-03-17")
    live.billing.go_to("2026-04-01 00:00:03")
    assert remainders(live) == [missing_minor]


def test_only_the_prices_that_are_named_count(sqlite_billing: Billing) -> None:
    """Of 31.00 and 15.00 for calls only the latter: 100.00 - 15.00 = 85.00."""
    live = live_on(sqlite_billing, least=replace(HUNDRED, prices=("calls",)))
    live.subscribe()
    live.use("call", "30")
    live.billing.go_to("2026-04-01 00:00:03")
    assert remainders(live) == [8500]


def test_a_quarter_counts_what_its_months_were_charged(billing: Billing) -> None:
    """Of April to June: 3 x 31.00 and 40 calls at 0.50 are 113.00; 500.00 less it 387.00."""
    monthly = Schedule()
    base, calls = replace(BASE, schedule=monthly), replace(CALLS, schedule=monthly)
    quarterly = Schedule(interval_count=3)
    least = MinimumSpend("USD", Decimal(500))
    live = live_on(billing, base, calls, least=least, schedule=quarterly)
    live.subscribe(begins="2026-04-01")
    live.billing.go_to("2026-04-10")
    live.use("call", "40")
    live.billing.go_to("2026-08-01 00:00:03")
    assert remainders(live) == [0, 0, 38700, 0]


def test_what_is_held_does_not_count(sqlite_billing: Billing) -> None:
    """15.00 of calls wait for a decision: 100.00 - 31.00 = 69.00."""
    live = live_on(sqlite_billing, BASE, replace(CALLS, review=Review.HELD))
    live.subscribe()
    live.use("call", "30")
    live.billing.go_to("2026-04-01 00:00:03")
    assert remainders(live) == [6900]


def test_what_is_decided_later_counts_for_its_own_period(sqlite_billing: Billing) -> None:
    """In April 15.00 of March are charged: 54.00 were missing in March, and 69.00 are in April."""
    live = live_on(sqlite_billing, BASE, replace(CALLS, review=Review.HELD))
    live.subscribe()
    live.use("call", "30")
    live.billing.go_to("2026-04-02")
    decide(live, Decision.CHARGE, account="acme")
    live.billing.go_to("2026-05-01 00:00:03")
    assert charged(live) == {"2026-03-01": 5400, "2026-04-01": 6900}


@pytest.mark.parametrize(("calls", "left"), [("20", 4400), ("108", 0), ("500", 0)])
def test_late_usage_lowers_what_was_missing(billing: Billing, calls: str, left: int) -> None:
    """Of 54.00 that were missing late calls at 0.50 each take off as much, down to nothing."""
    live = live_on(billing)
    live.subscribe(ends="2026-04-01")
    live.use("call", "30")
    live.billing.go_to("2026-04-02")
    live.use("call", calls, on="2026-03-31 12:00")
    live.billing.go_to("2026-06-02")
    assert charged(live) == {"2026-03-01": left}


def test_late_usage_of_another_period_leaves_it(sqlite_billing: Billing) -> None:
    """What is missing in March is as it was, though April is looked at again in May."""
    live = live_on(sqlite_billing)
    live.subscribe(ends="2026-05-01")
    live.billing.go_to("2026-05-02")
    live.use("call", "20", on="2026-04-30 12:00")
    live.billing.go_to("2026-07-02")
    assert charged(live) == {"2026-03-01": 6900, "2026-04-01": 5900}


def test_closing_again_charges_nothing_more(billing: Billing) -> None:
    """A remainder is charged once for its period."""
    live = live_on(billing)
    live.subscribe(ends="2026-04-01")
    live.billing.go_to("2026-07-01 00:00:03")
    assert remainders(live) == [6900]


def test_a_preview_shows_what_is_missing_as_things_stand(billing: Billing) -> None:
    """After 30 calls: 100.00 - 46.00 = 54.00, as the invoice then has it."""
    live = live_on(billing)
    live.subscribe()
    live.use("call", "30")
    now = live.billing.clock.now()
    preview = live.billing.database.read(lambda tx: preview_invoices(tx, "acme", now))
    amounts = [line.amount_minor for line in preview.invoices[0].lines]
    live.billing.go_to("2026-04-01 00:00:03")
    assert [amounts] == live.amounts() == [[3100, 1500, 5400]]


def test_each_subscription_is_committed_by_itself(sqlite_billing: Billing) -> None:
    """What one has beyond the minimum does not count for the other."""
    live = live_on(sqlite_billing, SEATS)
    live.subscribe(held={"seats": 20}, subscription="big")
    live.subscribe(held={"seats": 3}, subscription="small")
    live.billing.go_to("2026-04-01 00:00:03")
    assert remainders(live) == [7000]


def test_another_payer_reads_whose_minimum_it_is(sqlite_billing: Billing) -> None:
    """The line names the account, as those of its prices do."""
    live = live_on(sqlite_billing)
    live.account("bravo", payer="acme")
    live.subscribe(account="bravo", name="Bravo's")
    live.billing.go_to("2026-04-01 00:00:03")
    assert live.lines()[-1].description == "Bravo's: Pro, Minimum spend, remainder, 2026-03"
