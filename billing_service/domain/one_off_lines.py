"""The lines that a one-off charge has on an invoice, still without their numbers."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from billing_service.domain.invoice_line import InvoiceLine, LinePart
from billing_service.domain.item_lines import SAID_OF, UNIT, unit_price
from billing_service.domain.one_off_charge import OneOffCharge
from billing_service.domain.price import Licensed
from billing_service.domain.rating import RatedPrice

_ZERO: Final = Decimal(0)


def one_off_lines(
    charge: OneOffCharge, rated: RatedPrice, *, subject: str
) -> tuple[InvoiceLine, ...]:
    """The lines of a one-off charge as it was rated: what is included at 0, and what is not.

    `subject` names whose it is ('': it goes without saying).
    """
    card, kind = charge.rate_card, rated.price.kind
    who = f"{subject}: " if subject else ""
    return tuple(
        InvoiceLine(
            line_number=0,
            description=f"{who}{rated.price.name}{SAID_OF[part]}, {charge.charged_on.isoformat()}",
            plan=card.plan if card else "",
            plan_version=card.plan_version if card else 0,
            band=card.band if card else 0,
            quantity=quantity,
            unit_price=_ZERO if part is LinePart.INCLUDED else unit_price(rated),
            amount_minor=0 if part is LinePart.INCLUDED else rated.amount_minor,
            period_start_on=charge.charged_on,
            period_end_on=charge.period_end_on,
            price=rated.price.code,
            part=part,
            tax_category=charge.tax_category,
            unit=(kind.unit if isinstance(kind, Licensed) else "") or UNIT,
        )
        for part, quantity in _parts(rated)
    )


def _parts(rated: RatedPrice) -> Iterator[tuple[LinePart, Decimal]]:
    included, exceeding = rated.included, rated.priced.quantity
    if not included:
        yield LinePart.WHOLE, exceeding
        return
    yield LinePart.INCLUDED, included
    if exceeding or rated.amount_minor:
        yield LinePart.EXCESS, exceeding
