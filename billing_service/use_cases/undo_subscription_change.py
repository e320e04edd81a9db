"""Takes back a change of a subscription that has not taken effect."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from billing_service.domain.subscription_change import withdrawal
from billing_service.storage import gathering
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.change_subscription import Changed, effects_of
from billing_service.use_cases.changing import changeable, follow, gather_changing, with_fact
from billing_service.use_cases.standings import Outcome
from chassis.database import Transaction
from chassis.use_case import Effects, Scope, UseCase


@dataclass(frozen=True, slots=True)
class UndoSubscriptionChange:
    """A change, by its place among the facts, is never to take effect. `etag` '': in any state."""

    account: str
    subscription_id: str
    ordinal: int
    etag: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The account and id of the subscription."""
        return (self.account, self.subscription_id)


def gather(tx: Transaction, commands: Sequence[UndoSubscriptionChange]) -> Facts:
    """The subscriptions with all that prices them."""
    facts = Facts()
    gather_changing(tx, facts, {command.key for command in commands})
    return facts


def decide(facts: Facts, command: UndoSubscriptionChange, now: int) -> Effects[Changed]:
    """Take the change back, and see to what follows from that.

    Errors:  SubscriptionNotFound, SubscriptionNotChangeable, EtagMismatch, ChangeNotFound,
             ChangeInEffect.
    """
    before = changeable(facts, command.key, command.etag)
    fact = withdrawal(before, command.ordinal, now)
    after, outcome = facts.overlay(), Outcome()
    changed = with_fact(after, before, fact, now)
    follow(after, before, changed, now=now, outcome=outcome)
    return effects_of(after, changed, [], now=now, outcome=outcome)


UNDO_SUBSCRIPTION_CHANGE: Final[UseCase[UndoSubscriptionChange, Facts, Changed]] = UseCase(
    name="undo_subscription_change",
    scope=lambda command: Scope(accounts=(command.account,)),
    gather=gather,
    decide=decide,
    apply=save,
    widen=lambda tx, command: tuple(sorted(gathering.payers_of(tx, [command.account]))),
)
