"""Coupons and negotiated prices: who may hold them, and what they leave of an invoice."""

from decimal import Decimal
from typing import Any, Final

import pytest
from pospago.billing.v1 import coupon_pb2 as pb
from pospago.billing.v1 import events_pb2

from billing_service.domain.coupon import CouponState
from billing_service.domain.coupon_errors import (
    CouponAlreadyExists,
    CouponNotActive,
    CouponNotFound,
    CouponNotRedeemable,
    InvalidCoupon,
    InvalidPriceOverrides,
)
from billing_service.domain.errors import CurrencyUnknown, PlanNotFound
from billing_service.domain.negotiated import AgreedPrice, PriceOverride
from billing_service.domain.price import AmountDiscount, Licensed, PercentDiscount, Price, Recurring
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.proration import ProrationMode
from billing_service.domain.subscription import Subscription
from billing_service.use_cases.create_subscription import CREATE_SUBSCRIPTION
from billing_service.use_cases.deactivate_coupon import DEACTIVATE_COUPON, DeactivateCoupon
from billing_service.use_cases.explain_line import explain_line
from tests.billing.builders import Billing, at
from tests.billing.one_off.charging import charge, retainer
from tests.billing.one_off.coupons import create_coupon, stored_coupon
from tests.billing.subscribing.changing import change, move
from tests.billing.subscribing.live import Live, command_of, plan_of

