"""Subscriptions: the servicer of SubscriptionService, and their messages."""

from datetime import date
from typing import Final

from pospago.billing.v1 import subscription_pb2 as pb

from billing_service.api.figures import Figures
from billing_service.api.reading import Reads
from billing_service.api.values import (
    COUPON,
    INSTANCE,
    PLAN,
    SUBSCRIPTION,
    bare_id,
    from_proto_date,
    to_proto_date,
    to_proto_decimal,
    to_proto_timestamp,
)
from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.negotiated import AgreedPrice, PriceOverride
from billing_service.domain.price import PercentDiscount
from billing_service.domain.quantities import Held, Quantities
from billing_service.domain.subscription import Subscription, SubscriptionState, intervals
from billing_service.storage.queries import (
    SubscriptionInFull,
    find_subscription,
    list_subscriptions,
)
from billing_service.use_cases.create_subscription import (
    CREATE_SUBSCRIPTION,
    CreateSubscription,
)
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole

_STATES: Final = {
    pb.Subscription.STATE_SCHEDULED: SubscriptionState.SCHEDULED,
    pb.Subscription.STATE_ACTIVE: SubscriptionState.ACTIVE,
    pb.Subscription.STATE_CANCELLED: SubscriptionState.CANCELLED,
    pb.Subscription.STATE_ENDED: SubscriptionState.ENDED,
}
_STATE_NUMBERS: Final = {state: number for number, state in _STATES.items()}


class Subscriptions:
    """The servicer of SubscriptionService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreateSubscription(self, request: pb.CreateSubscriptionRequest, call: Call) -> bytes:
        """Subscribe an account to a plan."""
        command = _from_proto_create(request)
        return await self._writes.run(call, CREATE_SUBSCRIPTION, command, _CREATED)

    async def GetSubscription(
        self, request: pb.GetSubscriptionRequest, _call: Call
    ) -> pb.GetSubscriptionResponse:
        """Give one subscription."""
        account, subscription = SUBSCRIPTION.parse(request.name)
        found = await self._reads.of_account(
            account, lambda tx, now: find_subscription(tx, account, subscription, now)
        )
        if found is None:
            raise SubscriptionNotFound(request.name)
        return pb.GetSubscriptionResponse(subscription=_in_full(found))

    async def ListSubscriptions(
        self, request: pb.ListSubscriptionsRequest, _call: Call
    ) -> pb.ListSubscriptionsResponse:
        """Give a page of an account's subscriptions."""
        account = account_id(request.parent, "parent")
        states = {_STATES[each] for each in request.states if each in _STATES}
        page = self._reads.page(request)
        found = await self._reads.of_account(
            account,
            lambda tx, now: list_subscriptions(
                tx, account, states=states, after=page.after_id, limit=page.limit, now=now
            ),
        )
        entries, token = page.cut(found, lambda each: (each.subscription.subscription_id,))
        return pb.ListSubscriptionsResponse(
            subscriptions=map(_in_full, entries), next_page_token=token
        )


def to_proto_subscription(subscription: Subscription, state: SubscriptionState) -> pb.Subscription:
    """A subscription as the contract tells it."""
    terms, first = subscription.plan_terms, subscription.facts[0].holding
    return pb.Subscription(
        name=SUBSCRIPTION.format(*subscription.key),
        instance=_instance_of(subscription),
        plan=PLAN.format(subscription.plan),
        band=subscription.band,
        state=_STATE_NUMBERS[state],
        intervals=[
            pb.Subscription.Interval(
                start_time=to_proto_timestamp(each.start_at),
                end_time=to_proto_timestamp(each.end_at),
            )
            for each in intervals(subscription.facts)
        ],
        first_billed_month=to_proto_date(subscription.first_billed_month),
        etag=str(len(subscription.facts)),
        display_name=subscription.display_name,
        held=[
            pb.Subscription.HeldQuantity(price=each.price, quantity=to_proto_decimal(each.quantity))
            for each in (first.held if first else ())
        ],
        price_overrides=map(_to_proto_override, first.price_overrides if first else ()),
        coupons=map(COUPON.format, first.coupons if first else ()),
        start_date=to_proto_date(terms.begins_on if terms else None),
        end_date=to_proto_date(terms.ends_on if terms else None),
    )


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


def _from_proto_create(request: pb.CreateSubscriptionRequest) -> CreateSubscription:
    message, figures = request.subscription, Figures()
    held = tuple(
        Held(each.price, figures.of(each, "quantity", f"held[{place}]."))
        for place, each in enumerate(message.held)
    )
    stated = Figures()
    overrides = tuple(
        from_proto_override(each, stated, f"price_overrides[{place}].")
        for place, each in enumerate(message.price_overrides)
    )
    return CreateSubscription(
        account=account_id(request.parent, "parent"),
        subscription_id=request.subscription_id,
        plan=bare_id(PLAN, message.plan, "subscription.plan"),
        band=message.band,
        display_name=message.display_name,
        quantities=Quantities(held=held, misread=tuple(figures.faults)),
        begins_on=_stated_day(message, "start_date"),
        ends_on=_stated_day(message, "end_date"),
        price_overrides=overrides,
        coupons=tuple(
            bare_id(COUPON, each, f"subscription.coupons[{place}]")
            for place, each in enumerate(message.coupons)
        ),
        misread=tuple(stated.faults),
    )


def _stated_day(message: pb.Subscription, name: str) -> date | None:
    if not message.HasField(name):
        return None
    return from_proto_date(getattr(message, name), f"subscription.{name}")


def _created(found: SubscriptionInFull) -> pb.CreateSubscriptionResponse:
    return pb.CreateSubscriptionResponse(subscription=_in_full(found))


def _in_full(found: SubscriptionInFull) -> pb.Subscription:
    return to_proto_subscription(found.subscription, found.state)


_CREATED: Final = whole(_created)
