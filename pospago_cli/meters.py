"""`pospago meter`: what is measured. `pospago catalog` makes meters."""

import click
from pospago.billing.v1 import meter_pb2 as pb
from pospago.billing.v1.meter_pb2_grpc import MeterServiceStub

from pospago_cli.session import Noun, Session, limit_option, pass_session
from pospago_cli.values import ResourceName

METER = ResourceName("meters/{meter}")
COLUMNS = "name event_name aggregation value_property unit value_per_unit dimensions filters"


@click.group("meter", cls=Noun)
def meter() -> None:
    """Meters: what is measured, and how it is summed up. A catalogue file makes them."""


@meter.command("get")
@click.argument("name", type=METER)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one meter."""
    answer = session.stub(MeterServiceStub).GetMeter(pb.GetMeterRequest(name=name))
    session.show(answer.meter, answer=answer)


@meter.command("list")
@limit_option
@pass_session
def list_(session: Session, limit: int) -> None:
    """List the meters."""
    method = session.stub(MeterServiceStub).ListMeters
    session.list(method, pb.ListMetersRequest(), of="meters", columns=COLUMNS, limit=limit)
