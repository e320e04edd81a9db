"""Invoices with taxes: what is added or included, by which version, and what mends a gap."""

from decimal import Decimal

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.errors import TaxProfileAlreadyExists, TaxProfileNotFound
from billing_service.domain.invoice import InvoiceState
from billing_service.domain.plan import Plan, PlanVersion, VersionPolicy
from billing_service.domain.tax import TaxPoint, TaxRounding, TaxSubtotal, TaxTreatment
from billing_service.storage.document_queries import InvoiceInFull
from billing_service.storage.queries import find_tax_profile, list_tax_profiles
from billing_service.use_cases.add_tax_profile_version import (
    ADD_TAX_PROFILE_VERSION,
    AddTaxProfileVersion,
)
from tests.billing.builders import Billing, at, plan_of, price_of
from tests.billing.taxing import create_tax_profile, rates_of, tax_version

NOTE = "Reverse charge, article 196"


def taxed(billing: Billing, *instances: str, account: str = "acme", **profile: object) -> None:
    """An account with the tax profile `home` and instances of 39.90 a month."""
    billing.account(account)
    billing.set_profile(account, tax_profile="home", **profile)
    billing.subscribe(*(instances or ("a",)), account=account)


def figures(found: InvoiceInFull) -> tuple[int, int, int, int]:
    """Lines, subtotal, taxes and total of an invoice."""
    lines_minor = sum(each.amount_minor for each in found.lines)
    invoice = found.invoice
    return lines_minor, invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor


def test_tax_is_added_to_the_lines(billing: Billing) -> None:
    """Three times 39.90 and 8.5% are 119.70 and 10.17: 129.87 to pay."""
    create_tax_profile(billing)
    taxed(billing, "a", "b", "c")
    billing.go_to("2026-04-01 00:00:03")
    assert figures(billing.invoice()) == (11970, 11970, 1017, 12987)


def test_taxes_are_kept_by_category_and_rate(billing: Billing) -> None:
    """Each is read back as it was reckoned: category, name, rate, treatment, amounts."""
    rates = (*rates_of(food="7.7", other="25"),)
    create_tax_profile(billing, tax_version(rates=rates))
    priced = (price_of("10", code="meal", tax_category="food"), price_of("20", code="seat"))
    (standard,) = plan_of().versions
    version = PlanVersion(0, None, priced, standard.schedule)
    billing.plan(Plan("canteen", "Canteen", VersionPolicy.FOLLOW, (version,)))
    billing.account()
    billing.set_profile(tax_profile="home")
    billing.subscribe("a", plan="canteen")
    billing.go_to("2026-04-01 00:00:03")
    assert billing.invoice().taxes == (
        TaxSubtotal("", "Tax", Decimal(25), TaxTreatment.STANDARD, 2000, 500),
        TaxSubtotal("food", "Tax", Decimal("7.7"), TaxTreatment.STANDARD, 1000, 77),
    )


def test_included_tax_is_taken_out_of_the_lines(billing: Billing) -> None:
    """39.90 with 25% in it is 31.92 and 7.98 of tax: 39.90 to pay."""
    create_tax_profile(billing, tax_version("25", includes=True))
    taxed(billing)
    billing.go_to("2026-04-01 00:00:03")
    found = billing.invoice()
    assert (figures(found), found.invoice.prices_include_tax) == ((3990, 3192, 798, 3990), True)


@pytest.mark.parametrize(
    ("rounding", "tax_minor"), [(TaxRounding.DOCUMENT, 582), (TaxRounding.LINE, 583)]
)
def test_tax_is_rounded_where_the_profile_says(
    billing: Billing, rounding: TaxRounding, tax_minor: int
) -> None:
    """7.785% of 74.80 is 5.82; of 39.90 and 34.90 it is 3.11 and 2.72, so 5.83."""
    create_tax_profile(billing, tax_version("7.785", rounding=rounding))
    taxed(billing)
    billing.subscribe("b", band=2, on="2026-03-11")
    billing.go_to("2026-04-01 00:00:03")
    assert billing.invoice().invoice.tax_minor == tax_minor


@pytest.mark.parametrize("treatment", [TaxTreatment.EXEMPT, TaxTreatment.REVERSE_CHARGE])
def test_untaxed_buyer_is_told_why(billing: Billing, treatment: TaxTreatment) -> None:
    """The lines are the total, the treatment is listed, and the note printed."""
    create_tax_profile(billing, tax_version("25", includes=True))
    taxed(billing, tax_treatment=treatment, tax_note=NOTE)
    billing.go_to("2026-04-01 00:00:03")
    found = billing.invoice()
    subtotal = TaxSubtotal("", "Tax", Decimal(0), treatment, 3990, 0)
    assert (figures(found), found.taxes, found.invoice.tax_note) == (
        (3990, 3990, 0, 3990),
        (subtotal,),
        NOTE,
    )


