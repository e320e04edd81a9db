"""Changes that are made once they are paid: what is asked for, and what each answer brings."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from pospago.billing.v1 import events_pb2

from billing_service.domain.errors import PaymentAlreadyExists, ValueDateInFuture
from billing_service.domain.payment_provider import check_provider
from billing_service.domain.payment_request import PaymentRequestState
from billing_service.domain.payment_request_errors import (
    PaymentMethodRefused,
    PaymentPending,
    PaymentProviderUnknown,
    PaymentRequestClosed,
    PaymentRequestNotFound,
)
from billing_service.domain.price import Fixed, Licensed, Limit, Price, Recurring, Schedule, Timing
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.proration import ProrationMode
from billing_service.domain.subscription import SubscriptionState
from billing_service.use_cases.change_subscription import CHANGE_SUBSCRIPTION
from billing_service.use_cases.preview_change import preview_change
from billing_service.use_cases.settle_payment_request import (
    SETTLE_PAYMENT_REQUEST,
    SettlePaymentRequest,
)
from tests.billing.builders import Billing, day
from tests.billing.subscribing.changing import change, change_of, move, undo
from tests.billing.subscribing.live import Live, plan_of
from tests.billing.subscribing.paying import (
    balance,
    cancel,
    decline,
    requests,
    settle,
    upgrade,
)

AHEAD: Final = Schedule(timing=Timing.ADVANCE)
SMALL: Final = plan_of(
    Price("base", "USD", Recurring(), Flat(Decimal(31)), schedule=AHEAD), plan="small"
)
BIG: Final = plan_of(
    Price("base", "USD", Recurring(), Flat(Decimal(62)), schedule=AHEAD),
    Price("seats", "USD", Licensed("seat"), PerUnit(Decimal(10)), schedule=AHEAD),
    plan="big",
    limits=(Limit("devices", "", Fixed(Decimal(5)), ""),),
)


def begun(billing: Billing, provider: str, method: str = "", sandbox: str = "") -> Live:
    """An account on the small plan since 1 March, whose provider collects; 2 March, 09:00."""
    found = Live.on(billing, SMALL, BIG) if not sandbox else _in_sandbox(billing, sandbox)
    billing.set_profile("acme", payment_provider=provider, payment_method=method)
    found.subscribe("small")
    return found


def _in_sandbox(billing: Billing, sandbox: str) -> Live:
    for each in (SMALL, BIG):
        billing.plan(each)
    billing.sandbox(sandbox)
    billing.account("acme", sandbox=sandbox)
    billing.set_profile("acme", currency="USD")
    return Live(billing)


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """The account, whose requests are settled by hand."""
    return begun(sqlite_billing, "manual")


def test_change_waits_for_its_payment(live: Live) -> None:
    """What is due at once is asked for; nothing is invoiced, and the plan is as it was."""
    done = upgrade(live)
    assert (live.subscription().plan, live.amounts()) == ("small", [])
    assert done.payment_request == requests(live)[0]
    assert done.payment_request.amount_minor == 6200


def test_paid_change_is_made_as_of_when_it_was_asked_for(live: Live) -> None:
    """It holds since then, and its invoice is settled by the payment."""
    asked_at = live.billing.clock.now()
    upgrade(live)
    live.billing.go_to("2026-03-02 15:00")
    settled = settle(live)
    facts = live.subscription().facts
    assert (facts[-1].effective_at, live.subscription().plan) == (asked_at, "big")
    assert live.billing.invoice().settlement.settled_on == day("2026-03-02")
    assert (settled.payment, settled.note, balance(live)) == ("r1", "", 0)


def test_declined_change_is_not_made(live: Live) -> None:
    """Nothing changes, and the request says why."""
    upgrade(live)
    declined = decline(live)
    assert (declined.state, declined.note) == (PaymentRequestState.DECLINED, "no funds")
    assert (live.subscription().plan, live.amounts()) == ("small", [])


def test_cancelled_request_lets_the_next_change_be_asked_for(live: Live) -> None:
    """A change is asked for once the one before is out of the way."""
    upgrade(live)
    cancel(live)
    upgrade(live, held={"seats": 1}, request="r2")
    assert [each.state.value for each in requests(live)] == ["cancelled", "pending"]


def test_other_changes_wait_meanwhile(live: Live) -> None:
    """While a change waits for its payment, there is no other."""
    upgrade(live)
    with pytest.raises(PaymentPending):
        move(live, "pause")


def test_request_that_nobody_answers_expires(live: Live) -> None:
    """After a day it is over, and cannot be settled."""
    upgrade(live)
    live.billing.go_to("2026-03-03 09:00")
    with pytest.raises(PaymentRequestClosed):
        settle(live)
    assert requests(live)[0].state is PaymentRequestState.EXPIRED


@pytest.mark.parametrize("close", [settle, decline, cancel])
def test_answer_is_given_once(live: Live, close: object) -> None:
    """What was settled, declined or cancelled is not settled again."""
    upgrade(live)
    close(live)  # type: ignore[operator]
    with pytest.raises(PaymentRequestClosed):
        settle(live)


def test_payment_of_what_costs_another_amount_now_is_balance(live: Live) -> None:
    """The subscription has changed since: the money stays the payer's, and the request says so."""
    change(live, "big", when="renewal")
    upgrade(live)
    undo(live, 2)
    settled = settle(live)
    assert (settled.state, live.subscription().plan) == (PaymentRequestState.PAID, "small")
    assert (balance(live), "the subscription changed" in settled.note) == (6200, True)


