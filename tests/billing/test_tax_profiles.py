"""Tax profiles, and what a billing profile and an invoice say of taxes, as clients see it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import billing_profile_pb2 as profile_pb
from pospago.billing.v1 import invoice_pb2 as invoice_pb
from pospago.billing.v1 import tax_pb2 as pb

from tests.billing.asking import page, profile_request
from tests.billing.builders import START_AT, Billing, at
from tests.billing.serving import (
    INTEGRATOR_SECRET,
    Served,
    read_rule,
    refused,
    request_id,
    serving,
    stamp,
)
from tests.billing.taxing import create_tax_profile, tax_version

APRIL = stamp(at("2027-04-01"))


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A service with a tax profile, an account that it taxes and its first invoice."""
    async with serving(tmp_path_factory.mktemp("billing")) as running:
        await running.inside(_prepare)
        yield running


def _prepare(billing: Billing) -> None:
    billing.issuer()
    billing.plan()
    create_tax_profile(billing)
    create_tax_profile(billing, tax_version("25", includes=True), name="within")
    for account in ("acme", "bolt"):
        billing.account(account)
    billing.set_profile(tax_profile="home")
    billing.subscribe("a", "b", "c")
    billing.go_to("2026-04-02")


def rate(percent: str = "8.5", category: str = "", **more: Any) -> pb.TaxRate:
    return pb.TaxRate(tax_category=category, percent=Decimal(value=percent), **more)


def tax_request(
    tax_profile_id: str, *rates: pb.TaxRate, **version: Any
) -> pb.CreateTaxProfileRequest:
    stated = pb.TaxProfileVersion(rates=rates or [rate()], **version)
    return pb.CreateTaxProfileRequest(
        tax_profile_id=tax_profile_id,
        tax_profile=pb.TaxProfile(display_name="Taxes", versions=[stated]),
        request_id=request_id(),
    )


def tax_version_request(
    name: str, *rates: pb.TaxRate, **version: Any
) -> pb.AddTaxProfileVersionRequest:
    values = {"effective_time": APRIL} | version
    stated = pb.TaxProfileVersion(rates=rates or [rate()], **values)
    return pb.AddTaxProfileVersionRequest(name=name, version=stated, request_id=request_id())


async def test_tax_profile_is_told_as_it_holds(served: Served) -> None:
    """What was left unspecified is told as what it is; the first version holds since ever."""
    request = tax_request("fresh", rate("8.50"), rate("0", "book", exempt=True))
    await served.call(served.stubs.taxes.CreateTaxProfile, request)
    wanted = pb.GetTaxProfileRequest(name="taxProfiles/fresh")
    found = (await served.call(served.stubs.taxes.GetTaxProfile, wanted)).tax_profile
    version = pb.TaxProfileVersion(
        version=1,
        rates=[rate("8.50"), rate("0", "book", exempt=True)],
        rounding=pb.TaxProfileVersion.ROUNDING_DOCUMENT,
        tax_point=pb.TaxProfileVersion.TAX_POINT_ISSUE_DATE,
    )
    assert found == pb.TaxProfile(
        name="taxProfiles/fresh", display_name="Taxes", versions=[version]
    )


async def test_tax_profile_gets_a_version(served: Served) -> None:
    """A version that lies ahead is added, numbered 2, with all that it states."""
    await served.call(served.stubs.taxes.CreateTaxProfile, tax_request("growing"))
    request = tax_version_request(
        "taxProfiles/growing",
        rate("9.25"),
        prices_include_tax=True,
        rounding=pb.TaxProfileVersion.ROUNDING_LINE,
    )
    added = await served.call(served.stubs.taxes.AddTaxProfileVersion, request)
    told = added.tax_profile.versions[1]
    request.version.version = 2
    request.version.tax_point = pb.TaxProfileVersion.TAX_POINT_ISSUE_DATE
    assert told == request.version


async def test_tax_profiles_are_listed_in_pages(served: Served) -> None:
    """By name, each page going on where the one before ended."""
    first = await served.call(
        served.stubs.taxes.ListTaxProfiles, pb.ListTaxProfilesRequest(page_size=1)
    )
    rest = await served.call(
        served.stubs.taxes.ListTaxProfiles,
        pb.ListTaxProfilesRequest(page_token=first.next_page_token),
    )
    names = [each.name for each in (*first.tax_profiles, *rest.tax_profiles)]
    assert names == sorted(names)
    assert {"taxProfiles/home", "taxProfiles/within"} <= set(names)


async def test_integrator_may_see_a_tax_profile(served: Served) -> None:
    """Who is taxed may know by which rates."""
    request = pb.GetTaxProfileRequest(name="taxProfiles/home")
    found = await served.call(served.stubs.taxes.GetTaxProfile, request, INTEGRATOR_SECRET)
    assert found.tax_profile.versions[0].rates[0].percent.value == "8.5"