def test_buyer_without_tax_profile_sees_no_tax(billing: Billing) -> None:
    """The lines are what is paid, nothing is said of taxes."""
    billing.account()
    billing.set_profile(tax_treatment=TaxTreatment.EXEMPT, tax_note=NOTE)
    billing.subscribe("a")
    billing.go_to("2026-04-01 00:00:03")
    found = billing.invoice()
    assert (figures(found), found.taxes, found.invoice.tax_note) == ((3990, 3990, 0, 3990), (), "")


def test_taxed_buyer_is_not_told_why_another_is_not(billing: Billing) -> None:
    """A note that was left in the billing profile is not printed beside a tax."""
    create_tax_profile(billing)
    taxed(billing, tax_note=NOTE)
    billing.go_to("2026-04-01 00:00:03")
    assert billing.invoice().invoice.tax_note == ""


def test_payer_decides_how_its_invoice_is_taxed(billing: Billing) -> None:
    """An account that another one pays for is on an invoice taxed like that one's."""
    create_tax_profile(billing, tax_version("10"))
    taxed(billing)
    billing.account("bolt")
    billing.set_profile("bolt", payer="acme", tax_treatment=TaxTreatment.EXEMPT)
    billing.subscribe("b", account="bolt", on="2026-03-11")
    billing.go_to("2026-04-01 00:00:03")
    assert billing.invoice().invoice.tax_minor == 798


@pytest.mark.parametrize(
    ("point", "taxes"),
    [
        (TaxPoint.ISSUE_DATE, [798, 798]),
        (TaxPoint.PERIOD_END, [399, 798]),
        (TaxPoint.PERIOD_START, [399, 798]),
    ],
)
def test_new_rate_holds_from_its_tax_point(
    billing: Billing, point: TaxPoint, taxes: list[int]
) -> None:
    """The rate rises on April 1: March is taxed by its own days, or by those of its invoice."""
    create_tax_profile(billing, tax_version("10", point=point))
    later = tax_version("20", point=point, effective_at=at("2026-04-01"))
    billing.do(ADD_TAX_PROFILE_VERSION, AddTaxProfileVersion("home", later))
    taxed(billing)
    billing.go_to("2026-05-01 00:00:03")
    assert [each.invoice.tax_minor for each in billing.invoices("acme")] == taxes


def test_missing_rate_parks_the_payer_and_names_the_remedy(billing: Billing) -> None:
    """A category without a rate bills nothing and says which rate is missing where."""
    create_tax_profile(billing, tax_version(rates=rates_of(food="15")))
    taxed(billing)
    billing.go_to("2026-04-02")
    told = "taxProfiles/home has no rate for tax category '' on 2026-04-01: add a version"
    assert (billing.invoices(), told in billing.parked()["acme"]) == ([], True)


@pytest.mark.parametrize("point", TaxPoint)
def test_rate_added_later_frees_the_parked_payer(billing: Billing, point: TaxPoint) -> None:
    """A category's first rate holds for the days that had none."""
    create_tax_profile(billing, tax_version(rates=rates_of(food="15"), point=point))
    taxed(billing)
    billing.go_to("2026-04-02")
    added = tax_version("10", point=point, effective_at=at("2026-06-01"))
    billing.do(ADD_TAX_PROFILE_VERSION, AddTaxProfileVersion("home", added))
    billing.writer.retry_parked("acme", lambda _event: None)
    assert [each.invoice.tax_minor for each in billing.invoices("acme")] == [399]


def test_total_with_tax_is_what_is_owed(billing: Billing) -> None:
    """Paying the lines leaves the tax open; paying that too settles the invoice."""
    create_tax_profile(billing, tax_version("10"))
    taxed(billing)
    billing.go_to("2026-04-02")
    billing.pay("39.90", value_on="2026-04-02")
    before = billing.invoice().state
    billing.pay("3.99", value_on="2026-04-02")
    assert (before, billing.invoice().state) == (InvoiceState.OPEN, InvoiceState.SETTLED)


def test_issued_invoice_keeps_its_taxes(billing: Billing) -> None:
    """A later change of profile and rates leaves it as it was issued."""
    create_tax_profile(billing, tax_version("10"))
    taxed(billing)
    billing.go_to("2026-04-02")
    before = billing.invoice()
    later = tax_version("20", effective_at=at("2026-04-03"))
    billing.do(ADD_TAX_PROFILE_VERSION, AddTaxProfileVersion("home", later))
    billing.set_profile(tax_profile="")
    billing.go_to("2026-04-04")
    assert billing.invoice() == before


