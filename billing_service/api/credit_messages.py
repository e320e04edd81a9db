"""Credits and the entries of their ledger as the contract tells them."""

from typing import Final

from pospago.billing.v1 import credit_pb2 as pb

from billing_service.api.values import (
    CREDIT,
    INVOICE,
    METER,
    PLAN,
    to_proto_money,
    to_proto_timestamp,
)
from billing_service.domain.credit_grant import (
    CreditApplication,
    CreditGrant,
    CreditKind,
    CreditScope,
    CreditState,
)
from billing_service.domain.credit_ledger import CreditEntry, EntryKind

KINDS: Final = {
    pb.Credit.KIND_GRANTED: CreditKind.GRANTED,
    pb.Credit.KIND_PURCHASED: CreditKind.PURCHASED,
}
APPLICATIONS: Final = {
    pb.Credit.APPLICATION_BEFORE_TAX: CreditApplication.BEFORE_TAX,
    pb.Credit.APPLICATION_AFTER_TAX: CreditApplication.AFTER_TAX,
}
STATES: Final = {
    pb.Credit.STATE_SCHEDULED: CreditState.SCHEDULED,
    pb.Credit.STATE_OPEN: CreditState.OPEN,
    pb.Credit.STATE_USED: CreditState.USED,
    pb.Credit.STATE_EXPIRED: CreditState.EXPIRED,
    pb.Credit.STATE_VOIDED: CreditState.VOIDED,
}
_KIND_NUMBERS: Final = {kind: number for number, kind in KINDS.items()}
_APPLICATION_NUMBERS: Final = {each: number for number, each in APPLICATIONS.items()}
_STATE_NUMBERS: Final = {state: number for number, state in STATES.items()}
_ENTRY_NUMBERS: Final = {
    EntryKind.GRANTED: pb.CreditEntry.KIND_GRANTED,
    EntryKind.APPLIED: pb.CreditEntry.KIND_APPLIED,
    EntryKind.RETURNED: pb.CreditEntry.KIND_RETURNED,
    EntryKind.EXPIRED: pb.CreditEntry.KIND_EXPIRED,
    EntryKind.VOIDED: pb.CreditEntry.KIND_VOIDED,
}


def to_proto_credit(grant: CreditGrant, state: CreditState) -> pb.Credit:
    """A credit as the contract tells it, and where it stands."""
    return pb.Credit(
        name=CREDIT.format(*grant.key),
        kind=_KIND_NUMBERS[grant.kind],
        amount=to_proto_money(grant.amount_minor, grant.currency),
        amount_left=to_proto_money(grant.left_minor, grant.currency),
        application=_APPLICATION_NUMBERS[grant.application],
        priority=grant.priority,
        scope=_scope(grant.scope),
        effective_time=to_proto_timestamp(grant.effective_at),
        expire_time=to_proto_timestamp(grant.expires_at),
        description=grant.description,
        state=_STATE_NUMBERS[state],
        author=grant.author,
        grant_time=to_proto_timestamp(grant.granted_at),
        void_time=to_proto_timestamp(grant.voided_at),
        void_note=grant.void_note,
        etag=grant.etag,
    )


def to_proto_entry(entry: CreditEntry) -> pb.CreditEntry:
    """An entry of a ledger as the contract tells it."""
    return pb.CreditEntry(
        number=entry.number,
        kind=_ENTRY_NUMBERS[entry.kind],
        credit=CREDIT.format(entry.payer, entry.credit_id),
        amount=to_proto_money(entry.amount_minor, entry.currency),
        amount_left=to_proto_money(entry.left_minor, entry.currency),
        balance=to_proto_money(entry.balance_minor, entry.currency),
        invoice=INVOICE.format(entry.payer, entry.invoice) if entry.invoice else "",
        record_time=to_proto_timestamp(entry.recorded_at),
    )


def _scope(scope: CreditScope) -> pb.Credit.Scope:
    return pb.Credit.Scope(
        plans=map(PLAN.format, sorted(scope.plans)),
        prices=sorted(scope.prices),
        meters=map(METER.format, sorted(scope.meters)),
        accounts=[f"accounts/{account}" for account in sorted(scope.accounts)],
    )
