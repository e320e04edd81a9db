"""What is charged once is on the next invoice, once, by the price that it was charged at."""

from decimal import Decimal
from typing import Any

import pytest
from pospago.billing.v1 import events_pb2
from pospago.billing.v1 import one_off_charge_pb2 as pb

from billing_service.api.invoice_messages import to_proto_charge
from billing_service.domain.one_off_charge import OneOffState
from billing_service.domain.price import AmountDiscount, PercentDiscount
from billing_service.use_cases.cancel_one_off_charge import (
    CANCEL_ONE_OFF_CHARGE,
    CancelOneOffCharge,
)
from billing_service.use_cases.explain_line import explain_line
from billing_service.use_cases.preview_invoice import preview_invoices
from tests.billing.builders import Billing
from tests.billing.one_off.charging import charge, described, retainer, stored, told
from tests.billing.subscribing.live import Live


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account with a retainer."""
    live = Live.on(sqlite_billing, retainer())
    live.subscribe("retainer")
    return live


def test_retainer_with_hours_and_an_incident_comes_to_what_the_source_says(live: Live) -> None:
    """199, 5 of 8 hours for nothing, 3 x 150, and 100 for an incident: 749 in all."""
    charge(live, "workshop", quantity=8)
    charge(live, "outage", "incidents")
    live.billing.go_to("2026-04-01 00:00:03")
    assert described(live) == [
        ("Pro, 2026-03", 19900),
        ("Emergency support, 2026-03-02", 10000),
        ("Consulting, included, 2026-03-02", 0),
        ("Consulting, beyond what is included, 2026-03-02", 45000),
    ]


def test_rate_card_of_the_example_comes_to_the_same(billing: Billing) -> None:
    """749 by the catalogue of hybrid billing; nothing of the card is held, and so charged twice."""
    live = Live.hybrid(billing)
    live.subscribe("retainer-on-demand")
    charge(live, "workshop", quantity=8)
    charge(live, "outage", "incidents")
    live.billing.go_to("2026-04-01 00:00:03")
    assert [sorted(each) for each in live.amounts()] == [[0, 10000, 19900, 45000]]


def test_charges_of_a_period_use_up_what_is_included_by_their_days(live: Live) -> None:
    """The earlier day has it first, whichever was told first; all of it is used once."""
    live.billing.go_to("2026-03-20")
    charge(live, "later", quantity=4, on="2026-03-18")
    charge(live, "earlier", quantity=4, on="2026-03-12")
    assert (told(live, "earlier").amount_minor, told(live, "later").amount_minor) == (0, 45000)


def test_included_hours_are_there_again_in_the_next_period(live: Live) -> None:
    """Five in March, five in April."""
    charge(live, "march", quantity=6)
    live.billing.go_to("2026-04-10")
    charge(live, "april", quantity=6, on="2026-04-02")
    live.billing.go_to("2026-05-01 00:00:03")
    assert [sum(each) for each in live.amounts()] == [19900 + 15000, 19900 + 15000]


def test_charge_of_a_closed_month_is_on_the_next_invoice_under_its_day(live: Live) -> None:
    """What is included in March was used up by what is on March's invoice."""
    charge(live, "march", quantity=4)
    live.billing.go_to("2026-04-10")
    charge(live, "late", quantity=3, on="2026-03-30")
    live.billing.go_to("2026-05-01 00:00:03")
    assert described(live) == [
        ("Consulting, included, 2026-03-30", 0),
        ("Consulting, beyond what is included, 2026-03-30", 30000),
        ("Pro, 2026-04", 19900),
    ]


def test_charge_is_on_one_invoice_only(live: Live) -> None:
    """Once invoiced, it names its invoice, and later ones have nothing of it."""
    charge(live, quantity=6)
    live.billing.go_to("2026-06-01 00:00:03")
    assert [len(each) for each in live.amounts()] == [3, 1, 1]
    found = stored(live)
    assert (found.state, found.invoice, found.amount_minor) == (
        OneOffState.INVOICED,
        live.billing.invoices("acme")[0].invoice.invoice_id,
        15000,
    )


def test_charge_of_its_own_needs_no_subscription(sqlite_billing: Billing) -> None:
    """An account with nothing else gets an invoice for it, and none after that."""
    live = Live.on(sqlite_billing)
    charge(live, unit_price="12.50", quantity=3, tax_category="")
    live.billing.go_to("2026-06-01 00:00:03")
    assert (live.amounts(), described(live)) == ([[3750]], [("Setup, 2026-03-02", 3750)])


def test_charge_of_its_own_comes_after_what_plans_cost(live: Live) -> None:
    """It is of no plan."""
    charge(live, unit_price="1")
    live.billing.go_to("2026-04-01 00:00:03")
    assert live.amounts() == [[19900, 100]]