BASE: Final = Price("base", "USD", Recurring(), Flat(Decimal(100)))
SEATS: Final = Price("seats", "USD", Licensed("seat"), PerUnit(Decimal(15)))
FIVE_OFF: Final[dict[str, Any]] = {
    "discount": AmountDiscount(Decimal(5)),
    "currency": "USD",
    "prices": ("base",),
}


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account, and a plan with a fee and seats."""
    return Live.on(sqlite_billing, plan_of(BASE, SEATS))


def subscribe(live: Live, *coupons: str, account: str = "acme", **more: Any) -> Subscription:
    """A subscription with ten seats, and coupons or negotiated prices."""
    command = command_of("pro", {"seats": 10}, account=account)
    stated = {name: getattr(command, name) for name in command.__slots__} | more
    wanted = type(command)(**{**stated, "coupons": coupons})
    return live.billing.do(CREATE_SUBSCRIPTION, wanted).subscription


def agreed(code: str, unit_price: str) -> PriceOverride:
    return PriceOverride(code, AgreedPrice(Decimal(unit_price)))


def test_subscription_holds_what_was_agreed(live: Live) -> None:
    """Coupons and negotiated prices come back from the store, in their order."""
    create_coupon(live.billing)
    create_coupon(live.billing, "five", **FIVE_OFF)
    overrides = (agreed("base", "80"), PriceOverride("seats", PercentDiscount(Decimal("12.5"))))
    subscribe(live, "welcome", "five", price_overrides=overrides)
    (holding,) = live.subscription().holdings
    assert (holding.coupons, holding.price_overrides) == (("welcome", "five"), overrides)


def test_coupon_counts_who_redeemed_it(live: Live) -> None:
    """Each subscription that comes to hold it counts once."""
    create_coupon(live.billing)
    live.account("bravo")
    for account in ("acme", "bravo"):
        subscribe(live, "welcome", account=account)
    assert stored_coupon(live.billing).redemptions_count == 2


def test_each_change_of_a_coupon_is_told(live: Live) -> None:
    """Created, redeemed and deactivated; what is tried out in a sandbox is not told."""
    create_coupon(live.billing)
    subscribe(live, "welcome")
    live.billing.do(DEACTIVATE_COUPON, DeactivateCoupon("welcome"))
    told: list[Any] = [each for _, each in live.billing.told(events_pb2.CouponChanged)]
    assert [(each.coupon.redemptions_count, each.coupon.state) for each in told] == [
        (0, pb.Coupon.STATE_ACTIVE),
        (1, pb.Coupon.STATE_ACTIVE),
        (1, pb.Coupon.STATE_DEACTIVATED),
    ]


def test_sandbox_does_not_use_a_coupon_up(live: Live) -> None:
    """What is tried out there counts for nothing."""
    create_coupon(live.billing, redemptions_max=1)
    live.billing.sandbox("trying")
    live.billing.account("probe", sandbox="trying")
    live.billing.set_profile("probe", currency="USD")
    subscribe(live, "welcome", account="probe")
    assert stored_coupon(live.billing).redemptions_count == 0


def test_refused_subscription_redeems_nothing(live: Live) -> None:
    """Of two coupons one is not there: neither is used."""
    create_coupon(live.billing)
    with pytest.raises(CouponNotFound):
        subscribe(live, "welcome", "other")
    assert stored_coupon(live.billing).redemptions_count == 0


REFUSED: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "other plan": ({"plans": ("lite",)}, "is not for plans/pro"),
    "other currency": ({**FIVE_OFF, "currency": "BRL"}, "is in BRL, and the account"),
    "over": ({"redeem_before_at": at("2026-03-02")}, "redeem_before_time"),
}


@pytest.mark.parametrize(("stated", "told"), REFUSED.values(), ids=REFUSED)
def test_coupon_is_refused_that_does_not_apply(
    live: Live, stated: dict[str, Any], told: str
) -> None:
    """For another plan or currency, or when its time is over."""
    live.billing.plan(plan_of(BASE, plan="lite"))
    create_coupon(live.billing, **stated)
    with pytest.raises(CouponNotRedeemable, match=told):
        subscribe(live, "welcome")


def test_coupon_is_redeemed_no_more_often_than_it_may(live: Live) -> None:
    """The second of two in one list of commands is refused."""
    create_coupon(live.billing, redemptions_max=1)
    live.account("bravo")
    subscribe(live, "welcome")
    with pytest.raises(CouponNotRedeemable, match="redeemed 1 times"):
        subscribe(live, "welcome", account="bravo")


def test_deactivated_coupon_is_refused_and_kept_by_who_holds_it(live: Live) -> None:
    """Whoever holds it goes on holding it."""
    create_coupon(live.billing)
    live.account("bravo")
    subscribe(live, "welcome")
    coupon = live.billing.do(DEACTIVATE_COUPON, DeactivateCoupon("welcome"))
    assert coupon.state is CouponState.DEACTIVATED
    with pytest.raises(CouponNotRedeemable, match="was deactivated"):
        subscribe(live, "welcome", account="bravo")
    assert live.subscription().holdings[0].coupons == ("welcome",)


def test_coupon_is_deactivated_once(live: Live) -> None:
    """A second time it is told so; one that is not there is told, too."""
    create_coupon(live.billing)
    live.billing.do(DEACTIVATE_COUPON, DeactivateCoupon("welcome"))
    with pytest.raises(CouponNotActive):
        live.billing.do(DEACTIVATE_COUPON, DeactivateCoupon("welcome"))
    with pytest.raises(CouponNotFound):
        live.billing.do(DEACTIVATE_COUPON, DeactivateCoupon("other"))


def test_coupon_id_is_taken_once(live: Live) -> None:
    """Nothing of a coupon is changed later."""
    create_coupon(live.billing)
    with pytest.raises(CouponAlreadyExists):
        create_coupon(live.billing)


IMPOSSIBLE: Final[dict[str, tuple[dict[str, Any], type[Exception]]]] = {
    "no percent": ({"discount": PercentDiscount(Decimal(0))}, InvalidCoupon),
    "percent in a currency": ({"currency": "USD"}, InvalidCoupon),
    "amount in no currency": ({**FIVE_OFF, "currency": ""}, InvalidCoupon),
    "amount off all prices": ({**FIVE_OFF, "prices": ()}, InvalidCoupon),
    "no amount": ({**FIVE_OFF, "discount": AmountDiscount(Decimal(0))}, InvalidCoupon),
    "currency unknown": ({**FIVE_OFF, "currency": "XXX"}, CurrencyUnknown),
    "plan unknown": ({"plans": ("other",)}, PlanNotFound),
}


@pytest.mark.parametrize(("stated", "refusal"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_impossible_coupon_is_refused(
    live: Live, stated: dict[str, Any], refusal: type[Exception]
) -> None:
    """Whatever it is, it is not stored."""
    with pytest.raises(refusal):
        create_coupon(live.billing, **stated)


def test_negotiated_price_must_be_one_of_the_plan(live: Live) -> None:
    """What is agreed about a price that the plan does not have is refused."""
    with pytest.raises(InvalidPriceOverrides, match=r"subscription\.price_overrides\[0\]\.price"):
        subscribe(live, price_overrides=(agreed("other", "1"),))


def test_negotiated_prices_are_charged(live: Live) -> None:
    """80 instead of 100, and 10 seats of 15 with 20% off: 120."""
    overrides = (agreed("base", "80"), PriceOverride("seats", PercentDiscount(Decimal(20))))
    subscribe(live, price_overrides=overrides)
    live.billing.go_to("2026-04-01 00:00:03")
    assert live.amounts() == [[8000, 12000]]


def test_coupon_takes_its_part_off_for_its_periods(live: Live) -> None:
    """10% for two months, and 5 off the fee in the first one."""
    create_coupon(live.billing, periods_count=2)
    create_coupon(live.billing, "five", **(FIVE_OFF | {"periods_count": 1}))
    subscribe(live, "welcome", "five")
    live.billing.go_to("2026-06-01 00:00:03")
    assert live.amounts() == [[8500, 13500], [9000, 13500], [10000, 15000]]


def test_coupon_that_waits_for_renewal_is_not_used_up(live: Live) -> None:
    """Asked for in March without a charge until April, it is for April."""
    create_coupon(live.billing, periods_count=1)
    subscribe(live)
    mode = ProrationMode.NONE_UNTIL_RENEWAL
    change(live, "pro", {"seats": 10}, mode=mode, coupons=("welcome",))
    live.billing.go_to("2026-06-01 00:00:03")
    assert live.amounts() == [[10000, 15000], [9000, 13500], [10000, 15000]]


def test_pause_uses_no_coupon_up(live: Live) -> None:
    """Two months: March, and after a pause of two months June."""
    create_coupon(live.billing, periods_count=2)
    subscribe(live, "welcome")
    move(live, "pause", "2026-04-01")
    live.billing.go_to("2026-06-01 12:00")
    move(live, "resume", "2026-06-01")
    live.billing.go_to("2026-08-01 00:00:03")
    assert live.amounts() == [[9000, 13500], [9000, 13500], [10000, 15000]]


def test_explanation_names_what_was_taken_off(live: Live) -> None:
    """The charge keeps the price that it was rated by, whatever becomes of the coupon."""
    create_coupon(live.billing, display_name="Spring")
    subscribe(live, "welcome", price_overrides=(agreed("base", "80"),))
    live.billing.go_to("2026-04-01 00:00:03")
    invoice, now = live.billing.invoice().invoice.invoice_id, live.billing.clock.now()
    found = live.billing.database.read(lambda tx: explain_line(tx, "acme", invoice, 1, now))
    assert found.explanation is not None
    assert found.explanation.steps == (
        "base: one for each period.",
        "Flat: 80.",
        "Coupon Spring: 10% off, 8, leaves 72.",
        "It comes to USD 72.00.",
    )


def test_rate_card_is_as_negotiated(live: Live) -> None:
    """An hour beyond the included ones costs 120 less 10%, as the subscription's prices do."""
    live.billing.plan(retainer())
    create_coupon(live.billing)
    command = command_of("retainer", subscription="help")
    stated = {name: getattr(command, name) for name in command.__slots__}
    stated |= {"coupons": ("welcome",), "price_overrides": (agreed("consulting", "120"),)}
    live.billing.do(CREATE_SUBSCRIPTION, type(command)(**stated))
    assert charge(live, quantity=6, subscription="help").amount_minor == 10800
