"""The estimate as clients see it: stored and inline plans, accounts, taxes, refusals."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from pospago.billing.v1 import (
    catalog_pb2,
    event_service_pb2,
    invoice_pb2,
    meter_pb2,
    price_pb2,
    tax_pb2,
)
from pospago.billing.v1 import estimate_pb2 as pb

from billing_service.domain.tax import TaxRate
from tests.billing.builders import PLAN, Billing
from tests.billing.estimating.requests import decimal, figure, request
from tests.billing.serving import (
    INTEGRATOR_SECRET,
    Served,
    read_rule,
    refused,
    serving,
    violations_of,
)
from tests.billing.taxing import create_tax_profile, tax_version

ESTIMATE: Final = "estimates.Estimate"
PER_UNIT: Final = price_pb2.PerUnit(unit_price=decimal("0.005"))
CALLS: Final = meter_pb2.Meter(
    name="meters/calls",
    event_name="api.call",
    aggregation=meter_pb2.Meter.AGGREGATION_COUNT,
    unit="call",
)


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with the programme's plan, taxes, and two accounts of which one is taxed."""
    async with serving(tmp_path_factory.mktemp("billing")) as running:
        await running.inside(_prepare)
        yield running


def _prepare(billing: Billing) -> None:
    billing.issuer()
    billing.plan()
    create_tax_profile(billing)
    freight = tax_version(rates=(TaxRate("freight", "Tax", tax_version().rates[0].percent),))
    create_tax_profile(billing, freight, name="freight")
    for account in ("acme", "bolt"):
        billing.account(account)
    billing.set_profile(tax_profile="home")
    billing.subscribe("one", on="2026-03-10 12:00")


async def estimate(served: Served, asked: pb.EstimateRequest, secret: str = "") -> Any:
    return await served.call(served.stubs.estimates.Estimate, asked, secret)


def flat(amount: str, code: str = "base", currency: str = "USD") -> price_pb2.Price:
    return price_pb2.Price(
        code=code,
        currency=currency,
        recurring=price_pb2.Recurring(),
        flat=price_pb2.Flat(amount=decimal(amount)),
    )


def calls(**more: Any) -> price_pb2.Price:
    values: dict[str, Any] = {"per_unit": PER_UNIT} | more
    return price_pb2.Price(
        code="calls", currency="USD", metered=price_pb2.Metered(meter="meters/calls"), **values
    )


def inline(*prices: price_pb2.Price, meters: Any = (CALLS,), **more: Any) -> pb.EstimateRequest:
    """A request for a plan that is not stored."""
    plan = catalog_pb2.Plan(
        display_name="Trial balloon",
        version_policy=catalog_pb2.Plan.VERSION_POLICY_FOLLOW,
        versions=[catalog_pb2.PlanVersion(prices=prices)],
    )
    stated = pb.EstimateRequest.InlinePlan(plan=plan, meters=meters)
    return request(inline_plan=stated, **more)


def rates(*percents: str, **more: Any) -> tax_pb2.TaxProfileVersion:
    stated = [tax_pb2.TaxRate(percent=decimal(percent)) for percent in percents]
    return tax_pb2.TaxProfileVersion(rates=stated, **more)


async def test_an_inline_plan_is_priced_with_its_meters(served: Served) -> None:
    """A plan that is not stored has lines without its name, in the units of its meters."""
    answer = await estimate(served, inline(flat("49"), calls(), used={"calls": 1000}))
    told = [(line.plan, line.price, line.unit) for line in answer.invoices[0].lines]
    assert told == [("", "base", ""), ("", "calls", "call")]


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [
        ("JPY", "1234.5", Money(currency_code="JPY", units=1235)),
        ("USD", "1234.5", Money(currency_code="USD", units=1234, nanos=500_000_000)),
        ("KWD", "0.0015", Money(currency_code="KWD", nanos=2_000_000)),
    ],
)
async def test_a_charge_is_rounded_to_its_currency(
    served: Served, currency: str, amount: str, expected: Money
) -> None:
    """Half a minor unit goes up: of yen, of cents, of fils."""
    answer = await estimate(served, inline(flat(amount, currency=currency)))
    assert answer.total == expected


