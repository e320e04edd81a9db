"""The timers of billing: their kinds and keys, and when a payer's month closes."""

from datetime import date
from typing import Final

from billing_service.domain.calendar import first_instant, month_key, month_of, next_month
from billing_service.domain.invoice import Invoice, InvoiceAccount
from billing_service.domain.one_off_charge import OneOffState
from billing_service.domain.standing import open_month
from billing_service.storage.facts import DocumentKey, Facts
from chassis.use_case import TimerCleared, TimerSet

CLOSE_MONTH: Final = "close_month"
OVERDUE: Final = "overdue"
STOP: Final = "stop"
DELETION: Final = "deletion"
DUE_SOON: Final = "due_soon"
STOP_AHEAD: Final = "stop_ahead"
DELETION_AHEAD: Final = "deletion_ahead"
CHECK_USAGE: Final = "check_usage"
MARK_OUTDATED: Final = "mark_outdated"
EXPIRE_CREDIT: Final = "expire_credit"
RENEW_PREPAID: Final = "renew_prepaid"
TOP_UP: Final = "top_up"


def document_key(key: str) -> DocumentKey:
    """The payer and invoice that the key of a stop, a deletion or their warnings names."""
    payer, _, invoice = key.partition("/")
    return (payer, invoice)


def closing_timer(payer: str, month: date, due_at: int) -> TimerSet:
    """The timer that closes a payer's month."""
    return TimerSet(payer, CLOSE_MONTH, month_key(month), due_at)


def closing_cleared(payer: str, month: date) -> TimerCleared:
    """Takes back the timer that closes a payer's month."""
    return TimerCleared(payer, CLOSE_MONTH, month_key(month))


def closing_timers(facts: Facts, account: str) -> tuple[TimerSet, ...]:
    """The timer that closes the first open month of an account, on whoever pays for it.

    A month that the payer has closed already goes to the payer's next one.
    """
    payer = facts.profiles[account].paid_by
    month = open_month(facts.spans.get(account, ()), facts.closed_through(account))
    if month is None:
        return ()
    closed = facts.closed_through(payer)
    if closed is not None and month <= closed:
        month = next_month(closed)
    due_at = max(first_instant(next_month(month), zone) for zone in facts.zones[payer])
    return (closing_timer(payer, month, due_at),)


def late_closing_timers(facts: Facts, account: str, now: int) -> tuple[TimerSet, ...]:
    """The close of the payer's next open month, if the account has closed ones.

    A charge that was decided late may belong to one of these, and nothing else may be going to be
    billed any more.
    """
    payer = facts.profiles[account].paid_by
    closed = max(facts.closed_through(each) or date.min for each in (account, payer))
    if closed == date.min:
        return ()
    zones = facts.zones[payer]
    month = max(next_month(closed), min(month_of(now, zone) for zone in zones))
    due_at = max(first_instant(next_month(month), zone) for zone in zones)
    return (closing_timer(payer, month, due_at),)


def one_off_closing_timers(facts: Facts, account: str) -> tuple[TimerSet, ...]:
    """The closes that charge what of an account is pending to be charged once, on its payer."""
    payer = facts.profiles[account].paid_by
    closed = max(facts.closed_through(each) or date.min for each in (account, payer))
    first = date.min if closed == date.min else next_month(closed)
    zones = facts.zones[payer]
    months = {
        max(first, each.month)
        for each in facts.one_offs.values()
        if each.account == account and each.state is OneOffState.PENDING
    }
    return tuple(
        TimerSet(
            payer,
            CLOSE_MONTH,
            month_key(month),
            max(first_instant(next_month(month), zone) for zone in zones),
        )
        for month in sorted(months)
    )


def dunning_timers(invoice: Invoice, accounts: tuple[InvoiceAccount, ...]) -> tuple[TimerSet, ...]:
    """What follows an unsettled invoice by itself."""
    key = f"{invoice.payer}/{invoice.invoice_id}"
    overdue = TimerSet(invoice.payer, OVERDUE, invoice.invoice_id, invoice.overdue_at)
    stops = [TimerSet(each.account, STOP, key, each.stop_at) for each in accounts]
    deletions = [TimerSet(each.account, DELETION, key, each.deletion_at) for each in accounts]
    return (overdue, *stops, *deletions)


def cleared_timers(
    invoice: Invoice, accounts: tuple[InvoiceAccount, ...]
) -> tuple[TimerCleared, ...]:
    """Takes back what would follow an unsettled invoice, and the warnings of it."""
    key = f"{invoice.payer}/{invoice.invoice_id}"
    of_payer = [
        TimerCleared(invoice.payer, kind, invoice.invoice_id) for kind in (OVERDUE, DUE_SOON)
    ]
    of_accounts = [
        TimerCleared(each.account, kind, key)
        for each in accounts
        for kind in (STOP, STOP_AHEAD, DELETION, DELETION_AHEAD)
    ]
    return (*of_payer, *of_accounts)
