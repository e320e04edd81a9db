"""The service's events as the contract tells them."""

from collections.abc import Callable
from typing import Any, Final

from google.protobuf.message import Message
from pospago.billing.v1 import events_pb2 as pb
from pospago.billing.v1 import usage_pb2

from billing_service.api.billing_profiles import to_proto_profile
from billing_service.api.coupons import to_proto_coupon
from billing_service.api.credit_messages import to_proto_credit, to_proto_entry
from billing_service.api.credit_note_messages import to_proto_credit_note
from billing_service.api.draft_messages import to_proto_draft
from billing_service.api.guard_messages import to_proto_guard
from billing_service.api.invoice_messages import to_proto_issued
from billing_service.api.issuers import to_proto_issuer
from billing_service.api.meters import to_proto_meter
from billing_service.api.one_off_messages import to_proto_one_off
from billing_service.api.payment_request_messages import to_proto_payment_request
from billing_service.api.payments import to_proto_payment
from billing_service.api.plans import to_proto_plan
from billing_service.api.price_changes import to_proto_change
from billing_service.api.review_messages import to_proto_review
from billing_service.api.subscription_messages import to_proto_subscription
from billing_service.api.tax_messages import to_proto_tax_profile
from billing_service.api.terms import to_proto_terms
from billing_service.api.values import (
    INVOICE,
    PAYMENT,
    SUBSCRIPTION,
    to_proto_date,
    to_proto_decimal,
    to_proto_money,
    to_proto_money_if_held,
    to_proto_timestamp,
)
from billing_service.domain import events
from billing_service.use_cases.create_one_off_charge import OneOffInFull
from chassis.rpc.chassis_events import encode_chassis_event


def encode_event(payload: object) -> tuple[str, bytes]:
    """The full name of an event's message, and its bytes."""
    told = encode_chassis_event(payload)
    if told is not None:
        return told
    message = _MESSAGES[type(payload)](payload)
    return message.DESCRIPTOR.full_name, message.SerializeToString()


def _subscription_changed(event: events.SubscriptionChanged) -> Message:
    return pb.SubscriptionChanged(
        subscription=to_proto_subscription(event.subscription, event.state, event.at)
    )


def _invoice_issued(event: events.InvoiceIssued) -> Message:
    return pb.InvoiceIssued(invoice=to_proto_issued(event.issued, event.settlement))


def _invoice_settled(event: events.InvoiceSettled) -> Message:
    settlement = event.settlement
    return pb.InvoiceSettled(
        invoice=INVOICE.format(settlement.payer, settlement.invoice),
        settle_date=to_proto_date(settlement.settled_on),
        settled_late=settlement.settled_late,
    )


def _invoice_reopened(event: events.InvoiceReopened) -> Message:
    return pb.InvoiceReopened(
        invoice=INVOICE.format(event.settlement.payer, event.settlement.invoice)
    )


def _invoice_due_soon(event: events.InvoiceDueSoon) -> Message:
    settlement = event.settlement
    return pb.InvoiceDueSoon(
        invoice=INVOICE.format(settlement.payer, settlement.invoice),
        due_date=to_proto_date(event.due_on),
        amount_open=to_proto_money(settlement.total_minor - settlement.paid_minor, event.currency),
    )


def _invoice_overdue(event: events.InvoiceOverdue) -> Message:
    settlement = event.settlement
    return pb.InvoiceOverdue(
        invoice=INVOICE.format(settlement.payer, settlement.invoice),
        amount_open=to_proto_money(settlement.total_minor - settlement.paid_minor, event.currency),
    )


def _payment_recorded(event: events.PaymentRecorded) -> Message:
    parts = tuple((each.invoice, each.amount_minor) for each in event.allocations)
    return pb.PaymentRecorded(payment=to_proto_payment(event.payment, parts))


def _credit_applied(event: events.CreditApplied) -> Message:
    allocation = event.allocation
    return pb.CreditApplied(
        payment=PAYMENT.format(allocation.payer, allocation.payment),
        invoice=INVOICE.format(allocation.payer, allocation.invoice),
        amount=to_proto_money(allocation.amount_minor, event.currency),
    )


