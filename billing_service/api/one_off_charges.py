"""One-off charges: the servicer of OneOffChargeService."""

from collections.abc import Sequence
from typing import Final

from pospago.billing.v1 import one_off_charge_pb2 as pb

from billing_service.api.figures import Figures
from billing_service.api.one_off_messages import STATES, to_proto_one_off
from billing_service.api.reading import Reads
from billing_service.api.values import ONE_OFF_CHARGE, SUBSCRIPTION, from_proto_date
from billing_service.domain.one_off_errors import InvalidOneOffCharge, OneOffChargeNotFound
from billing_service.domain.price import AmountDiscount, PercentDiscount
from billing_service.domain.price_models import Fault
from billing_service.domain.rate_card import PREFIX
from billing_service.storage.one_off_queries import find_one_off, list_one_offs
from billing_service.use_cases.cancel_one_off_charge import (
    CANCEL_ONE_OFF_CHARGE,
    CancelOneOffCharge,
)
from billing_service.use_cases.create_one_off_charge import (
    CREATE_ONE_OFF_CHARGE,
    CreateOneOffCharge,
    OneOffInFull,
    in_full,
)
from chassis.clock import Clock
from chassis.database import Transaction
from chassis.rpc.call import Call
from chassis.rpc.names import account_id
from chassis.rpc.writes import Writes, whole


class OneOffCharges:
    """The servicer of OneOffChargeService."""

    def __init__(self, writes: Writes, reads: Reads, clock: Clock) -> None:
        self._writes = writes
        self._reads = reads
        self._clock = clock

    async def CreateOneOffCharge(self, request: pb.CreateOneOffChargeRequest, call: Call) -> bytes:
        """Charge an account once."""
        command = _from_proto_create(request, author=call.caller.actor, asked_at=self._clock.now())
        return await self._writes.run(call, CREATE_ONE_OFF_CHARGE, command, _CREATED)

    async def CancelOneOffCharge(self, request: pb.CancelOneOffChargeRequest, call: Call) -> bytes:
        """Cancel a charge."""
        account, charge = ONE_OFF_CHARGE.parse(request.name)
        command = CancelOneOffCharge(account, charge, request.note, request.etag)
        return await self._writes.run(call, CANCEL_ONE_OFF_CHARGE, command, _CANCELLED)

    async def GetOneOffCharge(
        self, request: pb.GetOneOffChargeRequest, _call: Call
    ) -> pb.GetOneOffChargeResponse:
        """Give one charge."""
        account, charge = ONE_OFF_CHARGE.parse(request.name)
        known = await self._reads.run(lambda tx: find_one_off(tx, account, charge))
        if not known:
            raise OneOffChargeNotFound(request.name)
        found = in_full(known[0], known)
        return pb.GetOneOffChargeResponse(one_off_charge=to_proto_one_off(found))

    async def ListOneOffCharges(
        self, request: pb.ListOneOffChargesRequest, _call: Call
    ) -> pb.ListOneOffChargesResponse:
        """Give a page of an account's charges."""
        account = account_id(request.parent, "parent")
        states = {STATES[each] for each in request.states if each in STATES}
        page = self._reads.page(request)

        def query(tx: Transaction) -> Sequence[OneOffInFull]:
            found, known = list_one_offs(
                tx, account, states=states, after=page.after_id, limit=page.limit
            )
            return [in_full(each, known) for each in found]

        entries, token = page.cut(
            await self._reads.run(query), lambda each: (each.charge.charge_id,)
        )
        return pb.ListOneOffChargesResponse(
            one_off_charges=map(to_proto_one_off, entries), next_page_token=token
        )


def _from_proto_create(
    request: pb.CreateOneOffChargeRequest, *, author: str, asked_at: int
) -> CreateOneOffCharge:
    message, figures = request.one_off_charge, Figures()
    account = account_id(request.parent, "parent")
    subscription, price = _rate_card(message, account)
    return CreateOneOffCharge(
        account=account,
        charge_id=request.one_off_charge_id,
        description=message.description,
        quantity=figures.of(message, "quantity"),
        charged_on=(
            from_proto_date(message.date, f"{PREFIX}date") if message.HasField("date") else None
        ),
        unit_price=figures.optional(message, "unit_price"),
        subscription=subscription,
        price=price,
        discount=_discount(message, figures),
        tax_category=message.tax_category,
        author=author,
        asked_at=asked_at,
        misread=tuple(figures.faults),
    )


def _rate_card(message: pb.OneOffCharge, account: str) -> tuple[str, str]:
    """The subscription of the account and the price that are named; '' if none is."""
    if not message.HasField("rate_card"):
        return "", ""
    owner, subscription = SUBSCRIPTION.parse(message.rate_card.subscription)
    if owner != account:
        text = f"must be one of accounts/{account}, which is charged"
        raise InvalidOneOffCharge([Fault("rate_card.subscription", text)], PREFIX)
    return subscription, message.rate_card.price


def _discount(
    message: pb.OneOffCharge, figures: Figures
) -> PercentDiscount | AmountDiscount | None:
    match message.WhichOneof("discount"):
        case "discount_percent":
            return PercentDiscount(figures.of(message, "discount_percent"))
        case "discount_amount":
            return AmountDiscount(figures.of(message, "discount_amount"))
    return None


def _created(found: OneOffInFull) -> pb.CreateOneOffChargeResponse:
    return pb.CreateOneOffChargeResponse(one_off_charge=to_proto_one_off(found))


def _cancelled(found: OneOffInFull) -> pb.CancelOneOffChargeResponse:
    return pb.CancelOneOffChargeResponse(one_off_charge=to_proto_one_off(found))


_CREATED: Final = whole(_created)
_CANCELLED: Final = whole(_cancelled)
