"""What a change of a subscription takes away: lower limits, and add-ons that are held no more.

Units:   limits are exact decimals with up to 9 decimals; None is without limit.
Source:  docs/decisions/0025-members-and-entitlements.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from billing_service.domain.entitlements import Entitlements, entitlements_at, next_turn_at
from billing_service.domain.quantities import ZERO
from billing_service.domain.subscribed_plan import SubscribedPlan

# At how many turns ahead a change is looked for.
TURNS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class EntitlementLoss:
    """Something of which less is given from an instant on.

    `before` and `after` are how much: an add-on, which no limit counts, is given without limit
    before (None).
    """

    code: str
    before: Decimal | None
    after: Decimal
    effective_at: int


def losses(
    before: SubscribedPlan, changed: SubscribedPlan, now: int
) -> tuple[EntitlementLoss, ...]:
    """What a change of a subscription takes away when it first makes a difference.

    Errors:  PlanVersionNotFound, PriceNotFound.
    """
    at: int | None = now
    for _ in range(TURNS_MAX):
        if at is None:
            break
        given, left = entitlements_at(before, at), entitlements_at(changed, at)
        if given != left:
            return tuple(lost(given, left, at))
        at = next_turn_at(changed, at)
    return ()


def lost(before: Entitlements, after: Entitlements, at: int) -> Iterator[EntitlementLoss]:
    """What is given less from an instant on, limits first; of what is not stated none is left."""
    limits = {each.code: each.quantity for each in after.limits}
    for each in before.limits:
        left = limits.get(each.code, ZERO)
        if left is not None and (each.quantity is None or left < each.quantity):
            yield EntitlementLoss(each.code, each.quantity, left, at)
    for code in before.features:
        if code not in after.features and code not in limits:
            yield EntitlementLoss(code, None, ZERO, at)
