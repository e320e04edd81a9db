"""Devices and seats, live: previewed, bought by the principal, held up to their limit, given up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest
from pospago.billing.v1 import invoice_pb2
from pospago.billing.v1 import payment_request_pb2 as payment_pb
from pospago.billing.v1 import subscription_pb2 as pb
from pospago.provisioning.v1 import events_pb2, resource_pb2

from tests.suite.devices import (
    OFFICIAL,
    OPENED,
    Desk,
    change,
    lived,
    make_principal,
    preview,
    refusal,
)
from tests.suite.hybrid import usd

SMALL: Final = {"devices": 1, "seats": 2}
LARGER: Final = SMALL | {OFFICIAL: 1}
PLANS: Final = ("start", "growth", "elite")


@dataclass(slots=True)
class Bought:
    """How the principal of an account bought a device, and who became the principal then."""

    strangers: str
    before: str
    seats: Mapping[str, list[str]]
    preview: pb.ChangePreview
    invoices: list[invoice_pb2.Invoice]
    after: list[str]
    handed_over: list[str]
    trail: list[events_pb2.PrincipalChanged]
    month: invoice_pb2.Invoice
    next_month: invoice_pb2.Invoice


@dataclass(slots=True)
class Left:
    """How an account gave up the plan that it held a gated device on."""

    with_device: str
    preview: pb.ChangePreview
    device: resource_pb2.Resource
    again: str


@dataclass(slots=True)
class Paid:
    """How an account bought a device by card: declined first, then accepted."""

    declined: pb.ChangeSubscriptionResponse
    held: str
    accepted: pb.ChangeSubscriptionResponse
    held_then: str


@dataclass(slots=True)
class Played:
    """What was seen of the accounts."""

    bought: Bought
    left: Left
    paid: Paid


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Three accounts, opened on the fifth, subscribed on the tenth; the fifteenth, and after."""
    with lived(tmp_path_factory.mktemp("devices")) as desk:
        for account in ("shop", "leaver", "card"):
            desk.open(account)
        desk.move_to(OPENED + timedelta(days=5))
        desk.subscribe("shop", SMALL)
        desk.subscribe("leaver", LARGER)
        desk.subscribe("card", SMALL)
        desk.hold("leaver", OFFICIAL, "phone")
        desk.move_to(OPENED + timedelta(days=10))
        left, paid = leave(desk), pay(desk)
        return Played(buy(desk), left, paid)


def buy(desk: Desk) -> Bought:
    """The principal previews and buys; another one becomes it, and the months go by."""
    ana, bia = desk.join("shop", "ana"), desk.join("shop", "bia")
    make_principal(desk.operator, "shop", "ana", "signed the contract")
    before = desk.hold("shop", OFFICIAL, "early")
    strangers = refusal(bia, "shop", "growth", LARGER)
    told = preview(ana, "shop", "growth", LARGER).preview
    invoices = list(change(ana, "shop", "growth", LARGER, told.token).invoices)
    after = [desk.hold("shop", OFFICIAL, each) for each in ("one", "two")]
    seats = {
        each: amounts(list(preview(ana, "shop", each, {"seats": 3}).preview.due_now), "seats")
        for each in PLANS
    }
    handed_over = [
        make_principal(bia, "shop", "bia", "wants to"),
        make_principal(ana, "shop", "bia", "ana leaves"),
        refusal(ana, "shop", "growth", LARGER | {"seats": 3}),
        refusal(bia, "shop", "growth", LARGER | {"seats": 3}),
    ]
    desk.move_to(OPENED + timedelta(days=27))
    month = desk.invoices("shop")[-1]
    desk.move_to(OPENED + timedelta(days=32))
    trail, next_month = desk.trail("shop"), desk.next_invoice("shop")
    return Bought(
        strangers, before, seats, told, invoices, after, handed_over, trail, month, next_month
    )


def leave(desk: Desk) -> Left:
    """Growth is left for Start, which has no official device."""
    with_device = refusal(desk.operator, "leaver", "start", LARGER)
    told = preview(desk.operator, "leaver", "start", SMALL).preview
    change(desk.operator, "leaver", "start", SMALL, told.token)
    device = desk.resource("leaver", "phone")
    return Left(with_device, told, device, desk.hold("leaver", OFFICIAL, "another"))


def pay(desk: Desk) -> Paid:
    """A card that is declined, and one that is accepted."""
    desk.set_profile("card", payment_provider="test", payment_method="decline")
    declined = change(desk.operator, "card", "growth", LARGER)
    held = desk.hold("card", OFFICIAL, "one")
    desk.set_profile("card", payment_method="accept")
    accepted = change(desk.operator, "card", "growth", LARGER)
    return Paid(declined, held, accepted, desk.hold("card", OFFICIAL, "two"))


