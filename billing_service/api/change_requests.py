"""What is asked for about subscriptions, and what previews of it answer."""

from collections.abc import Iterator, Mapping

from pospago.billing.v1 import subscription_pb2 as pb

from billing_service.api.invoice_messages import to_proto_preview
from billing_service.api.preview_tokens import PreviewTokens
from billing_service.api.subscription_messages import (
    from_proto_coupons,
    from_proto_effective,
    from_proto_held,
    from_proto_overrides,
    from_proto_proration,
    to_proto_subscription,
)
from billing_service.api.values import (
    PLAN,
    SUBSCRIPTION,
    bare_id,
    to_proto_decimal,
    to_proto_timestamp,
)
from billing_service.domain.entitlement_losses import EntitlementLoss
from billing_service.domain.plan import Plan
from billing_service.domain.price import Metered
from billing_service.domain.subscription_change import Asked
from billing_service.domain.subscription_facts import FactKind, PlanHolding
from billing_service.use_cases.change_subscription import ChangeSubscription
from billing_service.use_cases.preview_change import ChangePreview

Moved = (
    pb.CancelSubscriptionRequest
    | pb.PauseSubscriptionRequest
    | pb.ResumeSubscriptionRequest
    | pb.PreviewCancelRequest
)


def from_proto_change(
    request: pb.ChangeSubscriptionRequest | pb.PreviewChangeRequest, etag: str = ""
) -> ChangeSubscription:
    """The change of what a subscription holds."""
    account, subscription_id = SUBSCRIPTION.parse(request.name)
    message, quantities = request.holding, from_proto_held(request.holding.held)
    overrides, misread = from_proto_overrides(message.price_overrides)
    holding = PlanHolding(
        plan=bare_id(PLAN, message.plan, "holding.plan"),
        band=message.band,
        held=quantities.held,
        price_overrides=overrides,
        coupons=from_proto_coupons(message.coupons, "holding."),
    )
    return ChangeSubscription(
        account=account,
        subscription_id=subscription_id,
        asked=Asked(
            FactKind.CHANGED,
            from_proto_effective(request.effective),
            holding,
            from_proto_proration(request.proration),
        ),
        etag=etag,
        quantities=quantities,
        misread=misread,
    )


def from_proto_move(request: Moved, kind: FactKind, etag: str = "") -> ChangeSubscription:
    """A change that needs no holding: an end, a pause, or what ends that."""
    account, subscription_id = SUBSCRIPTION.parse(request.name)
    when = from_proto_effective(request.effective)
    return ChangeSubscription(
        account=account,
        subscription_id=subscription_id,
        asked=Asked(kind, when, proration=from_proto_proration(request.proration)),
        etag=etag,
    )


def previewed_as(
    request: pb.ChangeSubscriptionRequest | pb.CancelSubscriptionRequest,
) -> pb.PreviewChangeRequest | pb.PreviewCancelRequest:
    """What a preview of a change, or of an end, was asked."""
    asked: pb.PreviewChangeRequest | pb.PreviewCancelRequest
    if isinstance(request, pb.ChangeSubscriptionRequest):
        asked = pb.PreviewChangeRequest(name=request.name, holding=request.holding)
    else:
        asked = pb.PreviewCancelRequest(name=request.name)
    if request.HasField("effective"):
        asked.effective.CopyFrom(request.effective)
    if request.HasField("proration"):
        asked.proration.CopyFrom(request.proration)
    return asked


def to_proto_change_preview(
    found: ChangePreview,
    asked: pb.PreviewChangeRequest | pb.PreviewCancelRequest,
    tokens: PreviewTokens,
) -> pb.ChangePreview:
    """What a change would come to, with the token that confirms it."""
    full, previewed = found.subscription, found.previewed
    return pb.ChangePreview(
        subscription=to_proto_subscription(full.subscription, full.state, full.at),
        due_now=map(to_proto_preview, found.due_now),
        next_invoices=map(to_proto_preview, found.following.invoices),
        estimated_lines=_estimated(found, found.plans),
        token=tokens.of(asked, previewed),
        preview_time=to_proto_timestamp(previewed.instant_at),
        expire_time=to_proto_timestamp(previewed.expires_at),
        entitlement_losses=map(_to_proto_loss, found.losses),
    )


def _to_proto_loss(loss: EntitlementLoss) -> pb.ChangePreview.EntitlementLoss:
    before = loss.before
    return pb.ChangePreview.EntitlementLoss(
        code=loss.code,
        quantity_before=None if before is None else to_proto_decimal(before),
        unlimited_before=True if before is None else None,
        quantity_after=to_proto_decimal(loss.after),
        effective_time=to_proto_timestamp(loss.effective_at),
    )


def _estimated(
    found: ChangePreview, plans: Mapping[str, Plan]
) -> Iterator[pb.ChangePreview.EstimatedLine]:
    """The lines that price usage of a period that goes on."""
    for place, issued in enumerate(found.following.invoices):
        for line in issued.lines:
            version = (
                plans[line.plan].versions[line.plan_version - 1] if line.plan in plans else None
            )
            prices = version.prices if version and line.period_end_on > found.today else ()
            if any(each.code == line.price and isinstance(each.kind, Metered) for each in prices):
                yield pb.ChangePreview.EstimatedLine(
                    invoice_index=place, line_number=line.line_number
                )
