"""What a change of a subscription would come to: due at once, on the next invoice, and a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from billing_service.domain.calendar import civil_day
from billing_service.domain.entitlement_losses import EntitlementLoss, losses
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.plan import Plan
from billing_service.domain.previewed import Previewed
from billing_service.storage.queries import SubscriptionInFull
from billing_service.use_cases.change_subscription import ChangeSubscription, decide
from billing_service.use_cases.gathering_previews import facts_after, gather_previewed
from billing_service.use_cases.preview_invoice import Preview, preview_from
from billing_service.use_cases.previewing import preview_of
from chassis.database import Transaction


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change would come to as of an instant; `previewed` is what that follows from.

    `today` is the account's, `plans` those that may be on the invoices, `losses` what the account
    may have less of.
    """

    subscription: SubscriptionInFull
    due_now: tuple[IssuedInvoice, ...]
    following: Preview
    previewed: Previewed
    today: date
    plans: Mapping[str, Plan]
    losses: tuple[EntitlementLoss, ...] = ()


def preview_change(tx: Transaction, command: ChangeSubscription, now: int) -> ChangePreview:
    """What the change would come to, by the very function that changes; nothing is written.

    Errors:  whatever the change would be refused for.
    """
    gathered = gather_previewed(tx, command)
    facts = gathered.changing
    effects = decide(facts, command, now)
    changed = effects.result
    due_now = tuple(issued for issued, _ in changed.invoices)
    plans = changed.subscription.subscription.plans
    before = facts.subscriptions[command.key]
    payer = facts.profiles[command.account].paid_by
    following = facts_after(tx, gathered, effects.changes)
    return ChangePreview(
        subscription=changed.subscription,
        due_now=due_now,
        following=preview_from(tx, following, payer, now),
        previewed=preview_of(facts, before, due_now, plans=plans, at=now),
        today=civil_day(now, facts.accounts[command.account].time_zone),
        plans=facts.plans,
        losses=losses(
            facts.subscribed(before, now),
            facts.subscribed(changed.subscription.subscription, now),
            now,
        ),
    )
