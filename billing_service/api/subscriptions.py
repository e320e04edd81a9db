"""Subscriptions: the servicer of SubscriptionService."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import starmap
from typing import Final, TypeVar

from pospago.billing.v1 import subscription_pb2 as pb

from billing_service.api.change_requests import (
    from_proto_change,
    from_proto_move,
    previewed_as,
    to_proto_change_preview,
)
from billing_service.api.invoice_messages import to_proto_issued
from billing_service.api.payment_request_messages import to_proto_payment_request
from billing_service.api.preview_tokens import PreviewTokens
from billing_service.api.reading import Reads
from billing_service.api.subscription_messages import (
    STATES,
    from_proto_anchor,
    from_proto_coupons,
    from_proto_held,
    from_proto_overrides,
    to_proto_subscription,
)
from billing_service.api.values import PLAN, SUBSCRIPTION, bare_id, from_proto_date
from billing_service.domain.errors import SubscriptionNotFound
from billing_service.domain.subscription_change import ordinal_of
from billing_service.domain.subscription_facts import FactKind
from billing_service.storage.queries import (
    SubscriptionInFull,
    find_subscription,
    list_subscriptions,
)
from billing_service.use_cases.change_subscription import (
    CANCEL_SUBSCRIPTION,
    CHANGE_SUBSCRIPTION,
    PAUSE_SUBSCRIPTION,
    RESUME_SUBSCRIPTION,
    Changed,
)
from billing_service.use_cases.change_subscription import ChangeSubscription as Change
from billing_service.use_cases.create_subscription import (
    CREATE_SUBSCRIPTION,
    CreateSubscription,
)
from billing_service.use_cases.preview_change import ChangePreview, preview_change
from billing_service.use_cases.undo_subscription_change import (
    UNDO_SUBSCRIPTION_CHANGE,
    UndoSubscriptionChange,
)
from chassis.ids import Ids
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole

# What answers a change that may invoice something, and one that may be previewed before.
_Answer = TypeVar(
    "_Answer",
    pb.ChangeSubscriptionResponse,
    pb.CancelSubscriptionResponse,
    pb.PauseSubscriptionResponse,
    pb.ResumeSubscriptionResponse,
)
_Confirmed = pb.ChangeSubscriptionRequest | pb.CancelSubscriptionRequest


class Subscriptions:
    """The servicer of SubscriptionService."""

    def __init__(self, writes: Writes, reads: Reads, tokens: PreviewTokens, ids: Ids) -> None:
        self._writes = writes
        self._reads = reads
        self._tokens = tokens
        self._ids = ids

    async def CreateSubscription(self, request: pb.CreateSubscriptionRequest, call: Call) -> bytes:
        """Subscribe an account to a plan."""
        command = _from_proto_create(request)
        return await self._writes.run(call, CREATE_SUBSCRIPTION, command, _CREATED)

    async def ChangeSubscription(self, request: pb.ChangeSubscriptionRequest, call: Call) -> bytes:
        """Change what a subscription holds."""
        command = self._asked(from_proto_change(request, request.etag))
        command = self._confirmed(command, request)
        return await self._writes.run(call, CHANGE_SUBSCRIPTION, command, _CHANGED)

    async def CancelSubscription(self, request: pb.CancelSubscriptionRequest, call: Call) -> bytes:
        """End a subscription."""
        command = self._asked(from_proto_move(request, FactKind.CANCELLED, request.etag))
        command = self._confirmed(command, request)
        return await self._writes.run(call, CANCEL_SUBSCRIPTION, command, _CANCELLED)

    async def PreviewChange(
        self, request: pb.PreviewChangeRequest, _call: Call
    ) -> pb.PreviewChangeResponse:
        """Tell what a change would come to."""
        found = await self._previewed(from_proto_change(request))
        preview = to_proto_change_preview(found, request, self._tokens)
        return pb.PreviewChangeResponse(preview=preview)

    async def PreviewCancel(
        self, request: pb.PreviewCancelRequest, _call: Call
    ) -> pb.PreviewCancelResponse:
        """Tell what an end would come to."""
        found = await self._previewed(from_proto_move(request, FactKind.CANCELLED))
        preview = to_proto_change_preview(found, request, self._tokens)
        return pb.PreviewCancelResponse(preview=preview)

    async def PauseSubscription(self, request: pb.PauseSubscriptionRequest, call: Call) -> bytes:
        """Pause a subscription."""
        command = self._asked(from_proto_move(request, FactKind.PAUSED, request.etag))
        return await self._writes.run(call, PAUSE_SUBSCRIPTION, command, _PAUSED)

    async def ResumeSubscription(self, request: pb.ResumeSubscriptionRequest, call: Call) -> bytes:
        """Resume a subscription."""
        command = self._asked(from_proto_move(request, FactKind.UNPAUSED, request.etag))
        return await self._writes.run(call, RESUME_SUBSCRIPTION, command, _RESUMED)

    async def UndoSubscriptionChange(
        self, request: pb.UndoSubscriptionChangeRequest, call: Call
    ) -> bytes:
        """Take back a change that has not taken effect."""
        account, subscription_id = SUBSCRIPTION.parse(request.name)
        command = UndoSubscriptionChange(
            account, subscription_id, ordinal_of(request.change_id), request.etag
        )
        return await self._writes.run(call, UNDO_SUBSCRIPTION_CHANGE, command, _UNDONE)

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
        states = {STATES[each] for each in request.states if each in STATES}
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

    def _asked(self, command: Change) -> Change:
        """A change with the id of the request for payment that may come of it."""
        return replace(command, payment_request=self._ids.new("request"))

    def _confirmed(self, command: Change, request: _Confirmed) -> Change:
        """A change with what its preview followed from, if a token says so.

        Errors:  PreviewTokenInvalid.
        """
        if not request.preview_token:
            return command
        previewed = self._tokens.read(previewed_as(request), request.preview_token)
        return replace(command, previewed=previewed)

    async def _previewed(self, command: Change) -> ChangePreview:
        return await self._reads.of_account(
            command.account, lambda tx, now: preview_change(tx, command, now)
        )


def _from_proto_create(request: pb.CreateSubscriptionRequest) -> CreateSubscription:
    message = request.subscription
    overrides, misread = from_proto_overrides(message.price_overrides)
    anchor, anchor_on = from_proto_anchor(message.anchor)
    return CreateSubscription(
        account=account_id(request.parent, "parent"),
        subscription_id=request.subscription_id,
        plan=bare_id(PLAN, message.plan, "subscription.plan"),
        band=message.band,
        display_name=message.display_name,
        quantities=from_proto_held(message.held),
        begins_on=_stated_day(message, "start_date"),
        ends_on=_stated_day(message, "end_date"),
        price_overrides=overrides,
        coupons=from_proto_coupons(message.coupons, "subscription."),
        misread=misread,
        anchor=anchor,
        anchor_on=anchor_on,
        trial_ends_on=_stated_day(message, "trial_end_date"),
        prepaid=message.prepaid,
    )


def _stated_day(message: pb.Subscription, name: str) -> date | None:
    if not message.HasField(name):
        return None
    return from_proto_date(getattr(message, name), f"subscription.{name}")


def _created(found: SubscriptionInFull) -> pb.CreateSubscriptionResponse:
    return pb.CreateSubscriptionResponse(subscription=_in_full(found))


def _answered_by(answer: type[_Answer]) -> Callable[[Changed], _Answer]:
    """What tells a change that may invoice something, in the answer of its rpc."""

    def told(found: Changed) -> _Answer:
        asked = found.payment_request
        return answer(
            subscription=_in_full(found.subscription),
            invoices=starmap(to_proto_issued, found.invoices),
            payment_request=to_proto_payment_request(asked) if asked else None,
        )

    return told


def _undone(found: Changed) -> pb.UndoSubscriptionChangeResponse:
    return pb.UndoSubscriptionChangeResponse(subscription=_in_full(found.subscription))


def _in_full(found: SubscriptionInFull) -> pb.Subscription:
    return to_proto_subscription(found.subscription, found.state, found.at)


_CREATED: Final = whole(_created)
_CHANGED: Final = whole(_answered_by(pb.ChangeSubscriptionResponse))
_CANCELLED: Final = whole(_answered_by(pb.CancelSubscriptionResponse))
_PAUSED: Final = whole(_answered_by(pb.PauseSubscriptionResponse))
_RESUMED: Final = whole(_answered_by(pb.ResumeSubscriptionResponse))
_UNDONE: Final = whole(_undone)
