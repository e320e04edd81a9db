"""Quantities as people type them for an estimate."""

import click
import pytest
from google.protobuf.json_format import MessageToDict

from pospago_cli.estimate.quantities import Counted, Held, Used

# More things than can be counted.
HUGE = f"a=1#{'9' * 20}"


def amounts(*texts: str) -> list[dict[str, str]]:
    """Decimals as the messages hold them."""
    return [{"value": text} for text in texts]


@pytest.mark.parametrize(
    ("text", "quantity"), [("seats=12", "12"), ("seats=0.5", "0.5"), ("seats=10_000", "10000")]
)
def test_what_is_held_is_a_price_and_a_quantity(text: str, quantity: str) -> None:
    """Each digit is kept; groups of digits are run together."""
    held = Held().convert(text, None, None)
    assert (held.price, held.quantity.value) == ("seats", quantity)


@pytest.mark.parametrize("text", ["seats", "seats=", "=12", "seats=-1", "seats=1e3", "seats=1,000"])
def test_what_is_no_held_quantity_is_told_its_form(text: str) -> None:
    """The answer has an example to follow."""
    with pytest.raises(click.BadParameter, match="as seats=12"):
        Held().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=25_000", {"quantity": {"value": "25000"}}),
        ("a=0", {"quantity": {"value": "0"}}),
        ("a/cores=4", {"meter": "meters/cores", "quantity": {"value": "4"}}),
        ("a=5110#3", {"quantity": {"value": "5110"}, "eventsCount": "3"}),
        (
            "a=10+100+5000.5",
            {
                "transactions": [
                    {"amount": each, "count": "1"} for each in amounts("10", "100", "5000.5")
                ]
            },
        ),
        ("a=1x5000", {"transactions": [{"amount": {"value": "5000"}, "count": "1"}]}),
        (
            "a=200x50+7",
            {
                "transactions": [
                    {"amount": {"value": "50"}, "count": "200"},
                    {"amount": {"value": "7"}, "count": "1"},
                ]
            },
        ),
        ("a=9,1", {"byUnit": amounts("9", "1")}),
        ("a=9,", {"byUnit": amounts("9")}),
        ("a=25,000,", {"byUnit": amounts("25", "000")}),
    ],
)
def test_what_is_used_is_said_in_one_word(text: str, expected: dict[str, object]) -> None:
    """A quantity, one of a meter, transactions, or what each unit used."""
    used = MessageToDict(Used().convert(text, None, None))
    assert used == {"price": "a", **expected}


@pytest.mark.parametrize(
    "text",
    ["a", "a=", "a=many", "a=1+", "a=1,+2", "a=1x", "a=-1", "a/=1", "a=1#", "a=9,,1", "A=1", HUGE],
)
def test_what_is_no_usage_is_told_its_forms(text: str) -> None:
    """The answer has an example of each form."""
    with pytest.raises(click.BadParameter, match=r"calls=25000.*=4 .*10\+100.*5110#3.*data=9,1"):
        Used().convert(text, None, None)


def test_digits_grouped_by_commas_are_not_taken_for_units() -> None:
    """25,000 could be what two units used: both readings are offered."""
    with pytest.raises(click.BadParameter, match=r"write 25000, or .* at the end 25,000,"):
        Used().convert("calls=25,000", None, None)


@pytest.mark.parametrize(
    ("text", "labels", "count"),
    [
        ("client=0", [], 0),
        ("client:partner-level=1_099", ["partner-level"], 1099),
        ("client:partner-level,new=3", ["partner-level", "new"], 3),
    ],
)
def test_what_is_counted_may_carry_labels(text: str, labels: list[str], count: int) -> None:
    """A kind, its labels after a colon, and how many."""
    group = Counted().convert(text, None, None)
    assert (group.counted, list(group.labels), group.count) == ("client", labels, count)


def test_own_things_are_marked_as_own() -> None:
    """The same form, of the account's own."""
    assert Counted(own=True).convert("client=1", None, None).own


@pytest.mark.parametrize(
    "text", ["client", "client=", "client:=1", "client=1.5", "client:a,=1", HUGE.replace("1#", "")]
)
def test_what_is_no_count_is_told_its_forms(text: str) -> None:
    """The answer has an example with labels and one without."""
    with pytest.raises(click.BadParameter, match=r"as client=12, .*client:partner-level=99"):
        Counted().convert(text, None, None)
