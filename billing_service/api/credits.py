"""Credits: the servicer of CreditService."""

from typing import Final

from pospago.billing.v1 import credit_pb2 as pb

from billing_service.api.credit_messages import (
    APPLICATIONS,
    KINDS,
    STATES,
    to_proto_credit,
    to_proto_entry,
)
from billing_service.api.reading import Reads
from billing_service.api.values import CREDIT, METER, PLAN, from_proto_timestamp
from billing_service.domain.credit_errors import CreditNotFound
from billing_service.domain.credit_grant import CreditInFull, CreditScope
from billing_service.domain.stated_amount import StatedAmount
from billing_service.storage.credit_queries import (
    FIRST_ENTRY,
    CreditFilter,
    find_credit,
    list_credit_entries,
    list_credits,
)
from billing_service.use_cases.grant_credit import GRANT_CREDIT, GrantCredit
from billing_service.use_cases.void_credit import VOID_CREDIT, VoidCredit
from chassis.database import Transaction
from chassis.ids import Ids
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole


class Credits:
    """The servicer of CreditService."""

    def __init__(self, writes: Writes, reads: Reads, ids: Ids) -> None:
        self._writes = writes
        self._reads = reads
        self._ids = ids

    async def GrantCredit(self, request: pb.GrantCreditRequest, call: Call) -> bytes:
        """Grant credit to a payer."""
        amount = request.amount
        has_start, has_end = request.HasField("effective_time"), request.HasField("expire_time")
        command = GrantCredit(
            payer=account_id(request.parent, "parent"),
            credit_id=request.credit_id or self._ids.new("credit"),
            kind=KINDS[request.kind],
            amount=StatedAmount(amount.units, amount.nanos, amount.currency_code),
            application=APPLICATIONS[request.application],
            priority=request.priority,
            scope=_scope(request.scope),
            effective_at=from_proto_timestamp(request.effective_time) if has_start else None,
            expires_at=from_proto_timestamp(request.expire_time) if has_end else None,
            description=request.description,
            author=call.caller.actor,
        )
        return await self._writes.run(call, GRANT_CREDIT, command, _GRANTED)

    async def VoidCredit(self, request: pb.VoidCreditRequest, call: Call) -> bytes:
        """Void what is left of a credit."""
        payer, credit = CREDIT.parse(request.name)
        command = VoidCredit(payer, credit, request.note, request.etag)
        return await self._writes.run(call, VOID_CREDIT, command, _VOIDED)

    async def GetCredit(self, request: pb.GetCreditRequest, _call: Call) -> pb.GetCreditResponse:
        """Give one credit."""
        payer, credit = CREDIT.parse(request.name)

        def query(tx: Transaction, now: int) -> CreditInFull:
            grant = find_credit(tx, payer, credit)
            if grant is None:
                raise CreditNotFound(request.name)
            return CreditInFull(grant, grant.state(now))

        found = await self._reads.of_account(payer, query)
        return pb.GetCreditResponse(credit=_message(found))

    async def ListCredits(
        self, request: pb.ListCreditsRequest, _call: Call
    ) -> pb.ListCreditsResponse:
        """Give a page of a payer's credits."""
        page = self._reads.page(request)
        states = {STATES[each] for each in request.states if each in STATES}
        wanted = CreditFilter(account_id(request.parent, "parent"), states)

        def query(tx: Transaction, now: int) -> list[CreditInFull]:
            found = list_credits(tx, wanted, after=page.after_id, limit=page.limit, now=now)
            return [CreditInFull(each, each.state(now)) for each in found]

        entries, token = page.cut(
            await self._reads.of_account(wanted.payer, query),
            lambda each: (each.grant.credit_id,),
        )
        return pb.ListCreditsResponse(credits=map(_message, entries), next_page_token=token)

    async def ListCreditEntries(
        self, request: pb.ListCreditEntriesRequest, _call: Call
    ) -> pb.ListCreditEntriesResponse:
        """Give a page of a payer's ledger."""
        page = self._reads.page(request, FIRST_ENTRY)
        payer = account_id(request.parent, "parent")
        currency, number = page.after
        after = (str(currency), int(number))
        found = await self._reads.run(
            lambda tx: list_credit_entries(
                tx, payer, credit=request.credit_id, after=after, limit=page.limit
            )
        )
        entries, token = page.cut(found, lambda each: (each.currency, each.number))
        return pb.ListCreditEntriesResponse(
            entries=map(to_proto_entry, entries), next_page_token=token
        )


def _scope(message: pb.Credit.Scope) -> CreditScope:
    return CreditScope(
        plans=frozenset(PLAN.parse(each, "scope.plans")[0] for each in message.plans),
        prices=frozenset(message.prices),
        meters=frozenset(METER.parse(each, "scope.meters")[0] for each in message.meters),
        accounts=frozenset(account_id(each, "scope.accounts") for each in message.accounts),
    )


def _message(found: CreditInFull) -> pb.Credit:
    return to_proto_credit(found.grant, found.state)


def _granted(result: CreditInFull) -> pb.GrantCreditResponse:
    return pb.GrantCreditResponse(credit=_message(result))


def _voided(result: CreditInFull) -> pb.VoidCreditResponse:
    return pb.VoidCreditResponse(credit=_message(result))


_GRANTED: Final = whole(_granted)
_VOIDED: Final = whole(_voided)
