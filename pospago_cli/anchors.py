"""Where the periods of a subscription begin, as people type it: `calendar`, `start` or a date."""

from datetime import date
from typing import Final

import click
from pospago.billing.v1 import subscription_pb2 as pb

from pospago_cli.values import to_date

_KINDS: Final = {
    "calendar": pb.Subscription.Anchor.KIND_CALENDAR,
    "start": pb.Subscription.Anchor.KIND_START,
}


class Anchor(click.ParamType[pb.Subscription.Anchor]):
    """`calendar`, `start`, or the date whose anniversaries are meant."""

    name = "anchor"

    def convert(
        self,
        value: str | pb.Subscription.Anchor,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> pb.Subscription.Anchor:
        """The anchor as a message."""
        if isinstance(value, pb.Subscription.Anchor):
            return value
        kind = _KINDS.get(value)
        if kind is not None:
            return pb.Subscription.Anchor(kind=kind)
        try:
            return pb.Subscription.Anchor(date=to_date(date.fromisoformat(value)))
        except ValueError:
            text = "write calendar, start, or a date such as 2027-01-31"
            self.fail(f"{value!r}: {text}", param, ctx)
