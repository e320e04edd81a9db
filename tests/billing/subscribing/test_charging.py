"""Months of subscriptions: lines, periods, zones, payers, and nothing charged twice."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from billing_service.domain.invoice_line import LinePart
from billing_service.domain.price import (
    Allowance,
    Anchor,
    Counting,
    Fixed,
    IntervalUnit,
    Licensed,
    Metered,
    Price,
    Recurring,
    Review,
    Schedule,
    Timing,
)
from billing_service.domain.price_models import Flat, Percentage, PerUnit
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.explain_line import ExplainedLine, explain_line
from tests.billing.builders import SAO_PAULO, Billing, at, day, price_of
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.usage.ingesting import meter_of, rows_of

KOLKATA: Final = "Asia/Kolkata"
KIRITIMATI: Final = "Pacific/Kiritimati"


def usd(code: str, kind: Any, model: Any, **more: Any) -> Price:
    """A price in dollars."""
    return Price(code, "USD", kind, model, **more)


BASE: Final = usd("base", Recurring(), Flat(Decimal(31)))
SEATS: Final = usd("seats", Licensed("seat"), PerUnit(Decimal(10)), display_name="Seats")
CALLS: Final = usd(
    "calls",
    Metered("calls"),
    PerUnit(Decimal("0.50")),
    included=Allowance(Fixed(Decimal(100))),
)
PRO: Final = plan_of(BASE, SEATS, CALLS)
METERS: Final = (meter_of("calls", kind="call", unit="call"),)


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account, and a plan with a fee, seats and calls."""
    return Live.on(billing, PRO, meters=METERS)


def explained(live: Live, line_number: int) -> ExplainedLine:
    """How a line of the account's one invoice came about."""
    invoice = live.billing.invoice().invoice.invoice_id
    return live.billing.database.read(
        lambda tx: explain_line(tx, "acme", invoice, line_number, live.billing.clock.now())
    )


def test_included_and_excess_are_lines_of_their_own(live: Live) -> None:
    """Each says what it is, how much, and at which price."""
    live.subscribe(held={"seats": 2})
    live.use("call", "130")
    live.billing.go_to("2026-04-01 00:00:03")
    told = [(each.description, str(each.quantity), each.unit, each.part) for each in live.lines()]
    assert told == [
        ("Pro, 2026-03", "1", "", LinePart.WHOLE),
        ("Pro, Seats, 2026-03", "2", "seat", LinePart.WHOLE),
        ("Pro, calls, included, 2026-03", "100", "call", LinePart.INCLUDED),
        ("Pro, calls, beyond what is included, 2026-03", "30", "call", LinePart.EXCESS),
    ]


def test_charge_of_usage_is_on_the_line_of_what_exceeds(live: Live) -> None:
    """One charge for both lines; asked for by either, it is found."""
    live.subscribe()
    live.use("call", "130")
    live.billing.go_to("2026-04-01 00:00:03")
    charges = live.billing.charges()
    told = [(each.price, each.line_number, str(each.quantity)) for each in charges]
    assert told == [("base", 1, "1"), ("seats", 2, "0"), ("calls", 4, "130")]


def test_lines_explain_themselves(live: Live) -> None:
    """The included part by itself, and what exceeds it with all that it follows from."""
    live.subscribe()
    live.use("call", "130")
    live.billing.go_to("2026-04-01 00:00:03")
    included, excess = explained(live, 3).explanation, explained(live, 4).explanation
    assert (included.amount_minor, str(included.included_quantity)) == (0, "100")
    assert (excess.amount_minor, str(excess.priced_quantity)) == (1500, "30")


def test_a_part_of_the_first_month_is_prorated(live: Live) -> None:
    """Begun on the 17th of March: 15 of 31 days of what is held, and all that was used."""
    live.subscribe(held={"seats": 1}, begins="2026-03-17")
    live.billing.go_to("2026-03-18")
    live.use("call", "101")
    live.billing.go_to("2026-04-01 00:00:03")
    assert live.amounts() == [[1500, 484, 0, 50]]


