"""What people type, as messages."""

import click
import pytest
from google.type.money_pb2 import Money

from pospago_cli.values import (
    Amount,
    CivilDate,
    Currency,
    Instant,
    Length,
    Percent,
    ResourceName,
    to_money,
)


@pytest.mark.parametrize(
    ("text", "units", "nanos"),
    [
        ("39.90BRL", 39, 900_000_000),
        ("39.90 BRL", 39, 900_000_000),
        ("0.000000001BRL", 0, 1),
        ("-1.50BRL", -1, -500_000_000),
        ("1000BRL", 1000, 0),
    ],
)
def test_an_amount_keeps_every_digit(text: str, units: int, nanos: int) -> None:
    """An amount becomes units and nanos of one sign."""
    assert to_money(text) == Money(currency_code="BRL", units=units, nanos=nanos)


@pytest.mark.parametrize(
    "text", ["39.90", "BRL", "1,5BRL", "0.0000000001BRL", "NaNBRL", "1e999BRL"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Text without a currency, with a comma, or finer than a nano is no amount."""
    with pytest.raises(click.BadParameter, match=r"39\.90BRL"):
        Amount().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("36h", 129_600), ("2d", 172_800)]
)
def test_a_length_counts_its_unit(text: str, seconds: int) -> None:
    """A length is a number and a unit."""
    assert Length().convert(text, None, None).seconds == seconds


@pytest.mark.parametrize("text", ["30d", "720h"])
def test_the_longest_length_is_taken(text: str) -> None:
    """A bound is itself within it, in whatever unit it is written."""
    assert Length(longest="30d").convert(text, None, None).seconds == 2_592_000


def test_a_length_beyond_the_longest_is_told_which_that_is() -> None:
    """The bound is said as it may be written."""
    with pytest.raises(click.BadParameter, match="at most 30d"):
        Length(longest="30d").convert("721h", None, None)


@pytest.mark.parametrize("text", ["2", "d", "2w", "-2d", "1.5d"])
def test_what_is_no_length_is_refused(text: str) -> None:
    """A length without a unit, or with one that has no fixed length, is refused."""
    with pytest.raises(click.BadParameter, match="36h"):
        Length().convert(text, None, None)


def test_an_instant_needs_its_offset() -> None:
    """A time of day without an offset could mean any zone, so it is refused."""
    with pytest.raises(click.BadParameter, match="offset"):
        Instant().convert("2027-01-31T23:59:00", None, None)


def test_an_instant_is_read_with_its_offset() -> None:
    """A minute before midnight in São Paulo is a minute before three in UTC."""
    read = Instant().convert("2027-01-31T23:59:00-03:00", None, None)
    assert read.ToJsonString() == "2027-02-01T02:59:00Z"


@pytest.mark.parametrize(("text", "value"), [("80", "80"), ("80%", "80"), ("0.5%", "0.5")])
def test_a_percentage_may_have_its_sign(text: str, value: str) -> None:
    """80 and 80% are the same."""
    assert Percent().convert(text, None, None).value == value


@pytest.mark.parametrize("text", ["usd", "US", "USDT", ""])
def test_what_is_no_currency_is_refused(text: str) -> None:
    """Three capitals name a currency."""
    with pytest.raises(click.BadParameter, match="three capitals, such as BRL"):
        Currency().convert(text, None, None)


def test_a_date_that_does_not_exist_is_refused() -> None:
    """29 February of a common year is no date."""
    with pytest.raises(click.BadParameter, match="2027-01-31"):
        CivilDate().convert("2027-02-29", None, None)


@pytest.mark.parametrize("text", ["acme/shop-1", "accounts/acme/instances/shop-1"])
def test_a_name_may_be_short_or_in_full(text: str) -> None:
    """The parts that vary are enough to name a resource."""
    kind = ResourceName("accounts/{account}/instances/{instance}")
    assert kind.convert(text, None, None) == "accounts/acme/instances/shop-1"


@pytest.mark.parametrize("text", ["acme", "acme/", "acme/shop-1/x"])
def test_a_name_with_too_few_or_too_many_parts_is_refused(text: str) -> None:
    """A short name has exactly the parts that vary."""
    kind = ResourceName("accounts/{account}/instances/{instance}")
    with pytest.raises(click.BadParameter, match="account/instance"):
        kind.convert(text, None, None)