def test_charge_of_another_account_names_it(live: Live) -> None:
    """The payer reads whose it is."""
    live.account("bravo", payer="acme")
    charge(live, account="bravo", unit_price="7")
    live.billing.go_to("2026-04-01 00:00:03")
    assert described(live)[-1] == ("bravo Ltda.: Setup, 2026-03-02", 700)


def test_charge_goes_to_who_pays_by_then(sqlite_billing: Billing) -> None:
    """Also where nothing else is going to be billed to the new payer."""
    live = Live.on(sqlite_billing)
    live.account("bravo", payer="acme")
    charge(live, account="bravo", unit_price="7")
    live.billing.set_profile("bravo", payer="")
    live.billing.go_to("2026-04-01 00:00:03")
    assert (live.amounts("acme"), live.amounts("bravo")) == ([], [[700]])


def test_cancelled_charge_is_on_no_invoice(live: Live) -> None:
    """What it would have used of the included hours is there for others."""
    charge(live, "wrong", quantity=5)
    charge(live, "right", quantity=5)
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("acme", "wrong", "a mistake"))
    live.billing.go_to("2026-04-01 00:00:03")
    assert described(live)[1:] == [("Consulting, included, 2026-03-02", 0)]


def test_preview_shows_what_is_pending(live: Live) -> None:
    """The invoice of the open month has the lines that it will have."""
    charge(live, quantity=6)
    now = live.billing.clock.now()
    found = live.billing.database.read(lambda tx: preview_invoices(tx, "acme", now))
    (drafted,) = found.invoices
    live.billing.go_to("2026-04-01 00:00:03")
    assert list(drafted.lines) == live.lines()


@pytest.mark.parametrize(
    ("discount", "amount_minor"),
    [(PercentDiscount(Decimal(10)), 90000), (AmountDiscount(Decimal(250)), 75000)],
    ids=["percent", "amount"],
)
def test_discount_is_taken_off_the_charge(
    live: Live, discount: PercentDiscount | AmountDiscount, amount_minor: int
) -> None:
    """10 incidents of 100, less 10% or 250."""
    found = charge(live, price="incidents", quantity=10, discount=discount)
    assert (found.amount_minor, found.charge.own_discount) == (amount_minor, discount)


def test_explanation_tells_the_price_it_was_charged_at(live: Live) -> None:
    """Hours, what of them is included, the price, and what was taken off."""
    charge(live, quantity=8, description="Workshop", discount=PercentDiscount(Decimal(10)))
    live.billing.go_to("2026-04-01 00:00:03")
    invoice, now = live.billing.invoice().invoice.invoice_id, live.billing.clock.now()
    found = live.billing.database.read(lambda tx: explain_line(tx, "acme", invoice, 3, now))
    assert found.explanation is not None
    assert found.explanation.steps == (
        "Workshop: 8 are charged once.",
        "5 are included and free of charge, 3 are priced.",
        "Each: 3 x 150 = 450.",
        "This charge: 10% off, 45, leaves 405.",
        "It comes to USD 405.00.",
    )


def test_charge_behind_a_line_names_what_is_charged_once(live: Live) -> None:
    """It is of no subscription and of no instance."""
    charge(live, unit_price="1")
    live.billing.go_to("2026-04-01 00:00:03")
    (told_once,) = [
        each for each in map(to_proto_charge, live.billing.charges()) if each.price == "one-off"
    ]
    assert (told_once.one_off_charge, told_once.subscription, told_once.instance) == (
        "accounts/acme/oneOffCharges/c1",
        "",
        "",
    )


def test_each_change_of_a_charge_is_told(live: Live) -> None:
    """Created, and on an invoice; another one created and cancelled."""
    charge(live, "kept", quantity=6)
    charge(live, "wrong")
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("acme", "wrong", "a mistake"))
    live.billing.go_to("2026-04-01 00:00:03")
    told_of: list[Any] = [
        message for _, message in live.billing.told(events_pb2.OneOffChargeChanged, account="acme")
    ]
    changed = [each.one_off_charge for each in told_of]
    states = pb.OneOffCharge.State
    assert [(each.name.rpartition("/")[2], states.Name(each.state)) for each in changed] == [
        ("kept", "STATE_PENDING"),
        ("wrong", "STATE_PENDING"),
        ("wrong", "STATE_CANCELLED"),
        ("kept", "STATE_INVOICED"),
    ]
    assert changed[-1].amount.units == 150


def test_charge_of_its_own_is_explained(live: Live) -> None:
    """It is of no plan."""
    charge(live, unit_price="12.345", quantity=2)
    live.billing.go_to("2026-04-01 00:00:03")
    invoice, now = live.billing.invoice().invoice.invoice_id, live.billing.clock.now()
    found = live.billing.database.read(lambda tx: explain_line(tx, "acme", invoice, 2, now))
    assert found.explanation is not None
    assert (found.explanation.plan, found.explanation.steps[1:]) == (
        "",
        ("Each: 2 x 12.345 = 24.69.", "It comes to USD 24.69."),
    )