def test_a_subscription_that_ends_is_charged_to_its_last_day(live: Live) -> None:
    """Nothing comes after the month of the last day, and usage after it costs nothing."""
    live.subscribe(begins="2026-03-01", ends="2026-04-16")
    live.billing.go_to("2026-04-20")
    live.use("call", "500", on="2026-04-16 00:00")
    live.use("call", "102", on="2026-04-15 23:59")
    live.billing.go_to("2026-07-02")
    assert live.amounts() == [[3100, 0, 0], [1550, 0, 0, 100]]


@pytest.mark.parametrize("zone", [SAO_PAULO, KOLKATA, KIRITIMATI])
def test_usage_belongs_to_the_month_of_the_accounts_zone(billing: Billing, zone: str) -> None:
    """The last second of a month, and the first of the next one, by the account's clock."""
    live = Live.on(billing, plan_of(replace(CALLS, included=None)), meters=METERS)
    live.account("far", zone=zone)
    live.subscribe(account="far", begins="")
    billing.run_to(at("2026-03-31 23:59:58", zone))
    live.use("call", "1", account="far", on="2026-03-31 23:59:59", zone=zone)
    live.use("call", "10", account="far", on="2026-04-01 00:00:00", zone=zone)
    billing.run_to(at("2026-05-02", zone))
    assert live.amounts("far") == [[50], [500]]


def test_closing_again_charges_late_usage_once_and_nothing_else(live: Live) -> None:
    """The keys of what is charged are found again: 400 late calls beyond March's 100 are added."""
    live.subscribe()
    live.billing.go_to("2026-04-01 00:00:03")
    live.use("call", "500", on="2026-03-10 12:00")
    live.billing.go_to("2026-06-01 00:00:03")
    assert live.amounts() == [[3100, 0, 0], [20000, 3100, 0, 0], [3100, 0, 0]]


def test_clients_of_one_payer_are_told_apart(live: Live) -> None:
    """Each line names the subscription, or the account that has none with a name."""
    live.account("bravo", payer="acme")
    live.account("charlie", payer="acme")
    live.subscribe(account="bravo", name="Desk of Bravo")
    live.subscribe(account="charlie")
    live.subscribe()
    live.use("call", "7", account="charlie")
    live.billing.go_to("2026-04-01 00:00:03")
    assert [each.description for each in live.lines() if each.price != "seats"] == [
        "Pro, 2026-03",
        "Pro, calls, 2026-03",
        "Desk of Bravo: Pro, 2026-03",
        "Desk of Bravo: Pro, calls, 2026-03",
        "charlie Ltda.: Pro, 2026-03",
        "charlie Ltda.: Pro, calls, included, 2026-03",
    ]


def test_instances_and_plans_are_on_one_invoice(live: Live) -> None:
    """In the order of the plans; equal instances share a line, as ever."""
    live.billing.plan(plan_of(price_of("10"), plan="a-plan"))
    live.account("bravo")
    live.billing.set_profile("bravo", currency="BRL")
    live.subscribe("a-plan", account="bravo")
    live.billing.subscribe("i1", "i2", account="bravo")
    live.billing.go_to("2026-04-01 00:00:03")
    assert live.amounts("bravo") == [[1000, 7980]]


def test_yearly_instalments_and_anniversaries_fall_on_their_months(billing: Billing) -> None:
    """A year in four parts, in advance, from the 31st of March on; short months keep the anchor."""
    quarterly = Schedule(interval_unit=IntervalUnit.YEAR, anchor=Anchor.ANNIVERSARY, instalments=4)
    live = Live.on(billing, plan_of(replace(BASE, model=Flat(Decimal(100))), schedule=quarterly))
    live.subscribe(begins="2026-03-31")
    billing.go_to("2027-04-02")
    months = [f"{each.invoice.month:%Y-%m}" for each in billing.invoices("acme")]
    starts = [each.period_start_on.isoformat() for each in billing.charges()]
    assert months == ["2026-03", "2026-06", "2026-09", "2026-12", "2027-03"]
    assert starts == ["2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31", "2027-03-31"]


