"""EntitlementService, and entitlements as the contract tells them."""

from typing import Final

from pospago.provisioning.v1 import entitlement_pb2 as pb

from chassis.database import Transaction
from chassis.rpc.call import Call
from chassis.rpc.names import NamePattern, account_id
from provisioning_service.api.decimals import from_proto_quantity, to_proto_decimal
from provisioning_service.api.reading import Reads
from provisioning_service.domain.entitlement import (
    ONE,
    Entitlement,
    Source,
    Verdict,
    Why,
    all_entitlements,
    judge,
)
from provisioning_service.storage.facts import Facts, read_accounts
from provisioning_service.storage.holding_facts import add_entitlements

ENTITLEMENTS: Final = NamePattern("accounts/{account}/entitlements")

_WHY_NUMBERS: Final = {
    Why.WITHIN_LIMIT: pb.CheckEntitlementResponse.WHY_WITHIN_LIMIT,
    Why.UNLIMITED: pb.CheckEntitlementResponse.WHY_UNLIMITED,
    Why.FEATURE_HELD: pb.CheckEntitlementResponse.WHY_FEATURE_HELD,
    Why.LIMIT_REACHED: pb.CheckEntitlementResponse.WHY_LIMIT_REACHED,
    Why.NOT_INCLUDED: pb.CheckEntitlementResponse.WHY_NOT_INCLUDED,
    Why.ACCOUNT_UNPAID: pb.CheckEntitlementResponse.WHY_ACCOUNT_UNPAID,
}


class EntitlementChecks:
    """The servicer of EntitlementService."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def CheckEntitlement(
        self, request: pb.CheckEntitlementRequest, call: Call
    ) -> pb.CheckEntitlementResponse:
        """Tell whether an account may use something, and why."""
        account = account_id(request.parent, "parent")
        asked = ONE
        if request.HasField("quantity"):
            asked = from_proto_quantity(request.quantity, "quantity")
        facts = await self._reads.run(call, lambda tx: _facts_of(tx, account))
        verdict = judge(facts.entitlement(account, request.code), facts.standing(account), asked)
        return _to_proto_verdict(account, verdict)

    async def GetEntitlements(
        self, request: pb.GetEntitlementsRequest, call: Call
    ) -> pb.GetEntitlementsResponse:
        """Give all that an account is entitled to."""
        (account,) = ENTITLEMENTS.parse(request.name)
        facts = await self._reads.run(call, lambda tx: _facts_of(tx, account))
        held = {kind: count.used for (_, kind), count in facts.held_counts.items()}
        found = all_entitlements(list(facts.entitlements.get(account, {}).values()), held)
        return pb.GetEntitlementsResponse(
            name=ENTITLEMENTS.format(account), entitlements=map(to_proto_entitlement, found)
        )


def to_proto_entitlement(entitlement: Entitlement) -> pb.Entitlement:
    """An entitlement as the contract tells it."""
    quantity = entitlement.quantity
    return pb.Entitlement(
        code=entitlement.code,
        limit=to_proto_decimal(quantity),
        unlimited=True if quantity is None else None,
        used=entitlement.used,
        remaining=to_proto_decimal(entitlement.remaining),
        sources=map(_to_proto_source, entitlement.sources),
    )


def _to_proto_source(source: Source) -> pb.Entitlement.Source:
    message = pb.Entitlement.Source(subscription=source.subscription)
    if source.limit is None:
        message.feature = True
    elif source.limit.quantity is None:
        message.unlimited = True
    else:
        message.limit.value = f"{source.limit.quantity:f}"
    return message


def _to_proto_verdict(account: str, verdict: Verdict) -> pb.CheckEntitlementResponse:
    return pb.CheckEntitlementResponse(
        allowed=verdict.is_allowed,
        why=_WHY_NUMBERS[verdict.why],
        text=f"accounts/{account} {verdict.text}.",
        entitlement=to_proto_entitlement(verdict.entitlement),
    )


def _facts_of(tx: Transaction, account: str) -> Facts:
    """What an account is entitled to and holds; AccountNotFound if there is none."""
    facts = read_accounts(tx, [account])
    facts.account(account)
    add_entitlements(tx, facts, [account])
    return facts
