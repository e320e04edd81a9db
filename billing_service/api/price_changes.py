"""Price changes: the servicer of PriceChangeService, and what the contract tells of them."""

from typing import Final

from pospago.billing.v1 import price_change_pb2 as pb

from billing_service.api.figures import Figures
from billing_service.api.reading import Reads
from billing_service.api.values import (
    PLAN,
    PRICE_CHANGE,
    bare_id,
    from_proto_date,
    to_proto_date,
    to_proto_decimal,
    to_proto_timestamp,
)
from billing_service.domain.catalog_errors import PriceChangeNotFound
from billing_service.domain.price_change import (
    PERCENT_DECIMALS_MAX,
    PERCENT_MAX,
    PERCENT_MIN,
    Indexation,
    PriceChange,
)
from billing_service.domain.price_models.figures import decimals_of
from billing_service.storage.gathering_catalog import find_price_change, list_price_changes
from billing_service.use_cases.cancel_price_change import CANCEL_PRICE_CHANGE, CancelPriceChange
from billing_service.use_cases.create_price_change import CREATE_PRICE_CHANGE, CreatePriceChange
from chassis.errors import FieldViolation, InvalidField
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole

_PERCENT_FIELD: Final = "price_change.indexation.percent"


class PriceChanges:
    """The servicer of PriceChangeService."""

    def __init__(self, writes: Writes, reads: Reads) -> None:
        self._writes = writes
        self._reads = reads

    async def CreatePriceChange(self, request: pb.CreatePriceChangeRequest, call: Call) -> bytes:
        """Schedule a price change."""
        account = account_id(request.parent, "parent")
        change = _from_proto_change(account, request.price_change_id, request.price_change)
        command = CreatePriceChange(change)
        return await self._writes.run(call, CREATE_PRICE_CHANGE, command, _CREATED)

    async def CancelPriceChange(self, request: pb.CancelPriceChangeRequest, call: Call) -> bytes:
        """Cancel a price change."""
        command = CancelPriceChange(*PRICE_CHANGE.parse(request.name))
        return await self._writes.run(call, CANCEL_PRICE_CHANGE, command, _CANCELLED)

    async def GetPriceChange(
        self, request: pb.GetPriceChangeRequest, _call: Call
    ) -> pb.GetPriceChangeResponse:
        """Give one price change."""
        account, price_change = PRICE_CHANGE.parse(request.name)
        found = await self._reads.run(lambda tx: find_price_change(tx, account, price_change))
        if found is None:
            raise PriceChangeNotFound(account, price_change)
        return pb.GetPriceChangeResponse(price_change=to_proto_change(found))

    async def ListPriceChanges(
        self, request: pb.ListPriceChangesRequest, _call: Call
    ) -> pb.ListPriceChangesResponse:
        """Give a page of an account's price changes."""
        account = account_id(request.parent, "parent")
        page = self._reads.page(request)
        found = await self._reads.run(
            lambda tx: list_price_changes(tx, account, after=page.after_id, limit=page.limit)
        )
        entries, token = page.cut(found, lambda each: (each.price_change_id,))
        return pb.ListPriceChangesResponse(
            price_changes=map(to_proto_change, entries), next_page_token=token
        )


def _from_proto_change(account: str, price_change_id: str, message: pb.PriceChange) -> PriceChange:
    indexed = message.WhichOneof("change") == "indexation"
    return PriceChange(
        account=account,
        price_change_id=price_change_id,
        plan=bare_id(PLAN, message.plan, "price_change.plan"),
        effective_on=from_proto_date(message.effective_date, "price_change.effective_date"),
        plan_version=None if indexed else message.plan_version,
        indexation=_indexation(message.indexation) if indexed else None,
        note=message.note,
        notice_at=0,
    )


def _indexation(message: pb.PriceChange.Indexation) -> Indexation:
    figures = Figures()
    percent = figures.of(message, "percent")
    if figures.faults:
        raise InvalidField(FieldViolation(_PERCENT_FIELD, figures.faults[0].text))
    if not PERCENT_MIN < percent <= PERCENT_MAX or decimals_of(percent) > PERCENT_DECIMALS_MAX:
        text = (
            f"must be above {PERCENT_MIN} and at most {PERCENT_MAX}, "
            f"with up to {PERCENT_DECIMALS_MAX} decimals"
        )
        raise InvalidField(FieldViolation(_PERCENT_FIELD, text))
    return Indexation(percent, yearly=message.yearly)


def to_proto_change(change: PriceChange) -> pb.PriceChange:
    """A price change as the contract tells it."""
    index = change.indexation
    return pb.PriceChange(
        name=PRICE_CHANGE.format(change.account, change.price_change_id),
        plan=PLAN.format(change.plan),
        effective_date=to_proto_date(change.effective_on),
        plan_version=change.plan_version,
        indexation=pb.PriceChange.Indexation(
            percent=to_proto_decimal(index.percent), yearly=index.yearly
        )
        if index
        else None,
        note=change.note,
        notice_time=to_proto_timestamp(change.notice_at),
        cancel_time=to_proto_timestamp(change.cancelled_at),
    )


def _created(change: PriceChange) -> pb.CreatePriceChangeResponse:
    return pb.CreatePriceChangeResponse(price_change=to_proto_change(change))


def _cancelled(change: PriceChange) -> pb.CancelPriceChangeResponse:
    return pb.CancelPriceChangeResponse(price_change=to_proto_change(change))


_CREATED: Final = whole(_created)
_CANCELLED: Final = whole(_cancelled)
