"""Subscriptions, what they hold and what changes about them, as the contract tells it."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from pospago.billing.v1 import proration_pb2
from pospago.billing.v1 import subscription_pb2 as pb

from billing_service.api.figures import Figures
from billing_service.api.prorations import (
    CHANGE_DAYS,
    GRANULARITIES,
    MODES,
    SWITCHES,
    to_proto_proration,
)
from billing_service.api.values import (
    COUPON,
    INSTANCE,
    PLAN,
    SUBSCRIPTION,
    bare_id,
    from_proto_date,
    from_proto_timestamp,
    to_proto_date,
    to_proto_decimal,
    to_proto_timestamp,
)
from billing_service.domain.negotiated import AgreedPrice, PriceOverride
from billing_service.domain.price import Anchor, PercentDiscount
from billing_service.domain.price_models import Fault
from billing_service.domain.quantities import Held, Quantities
from billing_service.domain.subscription import (
    Fact,
    FactKind,
    PlanHolding,
    PlanTerms,
    Subscription,
    SubscriptionState,
    intervals,
)
from billing_service.domain.subscription_change import (
    Moment,
    ProrationAsked,
    When,
    change_id_of,
    changes_of,
    held_as_of,
)

# How many of its changes a subscription shows.
CHANGES_SHOWN_MAX: Final = 100

STATES: Final = {
    pb.Subscription.STATE_SCHEDULED: SubscriptionState.SCHEDULED,
    pb.Subscription.STATE_ACTIVE: SubscriptionState.ACTIVE,
    pb.Subscription.STATE_CANCELLED: SubscriptionState.CANCELLED,
    pb.Subscription.STATE_ENDED: SubscriptionState.ENDED,
    pb.Subscription.STATE_PAUSED: SubscriptionState.PAUSED,
    pb.Subscription.STATE_UNPAID: SubscriptionState.UNPAID,
}
_STATE_NUMBERS: Final = {state: number for number, state in STATES.items()}
_ANCHORS: Final = {
    pb.Subscription.Anchor.KIND_CALENDAR: Anchor.CALENDAR,
    pb.Subscription.Anchor.KIND_START: Anchor.ANNIVERSARY,
}
_KINDS: Final = {
    FactKind.CHANGED: pb.Subscription.Change.KIND_CHANGED,
    FactKind.CANCELLED: pb.Subscription.Change.KIND_CANCELLED,
    FactKind.PAUSED: pb.Subscription.Change.KIND_PAUSED,
    FactKind.UNPAUSED: pb.Subscription.Change.KIND_RESUMED,
}


def to_proto_subscription(
    subscription: Subscription, state: SubscriptionState, at: int
) -> pb.Subscription:
    """A subscription as the contract tells it, with what is in force at an instant."""
    terms, held = subscription.plan_terms, held_as_of(subscription, at)
    return pb.Subscription(
        name=SUBSCRIPTION.format(*subscription.key),
        instance=_instance_of(subscription),
        plan=PLAN.format(held.plan if held else subscription.plan),
        band=held.band if held else subscription.band,
        state=_STATE_NUMBERS[state],
        intervals=[
            pb.Subscription.Interval(
                start_time=to_proto_timestamp(each.start_at),
                end_time=to_proto_timestamp(each.end_at),
            )
            for each in intervals(subscription.facts)
        ],
        first_billed_month=to_proto_date(subscription.first_billed_month),
        etag=subscription.etag,
        display_name=subscription.display_name,
        held=_to_proto_held(held.held if held else ()),
        price_overrides=map(_to_proto_override, held.price_overrides if held else ()),
        coupons=map(COUPON.format, held.coupons if held else ()),
        start_date=to_proto_date(terms.begins_on if terms else None),
        end_date=to_proto_date(terms.ends_on if terms else None),
        changes=[
            _to_proto_change(ordinal, fact, at)
            for ordinal, fact in changes_of(subscription)[-CHANGES_SHOWN_MAX:]
        ],
        anchor=_to_proto_anchor(terms) if terms else None,
        trial_end_date=to_proto_date(terms.trial_ends_on if terms else None),
        prepaid=terms is not None and terms.prepaid,
    )


def to_proto_holding(holding: PlanHolding) -> pb.Holding:
    """What is held from an instant on."""
    return pb.Holding(
        plan=PLAN.format(holding.plan),
        band=holding.band,
        held=_to_proto_held(holding.held),
        price_overrides=map(_to_proto_override, holding.price_overrides),
        coupons=map(COUPON.format, holding.coupons),
    )


def from_proto_proration(message: proration_pb2.Proration) -> ProrationAsked:
    """How a change is to be charged, as far as that is stated."""
    return ProrationAsked(
        mode=MODES.members.get(message.mode),
        granularity=GRANULARITIES.members.get(message.granularity),
        change_day=CHANGE_DAYS.members.get(message.change_day),
        allowances=SWITCHES.members.get(message.allowances),
    )


def from_proto_effective(message: pb.Effective) -> When:
    """When a change is to take effect.

    Errors:  InvalidField for a day that is none.
    """
    match message.WhichOneof("when"):
        case "time":
            return from_proto_timestamp(message.time)
        case "date":
            return from_proto_date(message.date, "effective.date")
    is_renewal = message.moment == pb.Effective.MOMENT_RENEWAL
    return Moment.RENEWAL if is_renewal else Moment.NOW


def from_proto_anchor(message: pb.Subscription.Anchor) -> tuple[Anchor | None, date | None]:
    """Where periods begin: as a schedule states it, and whose anniversaries; None: not stated.

    Errors:  InvalidField for a day that is none.
    """
    match message.WhichOneof("begins"):
        case "date":
            return Anchor.ANNIVERSARY, from_proto_date(message.date, "subscription.anchor.date")
        case "kind":
            return _ANCHORS[message.kind], None
    return None, None


def from_proto_held(messages: Sequence[pb.Subscription.HeldQuantity]) -> Quantities:
    """What is to be held, with the faults of what is no decimal."""
    figures = Figures()
    held = tuple(
        Held(each.price, figures.of(each, "quantity", f"held[{place}]."))
        for place, each in enumerate(messages)
    )
    return Quantities(held=held, misread=tuple(figures.faults))


def from_proto_overrides(
    messages: Sequence[pb.Subscription.PriceOverride],
) -> tuple[tuple[PriceOverride, ...], tuple[Fault, ...]]:
    """What was agreed about prices, and the faults of what is no decimal."""
    stated = Figures()
    overrides = tuple(
        from_proto_override(each, stated, f"price_overrides[{place}].")
        for place, each in enumerate(messages)
    )
    return overrides, tuple(stated.faults)


def from_proto_coupons(names: Sequence[str], path: str) -> tuple[str, ...]:
    """The ids of coupons; `path` leads to their names.

    Errors:  InvalidField.
    """
    return tuple(
        bare_id(COUPON, each, f"{path}coupons[{place}]") for place, each in enumerate(names)
    )


def _to_proto_anchor(terms: PlanTerms) -> pb.Subscription.Anchor | None:
    """Where periods begin; None: as the plan says."""
    if terms.anchor_on is not None:
        return pb.Subscription.Anchor(date=to_proto_date(terms.anchor_on))
    kinds = (kind for kind, anchor in _ANCHORS.items() if anchor is terms.anchor)
    kind = next(kinds, None)
    return None if kind is None else pb.Subscription.Anchor(kind=kind)


def _to_proto_change(ordinal: int, fact: Fact, at: int) -> pb.Subscription.Change:
    return pb.Subscription.Change(
        change_id=change_id_of(ordinal),
        kind=_KINDS[fact.kind],
        effective_time=to_proto_timestamp(fact.effective_at),
        holding=None if fact.holding is None else to_proto_holding(fact.holding),
        proration=None if fact.proration is None else to_proto_proration(fact.proration),
        record_time=to_proto_timestamp(fact.recorded_at),
        in_effect=fact.effective_at <= at,
    )


def _to_proto_held(held: Sequence[Held]) -> list[pb.Subscription.HeldQuantity]:
    return [
        pb.Subscription.HeldQuantity(price=each.price, quantity=to_proto_decimal(each.quantity))
        for each in held
    ]


def _instance_of(subscription: Subscription) -> str:
    """The name of the instance that it follows; '' of a plan."""
    if not subscription.instance:
        return ""
    return INSTANCE.format(subscription.account, subscription.instance)


def _to_proto_override(override: PriceOverride) -> pb.Subscription.PriceOverride:
    message = pb.Subscription.PriceOverride(price=override.price)
    match override.agreed:
        case AgreedPrice(unit_price):
            message.unit_price.CopyFrom(to_proto_decimal(unit_price))
        case PercentDiscount(percent):
            message.percent_off.CopyFrom(to_proto_decimal(percent))
    return message


def from_proto_override(
    message: pb.Subscription.PriceOverride, figures: Figures, path: str
) -> PriceOverride:
    """What a message at `path` says was agreed about a price; what is no decimal is noted."""
    if message.WhichOneof("agreed") == "percent_off":
        percent = figures.of(message, "percent_off", path)
        return PriceOverride(message.price, PercentDiscount(percent))
    return PriceOverride(message.price, AgreedPrice(figures.of(message, "unit_price", path)))
