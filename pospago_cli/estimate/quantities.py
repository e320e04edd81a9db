"""What is held, used and counted, as people type it: `seats=12`, `payments=10+100`."""

import re
from typing import Final, NoReturn

import click
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import estimate_pb2 as pb

_NUMBER: Final = r"[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?"
# More digits than the contract counts to would not fit into its messages.
_COUNT: Final = r"[0-9](?:_?[0-9]){0,12}"
_CODE: Final = r"[a-z0-9][a-z0-9-]*"
_TRANSACTION: Final = rf"(?:{_COUNT}x)?{_NUMBER}"

_HELD: Final = re.compile(rf"({_CODE})=({_NUMBER})")
_USED: Final = re.compile(rf"({_CODE})(?:/({_CODE}))?=(.+)")
_COUNTED: Final = re.compile(rf"({_CODE})(?::({_CODE}(?:,{_CODE})*))?=({_COUNT})")

_QUANTITY: Final = re.compile(rf"({_NUMBER})(?:#({_COUNT}))?")
_TRANSACTIONS: Final = re.compile(rf"{_TRANSACTION}(?:\+{_TRANSACTION})*")
# A comma at the end tells a single unit from a quantity, and units from grouped digits.
_BY_UNIT: Final = re.compile(rf"{_NUMBER}(?:,{_NUMBER})*,?")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")


class Held(click.ParamType[pb.EstimateRequest.HeldQuantity]):
    """How much of a price is held, such as `seats=12`."""

    name = "price=quantity"

    def convert(
        self,
        value: str | pb.EstimateRequest.HeldQuantity,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> pb.EstimateRequest.HeldQuantity:
        """The quantity as a message."""
        if isinstance(value, pb.EstimateRequest.HeldQuantity):
            return value
        found = _HELD.fullmatch(value)
        if found is None:
            self.fail(f"{value!r}: write the code of a price and how much, as seats=12", param, ctx)
        return pb.EstimateRequest.HeldQuantity(price=found[1], quantity=_decimal(found[2]))


class Used(click.ParamType[pb.EstimateRequest.UsedQuantity]):
    """What is used of a price, such as `calls=25000`, `machines/cores=4`, `payments=10+100`."""

    name = "price=quantity"

    def convert(
        self,
        value: str | pb.EstimateRequest.UsedQuantity,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> pb.EstimateRequest.UsedQuantity:
        """The usage as a message."""
        if isinstance(value, pb.EstimateRequest.UsedQuantity):
            return value
        found = _USED.fullmatch(value)
        if found is None:
            self._fail(value, param, ctx)
        used = pb.EstimateRequest.UsedQuantity(
            price=found[1], meter=f"meters/{found[2]}" if found[2] else ""
        )
        stated = found[3]
        if _GROUPED.fullmatch(stated):
            self.fail(
                f"{value!r}: write {stated.replace(',', '')}, or with a comma at the end {stated},"
                " for what each unit used",
                param,
                ctx,
            )
        if quantity := _QUANTITY.fullmatch(stated):
            used.quantity.CopyFrom(_decimal(quantity[1]))
            used.events_count = int(quantity[2] or 0)
        elif _TRANSACTIONS.fullmatch(stated):
            used.transactions.extend(map(_transaction, stated.split("+")))
        elif _BY_UNIT.fullmatch(stated):
            used.by_unit.extend(map(_decimal, stated.removesuffix(",").split(",")))
        else:
            self._fail(value, param, ctx)
        return used

    def _fail(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> NoReturn:
        self.fail(
            f"{value!r}: write the code of a price and how much, as calls=25000;"
            " machines/cores=4 for one meter of a capacity; payments=10+100+5000 or 200x50 for"
            " transactions, 5110#3 for 5110 in 3 of them; data=9,1 for what each unit used",
            param,
            ctx,
        )


class Counted(click.ParamType[pb.EstimateRequest.CountedGroup]):
    """Things that carry the same labels, such as `client=12`, `client:partner-level=99`."""

    name = "kind:label=count"

    def __init__(self, *, own: bool = False) -> None:
        self._own = own

    def convert(
        self,
        value: str | pb.EstimateRequest.CountedGroup,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> pb.EstimateRequest.CountedGroup:
        """The things as a message."""
        if isinstance(value, pb.EstimateRequest.CountedGroup):
            return value
        found = _COUNTED.fullmatch(value)
        if found is None:
            self.fail(
                f"{value!r}: write what is counted and how many, as client=12, or with the labels"
                " that they carry: client:partner-level=99, client:partner-level,new=3",
                param,
                ctx,
            )
        return pb.EstimateRequest.CountedGroup(
            counted=found[1],
            labels=found[2].split(",") if found[2] else [],
            count=int(found[3]),
            own=self._own,
        )


def _transaction(text: str) -> pb.EstimateRequest.UsedQuantity.Transaction:
    """`100`, or `200x50`: 200 of 50 each."""
    count, _, amount = text.rpartition("x")
    return pb.EstimateRequest.UsedQuantity.Transaction(
        amount=_decimal(amount), count=int(count or 1)
    )


def _decimal(text: str) -> Decimal:
    return Decimal(value=text.replace("_", ""))
