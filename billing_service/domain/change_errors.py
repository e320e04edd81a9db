"""What is refused of changes of subscriptions."""

from enum import Enum
from typing import Final

from billing_service.domain.money import price_of
from billing_service.domain.refusals import BillingError, Fault, InTheWay, Missing
from chassis.errors import Kind, PreconditionFailure, QuotaFailure


class SubscriptionNotChangeable(InTheWay):
    """The subscription is an instance's, is over, or is paused or not as it would have to be."""

    reason = "SUBSCRIPTION_NOT_CHANGEABLE"

    def __init__(self, account: str, subscription: str, text: str) -> None:
        super().__init__(f"accounts/{account}/subscriptions/{subscription}", text)


class TooManyChanges(BillingError):
    """The subscription has as many changes as one may have."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "TOO_MANY_CHANGES"

    def __init__(self, account: str, subscription: str, most: int) -> None:
        name = f"accounts/{account}/subscriptions/{subscription}"
        text = f"has {most:,} changes, as many as one may have: cancel it, and subscribe anew"
        super().__init__(f"{name} {text}.", detail=QuotaFailure(name, text))


class ChangeNotFound(Missing):
    """There is no such change, or it was undone."""

    reason = "CHANGE_NOT_FOUND"

    def __init__(self, account: str, subscription: str, change_id: str) -> None:
        name = f"accounts/{account}/subscriptions/{subscription}"
        super().__init__(f"{change_id} of {name}")


class ChangeInEffect(InTheWay):
    """The change has taken effect: only a further change can alter what holds."""

    reason = "CHANGE_IN_EFFECT"

    def __init__(self, account: str, subscription: str, change_id: str) -> None:
        name = f"accounts/{account}/subscriptions/{subscription}"
        super().__init__(name, f"has had {change_id} in effect already: change it again instead")


class InvalidProration(Fault):
    """The mode does not go with what is asked for."""

    reason = "INVALID_PRORATION"

    def __init__(self, kind: str) -> None:
        text = (
            f"nothing begins that could be charged anew where a subscription is {kind}: "
            "prorate it, or choose MODE_NONE_UNTIL_RENEWAL"
        )
        super().__init__("proration.mode", text)


class PrepaymentNeeded(InTheWay):
    """The change of a prepaid subscription costs more than its payer's credit covers."""

    reason = "PREPAYMENT_NEEDED"

    def __init__(self, account: str, subscription: str, missing_minor: int, currency: str) -> None:
        missing = f"{price_of(missing_minor, currency):f} {currency}"
        super().__init__(
            f"accounts/{account}/subscriptions/{subscription}",
            f"is prepaid, and {missing} is missing for the change: pay that in, or grant credit",
        )


class PreviewTokenInvalid(Fault):
    """The token is none that a preview of this change gave out, or is too old."""

    reason = "PREVIEW_TOKEN_INVALID"

    def __init__(self, text: str) -> None:
        super().__init__("preview_token", f"{text}: preview the change again")


class Outdated(Enum):
    """What a preview follows from, and may have changed since."""

    SUBSCRIPTION = "subscription"
    CATALOGUE = "catalogue"
    PROFILE = "profile"
    LINES = "lines"


class PreviewOutdated(BillingError):
    """Something changed since the preview, so that another amount might be due."""

    kind = Kind.FAILED_PRECONDITION
    reason = "PREVIEW_OUTDATED"

    def __init__(self, account: str, subscription: str, changed: Outdated) -> None:
        name = f"accounts/{account}/subscriptions/{subscription}"
        text = f"is not as it was previewed: {_CHANGED[changed]}; preview the change again"
        detail = PreconditionFailure(self.reason, name, text)
        super().__init__(f"{name} {text}.", detail=detail, metadata={"changed": changed.value})


_CHANGED: Final = {
    Outdated.SUBSCRIPTION: "the subscription changed",
    Outdated.CATALOGUE: "a plan or price of it changed",
    Outdated.PROFILE: "a billing profile, tax or term of its payer changed",
    Outdated.LINES: "what is due now changed",
}