def _expiry_changed(event: events.AccountExpiryChanged) -> Message:
    return pb.AccountExpiryChanged(
        account=f"accounts/{event.standing.account}",
        expire_date=to_proto_date(event.standing.expires_on),
        earliest_unsettled_month=to_proto_date(event.standing.earliest_unsettled_month),
    )


def _profile_updated(event: events.BillingProfileUpdated) -> Message:
    profile = to_proto_profile(event.profile, event.standing, event.credit)
    return pb.BillingProfileUpdated(billing_profile=profile)


def _threshold_reached(event: events.UsageThresholdReached) -> Message:
    guard, threshold = event.guard, event.threshold
    message = pb.UsageThresholdReached(
        subscription=SUBSCRIPTION.format(guard.account, guard.subscription),
        price=guard.price,
        period_start_date=to_proto_date(event.period_start_on),
        quantity=to_proto_decimal(event.reading.quantity),
        cost=to_proto_money_if_held(event.reading.cost_minor, event.currency),
    )
    if threshold.percent is not None:
        message.percent.CopyFrom(to_proto_decimal(threshold.percent))
    if threshold.amount_minor is not None:
        message.amount.CopyFrom(to_proto_money(threshold.amount_minor, guard.currency))
    return message


def _usage_corrected(event: events.UsageCorrected) -> Message:
    correction = event.correction
    return pb.UsageCorrected(
        account=f"accounts/{correction.account}",
        kind=f"KIND_{correction.kind.name}",
        events_count=event.events_count,
        first_event=usage_pb2.EventKey(source=event.source, id=event.event_id),
        reason=correction.why.reason,
    )


def _one_off_changed(event: events.OneOffChargeChanged) -> Message:
    found = OneOffInFull(event.charge, event.included, event.amount_minor)
    return pb.OneOffChargeChanged(one_off_charge=to_proto_one_off(found))


def _charge_outdated(event: events.ChargeOutdated) -> Message:
    outdated = event.outdated
    return pb.ChargeOutdated(
        subscription=SUBSCRIPTION.format(outdated.account, outdated.subscription),
        price=outdated.item,
        period_start_date=to_proto_date(outdated.period_start_on),
        invoice=INVOICE.format(event.payer, event.invoice) if event.invoice else "",
    )


def _entitlements_changed(event: events.EntitlementsChanged) -> Message:
    message = pb.EntitlementsChanged(
        account=f"accounts/{event.account}",
        subscription=SUBSCRIPTION.format(event.account, event.subscription),
        features=event.entitlements.features,
    )
    for each in event.entitlements.limits:
        limit = message.limits.add(code=each.code)
        if each.quantity is None:
            limit.unlimited = True
        else:
            limit.quantity.CopyFrom(to_proto_decimal(each.quantity))
    return message


