"""One-off charges as the contract tells them."""

from typing import Final

from pospago.billing.v1 import one_off_charge_pb2 as pb

from billing_service.api.values import (
    CREDIT_NOTE,
    INVOICE,
    ONE_OFF_CHARGE,
    SUBSCRIPTION,
    to_proto_date,
    to_proto_decimal,
    to_proto_money,
    to_proto_timestamp,
)
from billing_service.domain.one_off_charge import OneOffCharge, OneOffState
from billing_service.domain.price import AmountDiscount, PercentDiscount
from billing_service.use_cases.create_one_off_charge import OneOffInFull

STATES: Final = {
    pb.OneOffCharge.STATE_PENDING: OneOffState.PENDING,
    pb.OneOffCharge.STATE_INVOICED: OneOffState.INVOICED,
    pb.OneOffCharge.STATE_CANCELLED: OneOffState.CANCELLED,
}
_STATE_NUMBERS: Final = {state: number for number, state in STATES.items()}


def to_proto_one_off(found: OneOffInFull) -> pb.OneOffCharge:
    """A one-off charge as the contract tells it."""
    charge = found.charge
    message = pb.OneOffCharge(
        name=ONE_OFF_CHARGE.format(*charge.key),
        description=charge.description,
        quantity=to_proto_decimal(charge.quantity),
        date=to_proto_date(charge.charged_on),
        tax_category=charge.tax_category,
        state=_STATE_NUMBERS[charge.state],
        amount=to_proto_money(found.amount_minor, charge.currency),
        invoice=INVOICE.format(charge.payer, charge.invoice) if charge.invoice else "",
        author=charge.author,
        create_time=to_proto_timestamp(charge.created_at),
        cancel_time=to_proto_timestamp(charge.cancelled_at),
        cancel_note=charge.cancel_note,
        credit_note=CREDIT_NOTE.format(charge.payer, charge.credit_note)
        if charge.credit_note
        else "",
        etag=charge.etag,
    )
    if found.included is not None:
        message.included_quantity.CopyFrom(to_proto_decimal(found.included))
    _add_pricing(message, charge)
    _add_discount(message, charge)
    return message


def _add_pricing(message: pb.OneOffCharge, charge: OneOffCharge) -> None:
    card = charge.rate_card
    if card is None:
        message.unit_price.CopyFrom(to_proto_decimal(charge.price.model.single_price))
        return
    message.rate_card.subscription = SUBSCRIPTION.format(charge.account, card.subscription)
    message.rate_card.price = card.price


def _add_discount(message: pb.OneOffCharge, charge: OneOffCharge) -> None:
    match charge.own_discount:
        case PercentDiscount(percent):
            message.discount_percent.CopyFrom(to_proto_decimal(percent))
        case AmountDiscount(amount):
            message.discount_amount.CopyFrom(to_proto_decimal(amount))