def test_payment_of_less_than_is_due_by_then_is_balance(live: Live) -> None:
    """Credit that covered a part of it was used elsewhere: a part is not enough."""
    live.billing.pay("20.00", value_on="2026-03-02", payment="p1", currency="USD")
    upgrade(live)
    live.billing.reverse("p1")
    settled = settle(live)
    assert (requests(live)[0].amount_minor, live.subscription().plan) == (4200, "small")
    assert (balance(live), "what is due now changed" in settled.note) == (4200, True)


def test_what_credit_covers_is_not_asked_for(live: Live) -> None:
    """A payer with enough balance is asked for nothing."""
    live.billing.pay("62.00", value_on="2026-03-02", currency="USD")
    done = upgrade(live)
    assert (done.payment_request, live.subscription().plan) == (None, "big")


def test_change_that_makes_nothing_due_is_made_at_once(live: Live) -> None:
    """What is on the next invoice needs no payment before."""
    change(live, "big")
    assert (requests(live), live.subscription().plan) == ([], "big")


def test_accepted_payment_makes_the_change_at_once(sqlite_billing: Billing) -> None:
    """The provider has the money: invoice, payment and change are there together."""
    live = begun(sqlite_billing, "test", "accept", "toy")
    done = upgrade(live)
    assert done.payment_request is not None
    assert done.payment_request.state is PaymentRequestState.PAID
    assert done.invoices[0][1].settled_on == day("2026-03-02")
    assert live.subscription().plan == "big"


def test_declined_card_changes_nothing(sqlite_billing: Billing) -> None:
    """The provider declines at once: no invoice, no fact, and the reason is told."""
    live = begun(sqlite_billing, "test", "decline", "toy")
    done = upgrade(live)
    assert done.payment_request is not None
    assert done.payment_request.state is PaymentRequestState.DECLINED
    assert (len(live.subscription().facts), live.amounts()) == (1, [])


def test_pending_request_and_its_outcome_are_told(live: Live) -> None:
    """Whoever collects follows the feed: the request, then its outcome."""
    upgrade(live)
    settle(live)
    told = live.billing.told(events_pb2.PaymentRequested(), events_pb2.PaymentRequestClosed())
    assert [type(each).__name__ for _, each in told] == ["PaymentRequested", "PaymentRequestClosed"]


def test_change_that_takes_effect_later_waits_for_its_payment_then(live: Live) -> None:
    """It is withdrawn when it would take effect, and made as of then once it is paid."""
    upgrade(live, when="2026-03-10 12:00")
    live.billing.go_to("2026-03-10 13:00")
    assert (live.subscription().plan, live.amounts()) == ("small", [])
    (request,) = requests(live)
    settled = settle(live, request.request_id)
    assert (settled.note, live.subscription().plan) == ("", "big")
    assert live.billing.invoice().settlement.settled_on == day("2026-03-10")


def test_change_that_takes_effect_later_is_made_if_accepted(sqlite_billing: Billing) -> None:
    """The provider is asked at that instant, and has the money."""
    live = begun(sqlite_billing, "test", "accept", "toy")
    upgrade(live, when="2026-03-10 12:00")
    live.billing.step("toy", "2026-03-10 13:00")
    assert live.subscription().plan == "big"
    assert live.billing.invoice().settlement.settled_on == day("2026-03-10")


@pytest.mark.parametrize(
    "values",
    [{"billing_email": "new@acme.example"}, {"payment_method": "other"}, {"hold_invoices": True}],
    ids=lambda values: next(iter(values)),
)
def test_edit_that_no_invoice_follows_from_lets_the_change_be_made(
    live: Live, values: dict[str, Any]
) -> None:
    """The money was asked for what is charged, and that is the same."""
    upgrade(live)
    live.billing.set_profile("acme", **values)
    assert (settle(live).note, live.subscription().plan) == ("", "big")


def test_edit_that_is_printed_on_the_invoice_lets_it_not_be_made(live: Live) -> None:
    """Somebody agreed to an invoice for another name: the money is balance."""
    upgrade(live)
    live.billing.set_profile("acme", legal_name="Acme Holding")
    assert ("profile" in settle(live).note, live.subscription().plan) == (True, "small")


