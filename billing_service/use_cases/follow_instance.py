"""Takes in what happens to instances as facts of their subscriptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from billing_service.domain.events import SubscriptionChanged
from billing_service.domain.subscription import (
    Fact,
    FactKind,
    Subscription,
    begin,
    continued,
    instance_subscription_ids,
)
from billing_service.domain.subscription_errors import SubscriptionAlreadyExists
from billing_service.storage import gathering, gathering_documents
from billing_service.storage.facts import Facts
from billing_service.storage.saving import save
from billing_service.use_cases.standings import Outcome, restate
from billing_service.use_cases.timers import closing_timers
from chassis.database import Transaction
from chassis.errors import AccountNotFound
from chassis.use_case import Effects, Event, Scope, UseCase


@dataclass(frozen=True, slots=True)
class FollowInstance:
    """Something happened to an instance that may concern what is billed for it.

    `plan` and `band` are those of a subscription that begins, '' and 0 otherwise.
    """

    account: str
    instance: str
    kind: FactKind
    effective_at: int
    plan: str = ""
    band: int = 0
    first_billed_month: date | None = None


def gather(tx: Transaction, commands: Sequence[FollowInstance]) -> Facts:
    """The subscriptions, and where their accounts and payers stand."""
    facts = Facts()
    accounts = {command.account for command in commands}
    payers = gathering.payers_of(tx, accounts)
    gathering.gather_accounts(tx, facts, accounts | payers)
    gathering.gather_zones(tx, facts, payers)
    gathering.gather_terms(tx, facts)
    _gather_followed(tx, facts, commands)
    gathering.gather_spans(tx, facts, accounts)
    gathering_documents.gather_owed(tx, facts, accounts)
    return facts


def _gather_followed(tx: Transaction, facts: Facts, commands: Sequence[FollowInstance]) -> None:
    """The subscriptions of the instances, and who has the ids that new ones may get."""
    instances = {(each.account, each.instance) for each in commands}
    gathering.gather_followed(tx, facts, instances)
    unknown = sorted(instances - facts.followed.keys())
    gathering.gather_subscriptions(tx, facts, unknown)
    if any(key in facts.subscriptions for key in unknown):
        ids = {(account, each) for account, of in unknown for each in instance_subscription_ids(of)}
        gathering.gather_subscriptions(tx, facts, ids)


def decide(facts: Facts, command: FollowInstance, now: int) -> Effects[None]:
    """Add the fact to the subscription's timeline; nothing if it changes nothing."""
    if command.account not in facts.accounts:
        raise AccountNotFound(command.account)
    zone = facts.accounts[command.account].time_zone
    changed = _changed(facts, command, zone)
    if changed is None:
        return Effects(None)
    after, outcome = facts.overlay(), Outcome()
    after.take_in([changed])
    outcome.changes.append(changed)
    at = command.effective_at
    told = SubscriptionChanged(changed, changed.state(at, zone), at)
    outcome.events.append(Event(command.account, told, command.effective_at))
    restate(after, [command.account], now=now, outcome=outcome, effective_at=command.effective_at)
    timers = closing_timers(after, command.account)
    return Effects(None, tuple(outcome.changes), tuple(outcome.events), timers)


def _changed(facts: Facts, command: FollowInstance, zone: str) -> Subscription | None:
    """The subscription with the fact; None if there is none and none begins.

    Errors:  SubscriptionAlreadyExists.
    """
    fact = Fact(command.kind, command.effective_at)
    begins = command.kind in {FactKind.SUBSCRIBED, FactKind.MIGRATED}
    known = facts.followed.get((command.account, command.instance))
    if known is not None:
        return continued(facts.subscriptions[command.account, known], fact, zone)
    if not begins:
        return None
    return begin(
        account=command.account,
        subscription_id=_free_id(facts, command),
        instance=command.instance,
        plan=command.plan,
        band=command.band,
        fact=fact,
        zone=zone,
        first_billed_month=command.first_billed_month,
    )


def _free_id(facts: Facts, command: FollowInstance) -> str:
    """The first id of a new subscription that nothing of the account has.

    Errors:  SubscriptionAlreadyExists if all are taken: the instance must not go unbilled, so its
             account is parked.
    """
    for each in instance_subscription_ids(command.instance):
        if (command.account, each) not in facts.subscriptions:
            return each
    raise SubscriptionAlreadyExists(command.account, command.instance)


FOLLOW_INSTANCE: Final[UseCase[FollowInstance, Facts, None]] = UseCase(
    name="follow_instance",
    scope=lambda command: Scope(accounts=(command.account,), advancing=True),
    gather=gather,
    decide=decide,
    apply=save,
    widen=lambda tx, command: tuple(sorted(gathering.payers_of(tx, [command.account]))),
)
