"""What is refused of subscriptions to a plan."""

from datetime import date

from billing_service.domain.errors import PriceNotFound
from billing_service.domain.money import price_of
from billing_service.domain.refusals import Fault, InTheWay, Taken
from billing_service.domain.review import ReviewKey


class SubscriptionAlreadyExists(Taken):
    """The subscription's id is taken: by another one, or by an instance."""

    reason = "SUBSCRIPTION_ALREADY_EXISTS"

    def __init__(self, account: str, subscription: str) -> None:
        super().__init__(
            f"accounts/{account}/subscriptions/{subscription}", "choose another subscription_id"
        )


class PlanNotSubscribable(InTheWay):
    """The plan has something that a subscription of its own cannot be charged for."""

    reason = "PLAN_NOT_SUBSCRIBABLE"

    def __init__(self, plan: str, text: str) -> None:
        super().__init__(f"plans/{plan}", f"{text}; choose a plan without that")


class PriceUnchargeable(PriceNotFound):
    """A version that came since has something that a subscription cannot be charged for."""

    def __init__(self, plan: str, text: str, month: date) -> None:
        remedy = "by a price change, have another version of it price the account"
        InTheWay.__init__(self, f"plans/{plan}", f"{text}, and {month:%Y-%m} is charged: {remedy}")


class AmountTooLarge(InTheWay):
    """A price costs more in a service period than anything may be charged for."""

    reason = "AMOUNT_TOO_LARGE"

    def __init__(
        self, key: ReviewKey, amount_minor: int, currency: str, *, is_metered: bool
    ) -> None:
        remedy = "void or amend the events"
        if not is_metered:
            remedy = "by a price change, have another version of its plan price the account"
        super().__init__(
            f"accounts/{key.account}/subscriptions/{key.subscription}",
            # Of the cause of a parked account some 200 characters are kept.
            f"costs {price_of(amount_minor, currency):f} {currency} by price {key.price} from "
            f"{key.period_start_on.isoformat()} on, too much to charge: {remedy}",
        )


class InvalidDates(Fault):
    """The dates lie too far back or ahead, or not one after the other."""

    reason = "INVALID_DATES"


class UsageAlreadyPriced(InTheWay):
    """Another subscription prices the same part of a meter's usage on some of the days."""

    reason = "USAGE_ALREADY_PRICED"

    def __init__(self, account: str, other: str, *, meter: str, price: str) -> None:
        text = (
            f"prices usage of meters/{meter} that {price} would price as well: end it first, "
            "begin later, or choose a plan whose filters let other usage through"
        )
        super().__init__(f"accounts/{account}/subscriptions/{other}", text)
