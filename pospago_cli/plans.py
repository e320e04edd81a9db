"""`pospago plan`: what things cost, read from a catalogue in YAML."""

import uuid
from pathlib import Path

import click
from pospago.billing.v1 import catalog_pb2 as pb
from pospago.billing.v1.catalog_pb2_grpc import CatalogServiceStub

from pospago_cli.catalogs import Catalog, read_catalog
from pospago_cli.session import Noun, Session, limit_option, pass_session
from pospago_cli.values import ResourceName

PLAN = ResourceName("plans/{plan}")
COLUMNS = "name display_name version_policy versions"


@click.group("plan", cls=Noun)
def plan() -> None:
    """Plans: prices by tariff band, in versions."""


@plan.command("create")
@click.argument("catalog", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_session
def create(session: Session, catalog: Path) -> None:
    """Create the plans of a CATALOG file, such as examples/catalogs/integrator.yaml."""
    read: Catalog = read_catalog(catalog)
    stub = session.stub(CatalogServiceStub)
    requests = (
        pb.CreatePlanRequest(plan_id=plan_id, plan=wanted, request_id=str(uuid.uuid4()))
        for plan_id, wanted in read.plans.items()
    )
    session.show_many("plans", [stub.CreatePlan(each).plan for each in requests], COLUMNS)


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