async def test_billing_profile_says_how_it_is_taxed(served: Served) -> None:
    """Tax profile, treatment and note are changed, and read back."""
    request = profile_request(
        "bolt",
        tax_profile="taxProfiles/within",
        tax_treatment=pb.TAX_TREATMENT_REVERSE_CHARGE,
        tax_note="By article 196",
    )
    await served.call(served.stubs.profiles.UpdateBillingProfile, request)
    wanted = profile_pb.GetBillingProfileRequest(name="accounts/bolt/billingProfile")
    told = (await served.call(served.stubs.profiles.GetBillingProfile, wanted)).billing_profile
    assert (told.tax_profile, told.tax_treatment, told.tax_note) == (
        "taxProfiles/within",
        pb.TAX_TREATMENT_REVERSE_CHARGE,
        "By article 196",
    )


async def test_invoice_shows_its_taxes(served: Served) -> None:
    """Three times 39.90 and 8.5%: 119.70, 10.17 and 129.87."""
    request = invoice_pb.GetInvoiceRequest(name="accounts/acme/invoices/inv-000001")
    told = (await served.call(served.stubs.invoices.GetInvoice, request)).invoice
    (tax,) = told.taxes
    assert [
        (each.units, each.nanos)
        for each in (told.subtotal, tax.taxable_amount, tax.tax_amount, told.tax_total, told.total)
    ] == [
        (119, 700_000_000),
        (119, 700_000_000),
        (10, 170_000_000),
        (10, 170_000_000),
        (129, 870_000_000),
    ]
    assert (tax.percent.value, tax.treatment) == ("8.5", pb.TAX_TREATMENT_STANDARD)


CREATE = "taxes.CreateTaxProfile INVALID_ARGUMENT"
ADD = "taxes.AddTaxProfileVersion INVALID_ARGUMENT"
REFUSALS: list[tuple[str, Any]] = [
    (
        "taxes.CreateTaxProfile ALREADY_EXISTS TAX_PROFILE_ALREADY_EXISTS",
        tax_request("home"),
    ),
    (f"{CREATE} INVALID_TAX_RATES", tax_request("new", rate("1"), rate("2"))),
    (f"{CREATE} INVALID_TAX_RATES", tax_request("new", rate("100.5"))),
    (f"{CREATE} INVALID_TAX_RATES", tax_request("new", rate("-1"))),
    (f"{CREATE} INVALID_TAX_RATES", tax_request("new", rate("1e-7"))),
    (f"{CREATE} INVALID_FIELD", tax_request("new", rate("NaN"))),
    (f"{CREATE} INVALID_FIELD", tax_request("new", rate("8,5"))),
    (f"{CREATE} INVALID_FIELD", tax_request("new", rate(""))),
    (f"{CREATE} INVALID_FIELD", tax_request("new", rate("1" + "0" * 80))),
    (
        "taxes.AddTaxProfileVersion NOT_FOUND TAX_PROFILE_NOT_FOUND",
        tax_version_request("taxProfiles/nothing"),
    ),
    (
        f"{ADD} INVALID_TAX_RATES",
        tax_version_request(
            "taxProfiles/home", tax_point=pb.TaxProfileVersion.TAX_POINT_PERIOD_END
        ),
    ),
    (
        f"{ADD} EFFECTIVE_TIME_NOT_AHEAD",
        tax_version_request("taxProfiles/home", effective_time=stamp(START_AT)),
    ),
    (
        "taxes.GetTaxProfile NOT_FOUND TAX_PROFILE_NOT_FOUND",
        pb.GetTaxProfileRequest(name="taxProfiles/nothing"),
    ),
    (
        "taxes.ListTaxProfiles INVALID_ARGUMENT INVALID_PAGE_TOKEN",
        page(pb.ListTaxProfilesRequest()),
    ),
    (
        "profiles.UpdateBillingProfile NOT_FOUND TAX_PROFILE_NOT_FOUND",
        profile_request("bolt", tax_profile="taxProfiles/nothing"),
    ),
]


@pytest.mark.parametrize(("rule", "request_message"), REFUSALS)
async def test_refuses_by_code_and_reason(served: Served, rule: str, request_message: Any) -> None:
    """Each documented reason is given with its code."""
    method, expected = read_rule(served, rule)
    refusal = await refused(served, method, request_message)
    assert refusal == expected


def _subscribe_core(billing: Billing) -> None:
    billing.account("core")
    billing.subscribe("z", account="core", on="2026-04-03")


async def test_preview_without_a_rate_says_which(served: Served) -> None:
    """A preview is refused where the invoice would park its payer."""
    request = tax_request("gap", rate("5", "food"))
    await served.call(served.stubs.taxes.CreateTaxProfile, request)
    await served.inside(_subscribe_core)
    await served.call(
        served.stubs.profiles.UpdateBillingProfile,
        profile_request("core", tax_profile="taxProfiles/gap"),
    )
    method, expected = read_rule(
        served, "invoices.PreviewInvoice FAILED_PRECONDITION TAX_RATE_NOT_FOUND"
    )
    preview = invoice_pb.PreviewInvoiceRequest(parent="accounts/core")
    assert await refused(served, method, preview) == expected