_MESSAGES: Final[dict[type, Callable[[Any], Message]]] = {
    events.IssuerCreated: lambda e: pb.IssuerCreated(issuer=to_proto_issuer(e.issuer)),
    events.IssuerUpdated: lambda e: pb.IssuerUpdated(issuer=to_proto_issuer(e.issuer)),
    events.TermsCreated: lambda e: pb.TermsCreated(terms=to_proto_terms(e.terms)),
    events.TermsVersionAdded: lambda e: pb.TermsVersionAdded(terms=to_proto_terms(e.terms)),
    events.PlanCreated: lambda e: pb.PlanCreated(plan=to_proto_plan(e.plan)),
    events.PlanVersionAdded: lambda e: pb.PlanVersionAdded(plan=to_proto_plan(e.plan)),
    events.PlanUpdated: lambda e: pb.PlanUpdated(plan=to_proto_plan(e.plan)),
    events.MeterCreated: lambda e: pb.MeterCreated(meter=to_proto_meter(e.meter)),
    events.MeterUpdated: lambda e: pb.MeterUpdated(meter=to_proto_meter(e.meter)),
    events.PriceChangeScheduled: lambda e: pb.PriceChangeScheduled(
        price_change=to_proto_change(e.change)
    ),
    events.PriceChangeCancelled: lambda e: pb.PriceChangeCancelled(
        price_change=to_proto_change(e.change)
    ),
    events.TaxProfileCreated: lambda e: pb.TaxProfileCreated(
        tax_profile=to_proto_tax_profile(e.profile)
    ),
    events.TaxProfileUpdated: lambda e: pb.TaxProfileUpdated(
        tax_profile=to_proto_tax_profile(e.profile)
    ),
    events.TaxProfileVersionAdded: lambda e: pb.TaxProfileVersionAdded(
        tax_profile=to_proto_tax_profile(e.profile)
    ),
    events.BillingProfileUpdated: _profile_updated,
    events.SubscriptionChanged: _subscription_changed,
    events.AccountZoneFixed: lambda e: pb.AccountZoneFixed(
        account=f"accounts/{e.account}", time_zone=e.time_zone
    ),
    events.InvoiceIssued: _invoice_issued,
    events.InvoiceSettled: _invoice_settled,
    events.CreditNoteIssued: lambda e: pb.CreditNoteIssued(
        credit_note=to_proto_credit_note(e.issued)
    ),
    events.InvoiceDraftChanged: lambda e: pb.InvoiceDraftChanged(
        account=f"accounts/{e.draft.payer}",
        month=to_proto_date(e.draft.month),
        draft=to_proto_draft(e.draft),
    ),
    events.InvoiceReopened: _invoice_reopened,
    events.InvoiceDueSoon: _invoice_due_soon,
    events.InvoiceOverdue: _invoice_overdue,
    events.PaymentRecorded: _payment_recorded,
    events.PaymentReversed: lambda e: pb.PaymentReversed(payment=to_proto_payment(e.payment, ())),
    events.PaymentRequested: lambda e: pb.PaymentRequested(
        payment_request=to_proto_payment_request(e.request)
    ),
    events.PaymentRequestClosed: lambda e: pb.PaymentRequestClosed(
        payment_request=to_proto_payment_request(e.request)
    ),
    events.CreditApplied: _credit_applied,
    events.CreditChanged: lambda e: pb.CreditChanged(
        credit=to_proto_credit(e.grant, e.grant.state(e.entry.recorded_at)),
        entry=to_proto_entry(e.entry),
    ),
    events.UsageThresholdReached: _threshold_reached,
    events.UsageGuardChanged: lambda e: pb.UsageGuardChanged(guard=to_proto_guard(e.guard)),
    events.UsageCorrected: _usage_corrected,
    events.UsageEventsAgedOut: lambda e: pb.UsageEventsAgedOut(
        months=filter(None, map(to_proto_date, e.months)), events_count=e.events_count
    ),
    events.ReviewChanged: lambda e: pb.ReviewChanged(
        review=to_proto_review(e.review, e.quantity, e.full_minor)
    ),
    events.OneOffChargeChanged: _one_off_changed,
    events.CouponChanged: lambda e: pb.CouponChanged(coupon=to_proto_coupon(e.coupon)),
    events.ChargeOutdated: _charge_outdated,
    events.EntitlementsChanged: _entitlements_changed,
    events.AccountExpiryChanged: _expiry_changed,
    events.AccountStopped: lambda e: pb.AccountStopped(
        account=f"accounts/{e.account}", invoice=INVOICE.format(e.payer, e.invoice)
    ),
    events.AccountStopLifted: lambda e: pb.AccountStopLifted(account=f"accounts/{e.account}"),
    events.AccountStopAhead: lambda e: pb.AccountStopAhead(
        account=f"accounts/{e.account}",
        invoice=INVOICE.format(e.payer, e.invoice),
        stop_time=to_proto_timestamp(e.stop_at),
    ),
    events.AccountDeletionAhead: lambda e: pb.AccountDeletionAhead(
        account=f"accounts/{e.account}",
        invoice=INVOICE.format(e.payer, e.invoice),
        deletion_time=to_proto_timestamp(e.deletion_at),
    ),
    events.AccountDeletionOrdered: lambda e: pb.AccountDeletionOrdered(
        account=f"accounts/{e.account}", invoice=INVOICE.format(e.payer, e.invoice)
    ),
}