async def test_tiers_add_up_to_their_line(served: Served) -> None:
    """Each tier is told with its share, where that is asked for."""
    tiers = [
        price_pb2.Tier(up_to=decimal(10), unit_price=decimal("0.333")),
        price_pb2.Tier(unit_price=decimal("0.1111"), flat_fee=decimal(1)),
    ]
    price = calls(graduated=price_pb2.Graduated(tiers=tiers), per_unit=None)
    answer = await estimate(served, inline(price, used={"calls": 17}, show_tiers=True))
    (line,) = answer.invoices[0].lines
    shares = [(tier.up_to.value, tier.quantity.value, figure(tier.amount)) for tier in line.tiers]
    assert (figure(line.amount), shares) == ("5.11", [("10", "10", "3.33"), ("", "7", "1.78")])


async def test_a_line_is_explained_where_that_is_asked_for(served: Served) -> None:
    """The explanation holds the figures of the charge and says them in sentences."""
    answer = await estimate(served, inline(calls(), used={"calls": 25_000}, explain=True))
    (line,) = answer.invoices[0].lines
    told = line.explanation
    assert (told.model, told.quantity.value, figure(told.amount), bool(told.steps)) == (
        "per_unit",
        "25000",
        "125.00",
        True,
    )


async def test_the_line_of_what_is_included_explains_that_part(served: Served) -> None:
    """It tells what is included, at no charge; the other line tells the whole."""
    included = price_pb2.Allowance(quantity=decimal(10_000))
    asked = inline(calls(included=included), used={"calls": 25_000}, explain=True)
    lines = (await estimate(served, asked)).invoices[0].lines
    told = [
        (
            each.explanation.quantity.value,
            each.explanation.included_quantity.value,
            each.explanation.priced_quantity.value,
            figure(each.explanation.amount),
        )
        for each in lines
    ]
    assert told == [
        ("25000", "10000", "0", "0.00"),
        ("25000", "10000", "15000", "75.00"),
    ]


async def test_nothing_is_told_that_was_not_asked_for(served: Served) -> None:
    """Lines are short unless tiers and explanations are asked for."""
    answer = await estimate(served, inline(calls(), used={"calls": 1}))
    (line,) = answer.invoices[0].lines
    assert (len(line.tiers), line.HasField("explanation")) == (0, False)


async def test_by_default_it_is_the_present_month_of_one_subscriber(served: Served) -> None:
    """Without a date the subscription begins with the present month, for one invoice."""
    asked = request(PLAN, band=1)
    asked.ClearField("start_date")
    answer = await estimate(served, asked)
    assert [each.month for each in answer.invoices] == [Date(year=2026, month=3, day=1)]


async def test_an_accounts_taxes_and_currency_hold(served: Served) -> None:
    """For an account it is priced in its currency and taxed by its billing profile."""
    answer = await estimate(served, request(PLAN, band=1, account="accounts/acme"))
    (invoice,) = answer.invoices
    told = [figure(each) for each in (invoice.subtotal, invoice.tax_total, invoice.total)]
    assert (invoice.total.currency_code, told) == ("BRL", ["39.90", "3.39", "43.29"])


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "0.00"),
        ({"tax_profile": "taxProfiles/home"}, "3.39"),
        ({"inline_tax": rates("25")}, "9.98"),
        ({"inline_tax": rates("25", prices_include_tax=True)}, "7.98"),
        ({"inline_tax": rates("25"), "tax_treatment": tax_pb2.TAX_TREATMENT_EXEMPT}, "0.00"),
        (
            {"account": "accounts/acme", "tax_treatment": tax_pb2.TAX_TREATMENT_REVERSE_CHARGE},
            "0.00",
        ),
        ({"account": "accounts/bolt"}, "0.00"),
        ({"account": "accounts/bolt", "inline_tax": rates("10")}, "3.99"),
    ],
)
async def test_a_request_can_say_how_it_is_taxed(
    served: Served, more: dict[str, Any], expected: str
) -> None:
    """A tax profile, rates or a treatment of the request come before those of the account."""
    answer = await estimate(served, request(PLAN, band=1, **more))
    assert figure(answer.invoices[0].tax_total) == expected