def amounts(invoices: list[invoice_pb2.Invoice], price: str) -> list[str]:
    """What is charged for a price."""
    return [usd(line.amount) for each in invoices for line in each.lines if line.price == price]


def held(told: Any) -> dict[str, str]:
    """How much a subscription holds of each price."""
    return {each.price: each.quantity.value for each in told.held}


def test_only_the_principal_buys(played: Played) -> None:
    """A member who is not the principal is refused, whatever else it may do."""
    assert played.bought.strangers == "PRINCIPAL_NEEDED"


def test_seat_costs_what_the_plan_says(played: Played) -> None:
    """Two for the five days before, 78.00 x 5/31, and three for 21 days at 49, 39 or 29 a month."""
    told = {plan: sorted(found, key=float) for plan, found in played.bought.seats.items()}
    assert told == {
        "start": ["12.58", "99.58"],
        "growth": ["12.58", "79.26"],
        "elite": ["12.58", "58.94"],
    }


def test_first_charge_is_for_the_days_to_the_anniversary(played: Played) -> None:
    """From 15 March to 5 April: 129.00 x 21/31."""
    assert amounts(played.bought.invoices, OFFICIAL) == ["87.39"]


def test_what_was_previewed_is_charged(played: Played) -> None:
    """The invoice of the purchase has the lines that the preview told."""
    told = [each.lines for each in played.bought.preview.due_now]
    assert [each.lines for each in played.bought.invoices] == told


def test_month_of_the_plan_is_charged_from_its_first_day_to_the_anniversary(
    played: Played,
) -> None:
    """A year of Growth and a month of a device from 5 March on, subscribed on the 10th."""
    month = [played.bought.month]
    # 2,390.00 x 360/365 and 69.00 x 26/31.
    assert amounts(month, "base") + amounts(month, "devices") == ["2357.26", "57.87"]


def test_then_it_costs_the_full_price_each_month(played: Played) -> None:
    """From 5 April on, as do the device and the three seats."""
    following = [played.bought.next_month]
    found = {each: amounts(following, each) for each in (OFFICIAL, "devices", "seats")}
    assert found == {OFFICIAL: ["129.00"], "devices": ["69.00"], "seats": ["117.00"]}


def test_purchase_is_in_force_at_once_and_no_further(played: Played) -> None:
    """No official device before, one after, and not a second one."""
    assert (played.bought.before, played.bought.after) == ("LIMIT_REACHED", ["", "LIMIT_REACHED"])


def test_principal_hands_over(played: Played) -> None:
    """Nobody makes itself the principal; who was it is refused then, and who is it is not."""
    assert played.bought.handed_over == ["PRINCIPAL_NEEDED", "", "PRINCIPAL_NEEDED", ""]


def test_change_of_the_principal_leaves_a_trail(played: Played) -> None:
    """From whom, to whom, and why."""
    told = [
        (each.from_member.rpartition("/")[2], each.to_member.rpartition("/")[2], each.reason)
        for each in played.bought.trail
    ]
    assert told == [("", "ana", "signed the contract"), ("ana", "bia", "ana leaves")]


def test_plan_without_the_device_is_refused_with_it(played: Played) -> None:
    """Start has no official device to hold."""
    assert played.left.with_device == "INVALID_QUANTITIES"


def test_removal_of_the_device_is_previewed(played: Played) -> None:
    """What would be held of Start, and that the one device is lost."""
    told = played.left.preview
    lost = [
        (each.code, each.quantity_before.value, each.quantity_after.value)
        for each in told.entitlement_losses
    ]
    assert (held(told.subscription), lost) == (
        {"devices": "1", "seats": "2"},
        [(OFFICIAL, "1", "0")],
    )


def test_device_that_is_not_included_is_suspended(played: Played) -> None:
    """It is not removed, and no other one is held."""
    assert played.left.device.state == resource_pb2.Resource.STATE_SUSPENDED
    assert played.left.again == "FEATURE_NOT_INCLUDED"


def test_declined_card_changes_nothing(played: Played) -> None:
    """Neither what is held nor what may be held, and nothing is invoiced."""
    declined = played.paid.declined
    assert declined.payment_request.state == payment_pb.PaymentRequest.STATE_DECLINED
    assert (held(declined.subscription), played.paid.held, list(declined.invoices)) == (
        {"devices": "1", "seats": "2"},
        "LIMIT_REACHED",
        [],
    )


def test_accepted_card_pays_what_is_due_at_once(played: Played) -> None:
    """The invoice of the first charge is paid, and the device is held."""
    accepted = played.paid.accepted
    (invoice,) = accepted.invoices
    assert accepted.payment_request.state == payment_pb.PaymentRequest.STATE_PAID
    assert (usd(invoice.amount_paid), played.paid.held_then) == ("87.39", "")
