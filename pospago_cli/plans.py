"""`pospago plan`: what things cost. `pospago catalog` makes them so."""

import click
from pospago.billing.v1 import catalog_pb2 as pb
from pospago.billing.v1.catalog_pb2_grpc import CatalogServiceStub

from pospago_cli.session import Noun, Session, limit_option, pass_session
from pospago_cli.values import ResourceName

PLAN = ResourceName("plans/{plan}")
COLUMNS = "name display_name version_policy versions"


@click.group("plan", cls=Noun)
def plan() -> None:
    """Plans: what things cost, in versions. A catalogue file makes them."""


@plan.command("get")
@click.argument("name", type=PLAN)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one plan with all its versions."""
    answer = session.stub(CatalogServiceStub).GetPlan(pb.GetPlanRequest(name=name))
    session.show(answer.plan, answer=answer)


@plan.command("list")
@limit_option
@pass_session
def list_(session: Session, limit: int) -> None:
    """List the plans."""
    method = session.stub(CatalogServiceStub).ListPlans
    session.list(method, pb.ListPlansRequest(), of="plans", columns=COLUMNS, limit=limit)
