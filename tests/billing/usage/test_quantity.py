"""Values of usage: which texts state one, and that none loses a digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_service.domain.usage.quantity import NANOS, decimal_of, nanos_of

VALUES = st.decimals(0, 10**12, places=9)


@pytest.mark.parametrize(
    ("text", "nanos"),
    [
        ("0", 0),
        ("1", NANOS),
        ("007", 7 * NANOS),
        ("0.5", NANOS // 2),
        ("0.000000001", 1),
        ("0.0000000010", 1),
        ("12.345678901", 12_345_678_901),
        ("999999999999.999999999", 10**21 - 1),
        ("1000000000000", 10**21),
        ("1000000000000.000", 10**21),
        ("0000000000000001", NANOS),
    ],
)
def test_value_is_read_to_the_last_billionth(text: str, nanos: int) -> None:
    """From 0 to 10^12, with up to nine decimals."""
    assert nanos_of(text) == nanos


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "-1",
            "-0",
            "+1",
            "1e3",
            "1E3",
            "0x10",
            "1_000",
            "1,5",
            "1.",
            ".5",
            ".",
            "1.2.3",
        ),
        *("NaN", "Infinity", "true", " 1", "1 ", "1\n", "\u0661", "\u00b2", "1.\u0661", "--1"),
        *("0.0000000001", "1000000000000.000000001", "1000000000001", "1" * 13, "9" * 999),
        "0" * 1001,
    ],
)
def test_what_is_no_value_is_not_read(text: str) -> None:
    """No sign, exponent, blank or other script; not finer than a billionth, not over 10^12."""
    assert nanos_of(text) is None


@given(VALUES)
def test_value_is_given_back_as_it_was_stated(value: Decimal) -> None:
    """Billionths and decimals are the same figure."""
    nanos = nanos_of(f"{value:f}")
    assert nanos is not None
    assert decimal_of(nanos) == value


@given(st.text(max_size=24))
def test_no_text_is_read_otherwise_than_as_a_decimal(text: str) -> None:
    """Whatever is read has the value that a decimal of the same text has."""
    nanos = nanos_of(text)
    assert nanos is None or Decimal(text) == decimal_of(nanos)
