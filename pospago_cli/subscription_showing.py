"""Subscriptions and previews of their changes as people read them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from pospago.billing.v1 import payment_request_pb2 as payment_pb
from pospago.billing.v1 import subscription_pb2 as pb
from pospago.billing.v1.invoice_pb2 import Invoice
from rich.text import Text

from pospago_cli.invoice_showing import rendered
from pospago_cli.session import Session
from pospago_cli.tables import instant_text, print_table

_CHANGES: Final = (
    "change_id kind effective_time holding.plan holding.held holding.coupons proration.mode"
    " in_effect"
)
_LOSSES: Final = "code quantity_before unlimited_before quantity_after effective_time"


def show_subscription(session: Session, answer: Any) -> None:
    """Print a subscription, what was asked for of it, and what it waits for."""
    if session.as_json:
        session.show(answer)
        return
    _subscription(session, answer.subscription)
    if "payment_request" in answer.DESCRIPTOR.fields_by_name:
        _request(session, answer.payment_request)


def show_preview(session: Session, answer: Any) -> None:
    """Print what a change would come to: what is due at once, and what its month becomes."""
    if session.as_json:
        session.show(answer)
        return
    preview: pb.ChangePreview = answer.preview
    _subscription(session, preview.subscription)
    if preview.entitlement_losses:
        print_table(session.console, "given less of", preview.entitlement_losses, _LOSSES)
    _invoices(session, "Due at once:", "Nothing is due at once.", preview.due_now)
    nothing = "Nothing would be on the invoice of the month."
    _invoices(session, "The month as it would go on:", nothing, preview.next_invoices)
    for told in _estimates(preview):
        session.console.print(Text(told, style="dim"))
    until = instant_text(preview.expire_time)
    session.console.print(
        f"[bold]Token, good until {until}:[/bold] {preview.token}", soft_wrap=True
    )
    session.console.print("The same words with --preview and the token do exactly this.")


def _subscription(session: Session, subscription: pb.Subscription) -> None:
    """Its fields, its changes in a table, and what it needs."""
    told = pb.Subscription()
    told.CopyFrom(subscription)
    told.ClearField("changes")
    session.show(told)
    if subscription.changes:
        print_table(session.console, "changes", subscription.changes, _CHANGES)
    if subscription.state == pb.Subscription.STATE_UNPAID:
        session.console.print(
            "Unpaid: nothing is held until the payer's balance and credits cover what begins."
            " Record a payment, or grant credit."
        )


def _request(session: Session, request: payment_pb.PaymentRequest) -> None:
    """What was asked for to make a change, and how that goes on."""
    if not request.name:
        return
    session.show(request)
    if request.state == payment_pb.PaymentRequest.STATE_PENDING:
        session.console.print(
            "Not made yet: it waits for that payment. Tell the outcome with"
            " `pospago payment-request settle`."
        )


def _invoices(session: Session, some: str, none: str, bills: Sequence[Invoice]) -> None:
    session.console.print(Text(some if bills else none, style="bold"))
    for bill in bills:
        session.console.print(rendered(bill))


def _estimates(preview: pb.ChangePreview) -> Iterator[str]:
    """Which lines may still grow, invoice by invoice."""
    for index in sorted({each.invoice_index for each in preview.estimated_lines}):
        lines = [
            str(each.line_number) for each in preview.estimated_lines if each.invoice_index == index
        ]
        currency = preview.next_invoices[index].total.currency_code
        yield f"Estimated, as that period goes on: line {', '.join(lines)} in {currency}."
