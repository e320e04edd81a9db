"""What cannot be charged once, and why."""

from decimal import Decimal
from typing import Any

import pytest

from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.one_off_charge import PENDING_MAX
from billing_service.domain.one_off_errors import (
    InvalidOneOffCharge,
    OneOffChargeAlreadyExists,
    OneOffChargeNotPending,
    TooManyOneOffCharges,
)
from billing_service.domain.price import AmountDiscount, PercentDiscount, Price, Recurring
from billing_service.domain.price_models import Flat
from billing_service.use_cases.cancel_one_off_charge import (
    CANCEL_ONE_OFF_CHARGE,
    CancelOneOffCharge,
)
from billing_service.use_cases.create_one_off_charge import CREATE_ONE_OFF_CHARGE
from chassis.errors import AccountNotFound, EtagMismatch
from tests.billing.builders import Billing
from tests.billing.one_off.charging import charge, command_of, retainer
from tests.billing.subscribing.live import Live

EXTRA = Price("extra", "USD", Recurring(), Flat(Decimal(9)))


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account with a retainer."""
    live = Live.on(sqlite_billing, retainer(EXTRA))
    live.subscribe("retainer")
    return live


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"quantity": 0}, "quantity: must be above 0"),
    "negative": ({"quantity": -1}, "quantity: must be above 0"),
    "too fine": ({"quantity": "0.0000000001"}, "quantity: must have at most 9 decimals"),
    "tomorrow": ({"on": "2026-03-03"}, "date: must lie from 2025-03-01 to 2026-03-02"),
    "long ago": ({"on": "2025-02-28"}, "date: must lie from 2025-03-01 to 2026-03-02"),
    "no such price": ({"price": "other"}, "rate_card.price: other is no price of the plan"),
    "not licensed": ({"price": "extra"}, "rate_card.price: extra is no licensed price"),
    "not yet subscribed": ({"on": "2026-02-27"}, "is not subscribed to a plan on 2026-02-27"),
    "below 0": ({"unit_price": -1}, "unit_price: must be from 0 to"),
    "said nothing": ({"unit_price": 1, "description": ""}, "description: must say what"),
    "all off": ({"discount": PercentDiscount(Decimal(101))}, "discount_percent: must be above 0"),
    "none off": ({"discount": AmountDiscount(Decimal(0))}, "discount_amount: must be above 0"),
    "too much": ({"unit_price": 10**10, "quantity": 10**5}, "more than 100,000,000,000,000 minor"),
}


@pytest.mark.parametrize(("stated", "told"), INVALID.values(), ids=INVALID)
def test_impossible_charge_is_refused(live: Live, stated: dict[str, Any], told: str) -> None:
    """With the path of the field, and what it must be."""
    with pytest.raises(InvalidOneOffCharge) as refused:
        charge(live, **stated)
    assert told in str(refused.value)


def test_account_must_be_known(live: Live) -> None:
    """Nobody is charged who is not there."""
    with pytest.raises(AccountNotFound):
        charge(live, account="nobody")


def test_subscription_must_be_known(live: Live) -> None:
    """A rate card is that of a subscription."""
    with pytest.raises(SubscriptionNotFound):
        charge(live, subscription="other")


def test_id_is_taken_once(live: Live) -> None:
    """Also by a charge that was cancelled."""
    charge(live)
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("acme", "c1", ""))
    with pytest.raises(OneOffChargeAlreadyExists):
        charge(live)


def test_pending_charges_are_limited(live: Live) -> None:
    """As many as an account may have, and not one more, also within one list of commands."""
    wanted = [command_of(f"c{place}", unit_price=1) for place in range(PENDING_MAX + 1)]
    outcomes = live.billing.do_all(CREATE_ONE_OFF_CHARGE, wanted)
    assert [place for place, each in enumerate(outcomes) if isinstance(each, Exception)] == [
        PENDING_MAX
    ]
    assert isinstance(outcomes[-1], TooManyOneOffCharges)


def test_charge_is_cancelled_once(live: Live) -> None:
    """A second time it is not pending any more."""
    charge(live)
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("acme", "c1", ""))
    with pytest.raises(OneOffChargeNotPending, match="was cancelled before"):
        live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("acme", "c1", ""))


def test_cancelling_states_the_present_etag(live: Live) -> None:
    """Whoever saw another charge than there is now is told so."""
    charge(live)
    with pytest.raises(EtagMismatch):
        live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("acme", "c1", "", "7"))