def test_preview_shows_the_taxes_to_come(billing: Billing) -> None:
    """The open month is previewed with the taxes that its invoice will have."""
    create_tax_profile(billing, tax_version("10"))
    taxed(billing)
    (preview,) = billing.preview()
    billing.go_to("2026-04-01 00:00:03")
    issued = billing.invoice()
    assert (preview.taxes, preview.invoice.total_minor) == (
        issued.taxes,
        issued.invoice.total_minor,
    )


def test_issue_is_told_with_taxes(billing: Billing) -> None:
    """Whoever follows the feed learns the taxes with the invoice."""
    create_tax_profile(billing, tax_version("10"))
    taxed(billing)
    billing.go_to("2026-04-01 00:00:03")
    ((_, event),) = billing.told(events_pb2.InvoiceIssued)
    told = event.invoice  # type: ignore[attr-defined]
    assert (told.subtotal.units, told.tax_total.units, told.total.units, len(told.taxes)) == (
        39,
        3,
        43,
        1,
    )


@pytest.mark.parametrize(
    ("currency", "amount", "percent", "tax_minor"),
    [("JPY", "500", "7.7", 39), ("KWD", "1.005", "10", 101), ("JPY", "6", "8.333333", 0)],
)
def test_tax_is_rounded_to_the_minor_unit_of_the_currency(
    billing: Billing, currency: str, amount: str, percent: str, tax_minor: int
) -> None:
    """Whole yen, thousandths of a dinar: half of one counts up."""
    billing.plan(plan_of("far", prices={1: amount}, currency=currency))
    create_tax_profile(billing, tax_version(percent))
    billing.account()
    billing.set_profile(tax_profile="home", currency=currency)
    billing.subscribe("a", plan="far")
    billing.go_to("2026-04-01 00:00:03")
    assert billing.invoice().invoice.tax_minor == tax_minor


def test_tax_profile_is_read_back_as_it_was_made(billing: Billing) -> None:
    """All versions, with rates in their order, come back from the store."""
    first = tax_version(rates=rates_of(other="25", food="15.000001"), includes=True)
    create_tax_profile(billing, first)
    later = tax_version("0", rounding=TaxRounding.LINE, effective_at=at("2026-04-01"))
    made = billing.do(ADD_TAX_PROFILE_VERSION, AddTaxProfileVersion("home", later))
    assert billing.database.read(lambda tx: find_tax_profile(tx, "home")) == made


def test_tax_profiles_are_listed_by_name(billing: Billing) -> None:
    """Those that follow a name, up to a limit."""
    for name in ("c", "a", "d", "b"):
        create_tax_profile(billing, name=name)
    listed = billing.database.read(lambda tx: list_tax_profiles(tx, after="a", limit=2))
    assert [each.tax_profile_id for each in listed] == ["b", "c"]


def test_tax_profile_is_made_once(billing: Billing) -> None:
    """A name that is taken is refused."""
    create_tax_profile(billing)
    with pytest.raises(TaxProfileAlreadyExists):
        create_tax_profile(billing)


def test_changes_of_tax_profiles_are_told(billing: Billing) -> None:
    """Creation and a further version, each with the profile as it is then."""
    create_tax_profile(billing)
    later = tax_version("9", effective_at=at("2026-04-01"))
    billing.do(ADD_TAX_PROFILE_VERSION, AddTaxProfileVersion("home", later))
    told = billing.told(events_pb2.TaxProfileCreated, events_pb2.TaxProfileVersionAdded)
    counts = [len(event.tax_profile.versions) for _, event in told]  # type: ignore[attr-defined]
    assert counts == [1, 2]


def test_billing_profile_names_a_tax_profile_there_is(billing: Billing) -> None:
    """An unknown tax profile is refused before any invoice could miss it."""
    billing.account()
    with pytest.raises(TaxProfileNotFound):
        billing.set_profile(tax_profile="nowhere")


def test_billing_profile_keeps_how_it_is_taxed(billing: Billing) -> None:
    """Tax profile, treatment and note are read back."""
    create_tax_profile(billing)
    billing.account()
    billing.set_profile(
        tax_profile="home", tax_treatment=TaxTreatment.REVERSE_CHARGE, tax_note=NOTE
    )
    profile = billing.profile().profile
    assert (profile.tax_profile, profile.tax_treatment, profile.tax_note) == (
        "home",
        TaxTreatment.REVERSE_CHARGE,
        NOTE,
    )
