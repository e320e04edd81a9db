"""What pays a prepaid subscription: balance, credits, another payer, and a payment provider."""

import pytest
from pospago.billing.v1 import events_pb2, subscription_pb2

from billing_service.domain.payment_request import PaymentPurpose, PaymentRequestState
from billing_service.domain.subscription import SubscriptionState
from billing_service.storage.prepaid_queries import lapsed_subscriptions
from billing_service.use_cases.cancel_one_off_charge import (
    CANCEL_ONE_OFF_CHARGE,
    CancelOneOffCharge,
)
from tests.billing.builders import Billing
from tests.billing.credits.giving import grant
from tests.billing.one_off.charging import charge
from tests.billing.subscribing.changing import move
from tests.billing.subscribing.live import Live
from tests.billing.subscribing.paying import requests, settle, upgrade
from tests.billing.subscribing.prepaying import (
    balance,
    pay,
    prepaid_in_sandbox,
    prepaid_on,
    prepay,
)

_ACTIVE = SubscriptionState.ACTIVE
_UNPAID = SubscriptionState.UNPAID


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account without any balance; it is 2 March, 09:00."""
    return prepaid_on(sqlite_billing)


def test_credit_pays_a_period(live: Live) -> None:
    """Granted before, it settles the first invoice; nothing of a balance is needed."""
    grant(live.billing, amount="31", currency="USD")
    prepay(live)
    assert live.billing.states() == {"main": _ACTIVE}


def test_granted_credit_revives_what_lapsed(live: Live) -> None:
    """On 22 March 10 of 31 days are due, and 10.00 are granted."""
    prepay(live)
    live.billing.go_to("2026-03-22 12:00")
    grant(live.billing, amount="10", currency="USD")
    assert live.billing.states() == {"main": _ACTIVE}


def test_credit_revives_from_when_it_can_be_used(live: Live) -> None:
    """Granted on the 2nd and usable from the 22nd, it is of use on the 22nd."""
    prepay(live)
    grant(live.billing, amount="10", currency="USD", effective_at="2026-03-22 00:00")
    before = live.billing.states()
    live.billing.go_to("2026-03-22 00:00")
    assert (before, live.billing.states()) == ({"main": _UNPAID}, {"main": _ACTIVE})


def test_credit_that_comes_back_revives_what_lapsed(live: Live) -> None:
    """It had paid for a setup on March's invoice, which is cancelled."""
    grant(live.billing, amount="31", currency="USD")
    charge(live, "setup", unit_price="31")
    live.billing.go_to("2026-04-02 00:00")
    prepay(live, begins="2026-04-02")
    before = live.billing.states()
    live.billing.do(CANCEL_ONE_OFF_CHARGE, CancelOneOffCharge("acme", "setup", ""))
    assert (before, live.billing.states()) == ({"main": _UNPAID}, {"main": _ACTIVE})


def test_balance_of_another_payer_pays(live: Live) -> None:
    """A subsidiary's subscription goes on by what its payer has: 30 of 31 days cost 30.00."""
    live.account("shop", payer="acme")
    prepay(live, account="shop")
    lapsed = live.billing.states("shop")
    pay(live, "31.00")
    assert (lapsed, live.billing.states("shop"), balance(live)) == (
        {"main": _UNPAID},
        {"main": _ACTIVE},
        100,
    )


def test_balance_of_a_payer_pays_open_invoices_first(live: Live) -> None:
    """7.00 for usage of March come off the 31.00, so that April is not covered."""
    pay(live, "62.00")
    prepay(live, "used")
    live.use("api.call", "7")
    live.billing.go_to("2026-04-02 00:00")
    assert (live.billing.states(), balance(live)) == ({"main": _UNPAID}, 2400)


def test_provider_that_pays_is_asked_for_what_is_missing(sqlite_billing: Billing) -> None:
    """Of 31.00 for March 9.00 are there, and 22.00 are collected; then 31.00 for April."""
    live = prepaid_in_sandbox(sqlite_billing, "accept")
    pay(live, "9.00")
    prepay(live)
    live.billing.step("toy", "2026-04-01 12:00")
    asked = sorted(each.amount_minor for each in requests(live))
    assert (asked, live.amounts(), balance(live)) == (
        [2200, 3100],
        [[3100], [3100]],
        0,
    )


def test_provider_is_asked_for_a_prepaid_period(sqlite_billing: Billing) -> None:
    """The request says what it is for, and that it was paid."""
    live = prepaid_in_sandbox(sqlite_billing, "accept")
    prepay(live)
    (request,) = requests(live)
    assert (request.purpose, request.state) == (
        PaymentPurpose.PREPAID_PERIOD,
        PaymentRequestState.PAID,
    )


@pytest.mark.parametrize("method", ["decline", "pending"])
def test_provider_that_does_not_pay_lets_it_lapse(sqlite_billing: Billing, method: str) -> None:
    """Nothing is invoiced; the request is kept, and the balance too."""
    live = prepaid_in_sandbox(sqlite_billing, method)
    pay(live, "9.00")
    created = prepay(live)
    assert (len(requests(live)), live.amounts(), balance(live), created.is_lapsed) == (
        1,
        [],
        900,
        True,
    )


def test_another_way_to_pay_is_tried_at_once(sqlite_billing: Billing) -> None:
    """A card that was declined is replaced by one that is not, and the subscription goes on."""
    live = prepaid_in_sandbox(sqlite_billing, "decline")
    prepay(live)
    live.billing.set_profile(payment_method="accept")
    assert (live.amounts(), live.billing.states()) == ([[3000]], {"main": _ACTIVE})