def test_changes_of_one_instant_are_made_together_once_they_are_paid(live: Live) -> None:
    """Resumed and upgraded on the 10th: what both come to is asked for once, and brings both."""
    now = ProrationMode.PRORATE_NOW
    move(live, "pause", "2026-03-05", mode=ProrationMode.PRORATE_NEXT_INVOICE)
    move(live, "resume", "2026-03-10", mode=now)
    upgrade(live, when="2026-03-10", mode=now)
    live.billing.go_to("2026-03-10 12:00")
    before = live.billing.states()
    (request,) = requests(live)
    paid = settle(live, request.request_id)
    assert (before, live.billing.states()) == (
        {"main": SubscriptionState.PAUSED},
        {"main": SubscriptionState.ACTIVE},
    )
    assert (paid.note, live.subscription().plan, balance(live)) == ("", "big", 0)


def test_change_that_takes_effect_later_is_withdrawn_if_declined(sqlite_billing: Billing) -> None:
    """Nothing of it is charged, then or at the close."""
    live = begun(sqlite_billing, "test", "decline", "toy")
    upgrade(live, when="2026-03-10 12:00")
    live.billing.step("toy", "2026-03-10 13:00")
    assert (live.subscription().plan, requests(live)[0].state.value) == ("small", "declined")


def test_declined_change_entitles_to_nothing(sqlite_billing: Billing) -> None:
    """What was scheduled and declined is never told as something to have."""
    live = begun(sqlite_billing, "test", "decline", "toy")
    upgrade(live, when="2026-03-10 12:00")
    live.billing.step("toy", "2026-03-10 13:00")
    told: list[tuple[int, Any]] = live.billing.told(events_pb2.EntitlementsChanged())
    assert not any(each.limits for _, each in told)


def test_payer_is_asked_for_accounts_that_it_pays_for(live: Live) -> None:
    """The request is the payer's, whose provider collects."""
    live.account("branch", payer="acme")
    live.subscribe("small", account="branch")
    upgrade(live, account="branch")
    (request,) = requests(live)
    settle(live)
    assert request.subscription == ("branch", "main")
    assert live.subscription("branch").plan == "big"


def test_confirmed_preview_is_paid_however_late(live: Live) -> None:
    """The token confirms the amount; the payment may come when the token is too old to use."""
    asked = change_of("big", mode=ProrationMode.DIFFERENCE_NOW)
    now = live.billing.clock.now()
    found = live.billing.database.read(lambda tx: preview_change(tx, asked, now))
    confirmed = replace(asked, previewed=found.previewed, payment_request="r1")
    live.billing.do(CHANGE_SUBSCRIPTION, confirmed)
    live.billing.go_to("2026-03-02 20:00")
    settle(live)
    assert live.subscription().facts[-1].effective_at == now


def test_end_that_costs_something_is_paid_first(live: Live) -> None:
    """What an end makes due at once is asked for as that of a change is."""
    done = move(live, "cancel", mode=ProrationMode.PRORATE_NOW, request="r1")
    assert done.payment_request is not None
    settle(live)
    assert done.payment_request.amount_minor == 100
    assert live.billing.states() == {"main": SubscriptionState.ENDED}


def test_second_request_of_a_batch_is_refused(live: Live) -> None:
    """Two changes in one transaction: the second sees that the first waits."""
    asked = change_of("big", mode=ProrationMode.DIFFERENCE_NOW)
    both = [replace(asked, payment_request=each) for each in ("r1", "r2")]
    _, second = live.billing.do_all(CHANGE_SUBSCRIPTION, both)
    assert isinstance(second, PaymentPending)


def test_payment_of_the_same_id_is_in_the_way(live: Live) -> None:
    """A payment that was recorded by hand under the request's id is not written over."""
    upgrade(live)
    live.billing.pay("1.00", value_on="2026-03-02", payment="r1", currency="USD")
    with pytest.raises(PaymentAlreadyExists):
        settle(live)


def test_value_date_lies_not_ahead(live: Live) -> None:
    """Money of tomorrow is not there."""
    upgrade(live)
    command = SettlePaymentRequest("acme", "r1", day("2026-03-03"))
    with pytest.raises(ValueDateInFuture):
        live.billing.do(SETTLE_PAYMENT_REQUEST, command)


@pytest.mark.parametrize("close", [settle, cancel])
def test_unknown_request_is_refused(live: Live, close: object) -> None:
    """There is nothing to settle or cancel."""
    with pytest.raises(PaymentRequestNotFound):
        close(live, "nothing")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("provider", "method", "in_sandbox", "refusal"),
    [
        ("none-such", "", True, PaymentProviderUnknown),
        ("test", "accept", False, PaymentProviderUnknown),
        ("test", "", True, PaymentMethodRefused),
        ("test", "visa", True, PaymentMethodRefused),
        ("", "visa", True, PaymentMethodRefused),
    ],
)
def test_provider_and_method_are_checked(
    provider: str, method: str, in_sandbox: bool, refusal: type[Exception]
) -> None:
    """A provider that is unknown or moves no real money, and a method it does not know."""
    with pytest.raises(refusal):
        check_provider(provider, method, in_sandbox=in_sandbox)
