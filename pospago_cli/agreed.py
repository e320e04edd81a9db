"""Prices that were agreed with one customer, as people type them: `seats=12` or `seats=20%`."""

import re
from typing import Final

import click
from google.type.decimal_pb2 import Decimal
from pospago.billing.v1 import subscription_pb2 as pb

_AGREED: Final = re.compile(r"([a-z0-9][a-z0-9-]*)=([0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?)(%?)")


class Agreed(click.ParamType[pb.Subscription.PriceOverride]):
    """What one of a price costs, such as `seats=12`, or how much less, such as `seats=20%`."""

    name = "price=amount"

    def convert(
        self,
        value: str | pb.Subscription.PriceOverride,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> pb.Subscription.PriceOverride:
        """The agreement as a message."""
        if isinstance(value, pb.Subscription.PriceOverride):
            return value
        found = _AGREED.fullmatch(value)
        if found is None:
            text = f"{value!r}: write the code of a price and what one costs, as seats=12"
            self.fail(f"{text}, or 20% off, as seats=20%", param, ctx)
        figure = Decimal(value=found[2].replace("_", ""))
        if found[3]:
            return pb.Subscription.PriceOverride(price=found[1], percent_off=figure)
        return pb.Subscription.PriceOverride(price=found[1], unit_price=figure)