async def test_each_month_has_an_invoice(served: Served) -> None:
    """Months without lines are told, too, and the answer sums up all."""
    answer = await estimate(
        served, inline(flat("10"), months=3, end_date=Date(year=2027, month=2, day=1))
    )
    assert ([figure(each.total) for each in answer.invoices], figure(answer.total)) == (
        ["10.00", "0.00", "0.00"],
        "10.00",
    )


async def test_an_estimate_is_what_the_preview_shows(served: Served) -> None:
    """One instance subscribed this month costs in the preview what its plan is estimated at."""
    preview = await served.call(
        served.stubs.invoices.PreviewInvoice,
        invoice_pb2.PreviewInvoiceRequest(parent="accounts/acme"),
    )
    asked = request(PLAN, band=1, account="accounts/acme", start="2026-03-10")
    (estimated,) = (await estimate(served, asked)).invoices
    (invoice,) = preview.invoices
    # An instance's month is told whole; the estimate tells from which day on it is used.
    lines = [_without_days(line) for line in (*invoice.lines, *estimated.lines)]
    assert (lines[0], invoice.total, list(invoice.taxes)) == (
        lines[1],
        estimated.total,
        list(estimated.taxes),
    )


def _without_days(line: invoice_pb2.InvoiceLine) -> invoice_pb2.InvoiceLine:
    for field in ("period_start_date", "description"):
        line.ClearField(field)
    return line


async def test_a_whole_month_is_told_as_the_preview_does(served: Served) -> None:
    """From the first of the month on, lines are the same to the letter."""
    preview = await served.call(
        served.stubs.invoices.PreviewInvoice,
        invoice_pb2.PreviewInvoiceRequest(parent="accounts/acme"),
    )
    asked = request(PLAN, band=1, account="accounts/acme", start="2026-03-01")
    (estimated,) = (await estimate(served, asked)).invoices
    assert list(estimated.lines) == list(preview.invoices[0].lines)


async def test_nothing_is_written(served: Served) -> None:
    """An estimate leaves no event."""
    page = event_service_pb2.ListEventsRequest()
    before = await served.call(served.stubs.events.ListEvents, page)
    await estimate(served, inline(flat("49"), calls(), used={"calls": 1000}))
    after = await served.call(served.stubs.events.ListEvents, page)
    assert list(after.events) == list(before.events)


async def test_an_integrator_estimates_for_its_own_account(served: Served) -> None:
    """The account of the secret is served."""
    asked = request(PLAN, band=1, account="accounts/acme")
    answer = await estimate(served, asked, INTEGRATOR_SECRET)
    assert figure(answer.total) == "43.29"


@pytest.mark.parametrize("account", ["", "accounts/bolt", "accounts/nobody"])
async def test_an_integrator_estimates_for_no_other(served: Served, account: str) -> None:
    """Neither for another account nor for nobody."""
    method, expected = read_rule(served, f"{ESTIMATE} PERMISSION_DENIED ACCESS_DENIED")
    asked = request(PLAN, band=1, account=account)
    assert await refused(served, method, asked, secret=INTEGRATOR_SECRET) == expected


def _meter(aggregation: Any, name: str = "") -> meter_pb2.Meter:
    return meter_pb2.Meter(name=name, event_name="call", aggregation=aggregation)


REFUSALS: Final[dict[str, pb.EstimateRequest]] = {
    "NOT_FOUND PLAN_NOT_FOUND": request("nothing"),
    "NOT_FOUND PLAN_VERSION_NOT_FOUND": request(PLAN, band=1, plan_version=2),
    "NOT_FOUND ACCOUNT_NOT_FOUND": request(PLAN, band=1, account="accounts/nobody"),
    "NOT_FOUND TAX_PROFILE_NOT_FOUND": request(PLAN, band=1, tax_profile="taxProfiles/none"),
    "FAILED_PRECONDITION TAX_RATE_NOT_FOUND": request(
        PLAN, band=1, tax_profile="taxProfiles/freight"
    ),
    "INVALID_ARGUMENT METER_NOT_FOUND": inline(calls(), meters=()),
    "INVALID_ARGUMENT INVALID_PRICES": inline(flat("-1")),
    "INVALID_ARGUMENT INVALID_METER": inline(
        calls(),
        meters=[
            meter_pb2.Meter(name="meters/calls", event_name="call", aggregation="AGGREGATION_SUM")
        ],
    ),
    "INVALID_ARGUMENT INVALID_TAX_RATES": inline(flat("1"), inline_tax=rates("101")),
    "INVALID_ARGUMENT CURRENCY_UNKNOWN": inline(flat("1"), currency="ZZZ"),
    "FAILED_PRECONDITION PRICE_NOT_FOUND": request(PLAN, band=77),
    "INVALID_ARGUMENT INVALID_QUANTITIES": inline(flat("1"), held={"nothing": 1}),
}