def test_preview_shows_what_was_used_so_far(live: Live) -> None:
    """It is what the invoice would be if the month ended now."""
    live.subscribe()
    live.use("call", "104")
    (drafted,) = live.billing.preview()
    assert [each.amount_minor for each in drafted.lines] == [3100, 0, 0, 200]


def test_transactions_of_a_charge_are_kept(billing: Billing) -> None:
    """What each transaction came to can be explained when the events are gone."""
    fee = Percentage(Decimal("1"), event_minimum=Decimal("0.50"))
    live = Live.on(
        billing,
        plan_of(usd("sales", Metered("sales"), fee)),
        meters=(meter_of("sales", kind="sale"),),
    )
    live.subscribe()
    live.use("sale", "10.00", count=2)
    live.use("sale", "200.00")
    billing.go_to("2026-04-01 00:00:03")
    assert explained(live, 1).explanation.amount_minor == 50 + 50 + 200


def test_later_prices_hold_from_the_period_that_begins_under_them(live: Live) -> None:
    """A price in arrears of a month is that of the version in force when it began."""
    dearer = replace(BASE, model=Flat(Decimal(62)))
    version = replace(PRO.versions[0], effective_at=at("2026-03-15"), prices=(dearer, SEATS, CALLS))
    live.subscribe()
    live.billing.do(ADD_PLAN_VERSION, AddPlanVersion("pro", version))
    live.billing.go_to("2026-05-01 00:00:03")
    assert [amounts[0] for amounts in live.amounts()] == [3100, 6200]


def test_arrears_are_invoiced_where_their_period_ends(billing: Billing) -> None:
    """A month from the 20th on is on the invoice of the month that holds its last day."""
    late = Schedule(timing=Timing.ARREARS, anchor_day=20)
    live = Live.on(billing, plan_of(CALLS, schedule=late), meters=METERS)
    live.subscribe(begins="2026-03-20")
    billing.go_to("2026-03-25")
    live.use("call", "103")
    billing.go_to("2026-06-02")
    told = [(each.period_start_on, each.amount_minor) for each in billing.charges()]
    assert told == [(day("2026-03-20"), 150), (day("2026-04-20"), 0)]


def test_version_that_counts_things_parks_whoever_is_to_be_charged(live: Live) -> None:
    """Nobody records what it counts: a month is not closed as if that cost nothing."""
    clients = usd("clients", Counting("client"), Flat(Decimal(5)))
    version = replace(
        PRO.versions[0], effective_at=at("2026-03-15"), prices=(BASE, SEATS, CALLS, clients)
    )
    live.subscribe()
    live.billing.do(ADD_PLAN_VERSION, AddPlanVersion("pro", version))
    live.billing.go_to("2026-05-01 00:00:03")
    assert (len(live.billing.invoices("acme")), list(live.billing.parked())) == (1, ["acme"])


def test_months_of_many_clients_close_in_as_many_statements(live: Live) -> None:
    """Usage of all of them is read at once; the catalogue is remembered from the first close on."""
    for payer, clients in (("first", 1), ("acme", 2), ("payer", 7)):
        live.account(payer)
        for place in range(clients):
            live.account(f"{payer}-{place}", payer=payer)
            live.subscribe(account=f"{payer}-{place}")
            live.use("call", "120", account=f"{payer}-{place}")
    _, few, many = (
        live.billing.statements_to_close(payer, "2026-04-01 00:00:03")
        for payer in ("first", "acme", "payer")
    )
    assert few == many


def test_month_waits_for_late_usage_and_for_a_decision(billing: Billing) -> None:
    """A grace of a day, usage within it, a charge held at the close: the same on each store."""
    held = replace(CALLS, review=Review.HELD)
    live = Live.on(billing, plan_of(BASE, held), meters=METERS)
    billing.set_terms("acme", usage_grace_hours=24)
    live.subscribe()
    billing.go_to("2026-04-01 12:00")
    live.use("call", "130", on="2026-03-31 23:00")
    billing.go_to("2026-04-02 00:00:03")
    found = rows_of(billing, "reviews")
    assert live.amounts() == [[3100]]
    assert [(row["price"], row["state"]) for row in found] == [("calls", "open")]
