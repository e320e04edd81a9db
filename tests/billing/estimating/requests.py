"""Requests for estimates, and what they are answered with, as figures that people read."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from google.type.date_pb2 import Date
from google.type.decimal_pb2 import Decimal as ProtoDecimal
from google.type.money_pb2 import Money
from pospago.billing.v1 import estimate_pb2 as pb
from pospago.billing.v1 import invoice_pb2

Quantity = str | int


def decimal(value: Quantity) -> ProtoDecimal:
    return ProtoDecimal(value=str(value))


def request(
    plan: str = "",
    *,
    held: Mapping[str, Quantity] | None = None,
    used: Mapping[str, Quantity] | None = None,
    start: str = "2027-01-01",
    **more: Any,
) -> pb.EstimateRequest:
    """A request for one month of a stored plan, unless it says otherwise."""
    year, month, day = map(int, start.split("-"))
    source: dict[str, Any] = {"plan": f"plans/{plan}"} if plan else {}
    return pb.EstimateRequest(
        **source,
        held=[
            pb.EstimateRequest.HeldQuantity(price=code, quantity=decimal(value))
            for code, value in (held or {}).items()
        ],
        used=[
            pb.EstimateRequest.UsedQuantity(price=code, quantity=decimal(value))
            for code, value in (used or {}).items()
        ],
        start_date=Date(year=year, month=month, day=day),
        **more,
    )


def figure(money: Money) -> str:
    """An amount in figures: `1234.50`."""
    return f"{Decimal(money.units) + Decimal(money.nanos).scaleb(-9):.2f}"


def amounts(lines: Sequence[invoice_pb2.InvoiceLine]) -> str:
    """What lines come to, one after the other: `49.00 + 75.00`."""
    return " + ".join(figure(line.amount) for line in lines)