@pytest.mark.parametrize("rule", REFUSALS)
async def test_a_refusal_states_its_reason(served: Served, rule: str) -> None:
    """What cannot be estimated is refused with a published reason."""
    method, expected = read_rule(served, f"{ESTIMATE} {rule}")
    assert await refused(served, method, REFUSALS[rule]) == expected


MORE_REFUSALS: Final[dict[str, tuple[str, pb.EstimateRequest]]] = {
    "several currencies": (
        "INVALID_ARGUMENT CURRENCY_UNKNOWN",
        inline(flat("1"), flat("1", currency="EUR")),
    ),
    "another currency": ("FAILED_PRECONDITION PRICE_NOT_FOUND", inline(flat("1"), currency="EUR")),
    "no decimal": ("INVALID_ARGUMENT INVALID_QUANTITIES", inline(calls(), used={"calls": "1e3"})),
    "no end": (
        "INVALID_ARGUMENT INVALID_QUANTITIES",
        inline(flat("1"), end_date=Date(year=2027, month=1, day=1)),
    ),
    "a meter without name": (
        "INVALID_ARGUMENT INVALID_METER",
        inline(
            calls(), meters=[meter_pb2.Meter(event_name="call", aggregation="AGGREGATION_COUNT")]
        ),
    ),
    "a meter twice": ("INVALID_ARGUMENT INVALID_METER", inline(calls(), meters=[CALLS, CALLS])),
    "a version of an inline plan": (
        "NOT_FOUND PLAN_VERSION_NOT_FOUND",
        inline(flat("1"), plan_version=2),
    ),
}


@pytest.mark.parametrize("case", MORE_REFUSALS)
async def test_what_is_not_said_is_not_guessed(served: Served, case: str) -> None:
    """What would have to be guessed, or is none at all, is refused."""
    rule, asked = MORE_REFUSALS[case]
    method, expected = read_rule(served, f"{ESTIMATE} {rule}")
    assert await refused(served, method, asked) == expected


async def test_all_faults_of_the_quantities_are_told_together(served: Served) -> None:
    """What is no figure, what is out of bounds, and what has no price, in one answer."""
    asked = inline(
        flat("1"),
        calls(),
        held={"base": -1, "nothing": 1},
        used={"calls": "1,000"},
        end_date=Date(year=2026, month=12, day=1),
    )
    found = await violations_of(served, served.stubs.estimates.Estimate, asked)
    assert sorted({field for field, _ in found}) == [
        "end_date",
        "held[0].price",
        "held[0].quantity",
        "held[1].price",
        "used[0].quantity",
    ]


async def test_an_answer_that_no_message_holds_is_refused(served: Served) -> None:
    """Explained tier by tier, ten years of ten prices with 100 tiers are too much for one."""
    bounds = [price_pb2.Tier(up_to=decimal(bound)) for bound in range(1, 100)]
    tiered = price_pb2.Graduated(tiers=[*bounds, price_pb2.Tier(unit_price=decimal(1))])
    prices = [calls(per_unit=None, graduated=tiered) for _ in range(10)]
    for number, price in enumerate(prices):
        price.code = f"item-{number}"
    used = {price.code: 100 for price in prices}
    method, expected = read_rule(served, f"{ESTIMATE} INVALID_ARGUMENT INVALID_QUANTITIES")
    asked = inline(*prices, used=used, months=120, explain=True)
    assert await refused(served, method, asked) == expected
