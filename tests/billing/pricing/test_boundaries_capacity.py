"""Capacities at every boundary, worked by hand."""

from decimal import Decimal

import pytest

from billing_service.domain.price import ZeroUsage
from billing_service.domain.price_models import Capacity, usage_of_peaks
from tests.billing.pricing.pricing import capacity, metered, rated

# Contacts and requests a second: 19 holds 1,000 and 5, 49.005 holds 5,000 and 5, 199 all.
MODEL = Capacity(
    (
        capacity("19", contacts="1000", requests="5"),
        capacity("49.005", contacts="5000", requests="5"),
        capacity("199", contacts="", requests=""),
    )
)


@pytest.mark.parametrize(
    ("contacts", "requests", "amount_minor"),
    [
        ("0", "0", 1900),
        ("1", "0", 1900),
        ("0", "1", 1900),
        ("999", "4", 1900),
        ("1000", "5", 1900),
        ("1000.5", "5", 4901),
        ("1001", "5", 4901),
        ("4999", "5", 4901),
        ("5000", "5", 4901),
        ("5001", "5", 19900),
        # One meter alone is enough to need the next capacity.
        ("1", "5.000000001", 19900),
        ("1", "6", 19900),
        ("1000000000000", "1000000000000", 19900),
    ],
)
def test_capacity_at_its_boundaries(contacts: str, requests: str, amount_minor: int) -> None:
    """The lowest capacity that holds both peaks decides, whole or not."""
    usage = usage_of_peaks({"contacts": Decimal(contacts), "requests": Decimal(requests)})
    price = metered(MODEL, zero_usage=ZeroUsage.CHARGED)

    assert rated(price, usage).amount_minor == amount_minor


@pytest.mark.parametrize(("currency", "amount_minor"), [("JPY", 49), ("KWD", 49005)])
def test_capacity_in_currencies_of_other_decimals(currency: str, amount_minor: int) -> None:
    """49.005 is 49 yen, and 49,005 fils."""
    usage = usage_of_peaks({"contacts": Decimal(2000)})

    assert rated(metered(MODEL, currency=currency), usage).amount_minor == amount_minor


def test_smallest_price_of_a_capacity_is_exact() -> None:
    """10^-12 stays 10^-12 until the rounding."""
    smallest = Capacity((capacity("0.000000000001", contacts=""),))
    line = rated(metered(smallest), usage_of_peaks({"contacts": Decimal(1)}))

    assert (line.numerator, line.amount_minor) == (Decimal("1E-12"), 0)


def test_meter_without_a_peak_needs_no_capacity() -> None:
    """A meter that nothing was heard of counts as 0."""
    usage = usage_of_peaks({"requests": Decimal(3)})

    assert rated(metered(MODEL), usage).amount_minor == 1900


def test_nothing_used_costs_nothing_as_a_rule() -> None:
    """Peaks of 0 are a quantity of 0."""
    usage = usage_of_peaks({"contacts": Decimal(0), "requests": Decimal(0)})

    assert rated(metered(MODEL), usage).amount_minor == 0
