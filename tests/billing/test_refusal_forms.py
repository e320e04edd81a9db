"""How refusals name what they are about, and what they advise."""

import pytest

from billing_service.domain.coupon_errors import CouponAlreadyExists
from billing_service.domain.errors import PlanAlreadyExists, TermsAlreadyExist
from billing_service.domain.payment_request_errors import PaymentRequestClosed
from billing_service.domain.refusals import Taken
from chassis.errors import ResourceInfo


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (PlanAlreadyExists("basic"), ResourceInfo("pospago/Plan", "plans/basic")),
        (TermsAlreadyExist("late"), ResourceInfo("pospago/Terms", "terms/late")),
        (CouponAlreadyExists("spring"), ResourceInfo("pospago/Coupon", "coupons/spring")),
    ],
)
def test_what_is_taken_is_of_the_same_type_as_what_is_missing(
    refusal: Taken, told: ResourceInfo
) -> None:
    """A program may read the type without knowing which of both was told."""
    assert refusal.detail == told


@pytest.mark.parametrize(("state", "is_asked_again"), [("paid", False), ("expired", True)])
def test_closed_payment_request_advises_by_its_outcome(state: str, is_asked_again: bool) -> None:
    """What was paid is not asked for again."""
    refused = PaymentRequestClosed("accounts/acme/paymentRequests/one", state)
    assert ("ask for the change again" in str(refused)) is is_asked_again