def test_balance_of_who_comes_to_pay_is_tried_at_once(live: Live) -> None:
    """What lapsed for want of its own goes on as the group comes to pay."""
    live.account("group")
    pay(live, "31.00", payer="group")
    prepay(live)
    live.billing.set_profile(payer="group")
    assert live.billing.states() == {"main": _ACTIVE}


def test_what_was_asked_for_is_not_asked_twice(sqlite_billing: Billing) -> None:
    """A request that waits is left to wait, whatever the method is called now."""
    live = prepaid_in_sandbox(sqlite_billing, "pending")
    prepay(live)
    live.billing.set_profile(payment_method="accept")
    assert len(requests(live)) == 1


def test_period_that_is_paid_later_revives_it(live: Live) -> None:
    """What was asked for on 1 April comes in on the same day: all of April is charged."""
    pay(live, "40.00")
    prepay(live)
    live.billing.set_profile(payment_provider="manual")
    live.billing.go_to("2026-04-01 12:00")
    (request,) = requests(live)
    settle(live, request.request_id)
    assert (live.amounts(), balance(live), live.billing.states()) == (
        [[3100], [3100]],
        0,
        {"main": _ACTIVE},
    )


def test_what_is_paid_for_a_period_pays_that_before_older_invoices(live: Live) -> None:
    """7.00 for usage of March are open: the 31.00 that were asked for April pay April."""
    pay(live, "31.00")
    prepay(live, "used")
    live.use("api.call", "7")
    live.billing.set_profile(payment_provider="manual")
    live.billing.go_to("2026-04-01 12:00")
    (request,) = requests(live)
    settle(live, request.request_id)
    assert (live.amounts(), balance(live), live.billing.states()) == (
        [[3100], [700], [3100]],
        0,
        {"main": _ACTIVE},
    )


def test_what_is_paid_for_another_payers_period_is_the_payers_balance(live: Live) -> None:
    """The group pays since, and has nothing: the subscription stays unpaid."""
    prepay(live)
    live.billing.set_profile(payment_provider="manual")
    (request,) = requests(live)
    live.account("group")
    live.billing.set_profile(payer="group")
    settle(live, request.request_id)
    assert (balance(live), live.billing.states()) == (3000, {"main": _UNPAID})


def test_what_is_paid_too_late_for_a_period_is_balance(live: Live) -> None:
    """It was ended meanwhile, which a request for a period does not hold up."""
    prepay(live)
    live.billing.set_profile(payment_provider="manual")
    (request,) = requests(live)
    move(live, "cancel")
    settle(live, request.request_id)
    assert (live.amounts(), balance(live)) == ([], 3000)


def test_each_time_somebody_is_asked_is_a_request_of_its_own(sqlite_billing: Billing) -> None:
    """At one instant: one that was declined stays so, whatever another method answers."""
    live = prepaid_in_sandbox(sqlite_billing, "decline")
    prepay(live)
    live.billing.set_profile(payment_method="accept")
    assert sorted(each.state.value for each in requests(live)) == ["declined", "paid"]


def test_upgrade_is_made_once_the_provider_has_paid(live: Live) -> None:
    """What the balance does not cover is asked for, and the change waits for it."""
    pay(live, "40.00")
    prepay(live)
    live.billing.set_profile(payment_provider="manual")
    waiting = upgrade(live).subscription.subscription.plan
    settle(live)
    assert (waiting, live.subscription().plan, balance(live)) == ("small", "big", 0)


def test_upgrade_of_a_lapsed_one_is_made_and_stays_unpaid(live: Live) -> None:
    """Nothing is due while nothing is held."""
    prepay(live)
    upgrade(live)
    assert (live.subscription().plan, live.billing.states()) == ("big", {"main": _UNPAID})


def test_feed_tells_that_it_lapsed_and_goes_on(live: Live) -> None:
    """Active, unpaid, active: each with its state, and entitlements follow."""
    pay(live, "31.00")
    prepay(live)
    live.billing.go_to("2026-04-16 12:00")
    pay(live, "31.00")
    told = [message for _, message in live.billing.told(events_pb2.SubscriptionChanged())]
    changes = [each for each in told if isinstance(each, events_pb2.SubscriptionChanged)]
    state = subscription_pb2.Subscription.State.Name
    assert [state(each.subscription.state) for each in changes] == [
        "STATE_ACTIVE",
        "STATE_UNPAID",
        "STATE_ACTIVE",
    ]


def test_lapsed_subscription_can_be_ended(live: Live) -> None:
    """Nothing is charged for it, later credit stays balance, and nothing waits for any."""
    prepay(live)
    move(live, "cancel")
    pay(live, "100.00")
    assert live.billing.database.read(lambda tx: lapsed_subscriptions(tx, ["acme"])) == set()
    assert (live.amounts(), balance(live), live.billing.states()) == (
        [],
        10000,
        {"main": SubscriptionState.ENDED},
    )


def test_lapsed_subscription_that_is_over_waits_for_no_credit(live: Live) -> None:
    """Its last day was stated from the start: what is paid after it is not tried on it."""
    prepay(live, ends="2026-03-10")
    live.billing.go_to("2026-03-10 00:00:03")
    assert live.billing.database.read(lambda tx: lapsed_subscriptions(tx, ["acme"])) == set()
