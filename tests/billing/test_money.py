"""Money is whole minor units, exactly, in every currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_service.domain.errors import CurrencyUnknown
from billing_service.domain.money import (
    minor_digits,
    minor_units,
    price_of,
    round_to_minor,
    units_and_nanos,
)

CURRENCIES = ("JPY", "BRL", "KWD", "CLF")
AMOUNTS = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("currency", "digits"), [("JPY", 0), ("BRL", 2), ("NOK", 2), ("KWD", 3), ("CLF", 4)]
)
def test_currency_has_its_minor_digits(currency: str, digits: int) -> None:
    """ISO 4217 says how fine a currency is."""
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("code", ["", "XYZ", "brl", "XAU"])
def test_unknown_currency_is_refused(code: str) -> None:
    """What ISO 4217 does not know, or is no money, is no currency."""
    with pytest.raises(CurrencyUnknown):
        minor_digits(code)


@given(AMOUNTS, st.sampled_from(CURRENCIES))
def test_amount_survives_units_and_nanos(amount_minor: int, currency: str) -> None:
    """Minor units told as units and billionths come back the same."""
    assert minor_units(*units_and_nanos(amount_minor, currency), currency) == amount_minor


@given(AMOUNTS, st.sampled_from(CURRENCIES))
def test_amount_survives_being_a_price(amount_minor: int, currency: str) -> None:
    """Minor units as an exact decimal round to themselves."""
    assert round_to_minor(price_of(amount_minor, currency), currency) == amount_minor


@pytest.mark.parametrize(
    ("units", "nanos", "currency", "amount_minor"),
    [
        (39, 900_000_000, "BRL", 3990),
        (0, 10_000_000, "BRL", 1),
        (-1, -500_000_000, "BRL", -150),
        (500, 0, "JPY", 500),
        (1, 1_000_000, "KWD", 1001),
    ],
)
def test_units_and_nanos_are_read_exactly(
    units: int, nanos: int, currency: str, amount_minor: int
) -> None:
    """Whole units and billionths make minor units."""
    assert minor_units(units, nanos, currency) == amount_minor


@pytest.mark.parametrize(
    ("units", "nanos", "currency"),
    [
        (1, 1, "BRL"),
        (1, 500_000_000, "JPY"),
        (1, -10_000_000, "BRL"),
        (-1, 10_000_000, "BRL"),
        (0, 10**9, "BRL"),
    ],
)
def test_what_is_no_amount_is_not_read(units: int, nanos: int, currency: str) -> None:
    """Finer than the minor unit, of mixed sign, or overflowing billionths is no amount."""
    assert minor_units(units, nanos, currency) is None


@pytest.mark.parametrize(
    ("exact", "currency", "rounded"),
    [("0.005", "BRL", 1), ("0.0049", "BRL", 0), ("0.5", "JPY", 1), ("3.3333", "KWD", 3333)],
)
def test_rounding_is_half_up(exact: str, currency: str, rounded: int) -> None:
    """Half a minor unit counts up."""
    assert round_to_minor(Decimal(exact), currency) == rounded
