"""Changes of subscriptions as tests ask for them."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from billing_service.domain.proration import Granularity, ProrationMode
from billing_service.domain.quantities import Held, Quantities
from billing_service.domain.subscription import Subscription
from billing_service.domain.subscription_change import Asked, Moment, ProrationAsked, When
from billing_service.domain.subscription_facts import FactKind, PlanHolding
from billing_service.use_cases.change_subscription import (
    CANCEL_SUBSCRIPTION,
    CHANGE_SUBSCRIPTION,
    PAUSE_SUBSCRIPTION,
    RESUME_SUBSCRIPTION,
    Changed,
    ChangeSubscription,
)
from billing_service.use_cases.undo_subscription_change import (
    UNDO_SUBSCRIPTION_CHANGE,
    UndoSubscriptionChange,
)
from tests.billing.builders import at, day
from tests.billing.subscribing.live import Live

_MOVES = {
    "cancel": (CANCEL_SUBSCRIPTION, FactKind.CANCELLED),
    "pause": (PAUSE_SUBSCRIPTION, FactKind.PAUSED),
    "resume": (RESUME_SUBSCRIPTION, FactKind.UNPAUSED),
}


def when_of(text: str) -> When:
    """When something takes effect: '' now, `renewal`, a day, or a time in São Paulo."""
    if text in ("", "renewal"):
        return Moment.RENEWAL if text else Moment.NOW
    return at(text) if " " in text else day(text)


def change_of(
    plan: str = "pro",
    held: Mapping[str, str | int] | None = None,
    *,
    when: str = "",
    mode: ProrationMode | None = None,
    by: Granularity | None = None,
    etag: str = "",
    account: str = "acme",
    subscription: str = "main",
    **more: Any,
) -> ChangeSubscription:
    """A change of what a subscription holds; `more` is of the holding."""
    quantities = tuple(Held(code, Decimal(value)) for code, value in (held or {}).items())
    holding = PlanHolding(plan, held=quantities, **more)
    asked = Asked(FactKind.CHANGED, when_of(when), holding, ProrationAsked(mode, by))
    return ChangeSubscription(account, subscription, asked, etag, Quantities(held=quantities))


def change(live: Live, plan: str = "pro", held: Any = None, **more: Any) -> Subscription:
    """Change what a subscription holds."""
    return changed(live, plan, held, **more).subscription.subscription


def changed(live: Live, plan: str = "pro", held: Any = None, **more: Any) -> Changed:
    """The same, with what is invoiced at once."""
    return live.billing.do(CHANGE_SUBSCRIPTION, change_of(plan, held, **more))


def move(
    live: Live,
    verb: str,
    when: str = "",
    *,
    mode: ProrationMode | None = None,
    by: Granularity | None = None,
    etag: str = "",
    subscription: str = "main",
    request: str = "",
) -> Changed:
    """Cancel, pause or resume a subscription."""
    use_case, kind = _MOVES[verb]
    asked = Asked(kind, when_of(when), proration=ProrationAsked(mode, by))
    command = ChangeSubscription("acme", subscription, asked, etag, payment_request=request)
    return live.billing.do(use_case, command)


def undo(live: Live, ordinal: int, etag: str = "") -> Subscription:
    """Take back a change that has not taken effect."""
    command = UndoSubscriptionChange("acme", "main", ordinal, etag)
    return live.billing.do(UNDO_SUBSCRIPTION_CHANGE, command).subscription.subscription


def begins(subscription: Subscription) -> list[int]:
    """When each phase of a subscription begins."""
    return [each.start_at for each in subscription.phases()]


def month_of(text: str) -> date:
    """The first day of the month of a day."""
    return day(text).replace(day=1)
