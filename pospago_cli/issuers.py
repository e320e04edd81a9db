"""`pospago issuer`: the legal entities that issue invoices."""

import uuid
from pathlib import Path

import click
from pospago.billing.v1 import issuer_pb2 as pb
from pospago.billing.v1.issuer_pb2_grpc import IssuerServiceStub

from pospago_cli.catalogs import read_catalog
from pospago_cli.session import Noun, Session, limit_option, pass_session

COLUMNS = "name legal_name registration_number invoice_series create_time"


@click.group("issuer", cls=Noun)
def issuer() -> None:
    """Issuers: the legal entities that issue invoices."""


@issuer.command("create")
@click.argument("catalog", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_session
def create(session: Session, catalog: Path) -> None:
    """Create the issuers of a CATALOG file, such as examples/catalogs/integrator.yaml."""
    stub = session.stub(IssuerServiceStub)
    requests = (
        pb.CreateIssuerRequest(issuer_id=issuer_id, issuer=wanted, request_id=str(uuid.uuid4()))
        for issuer_id, wanted in read_catalog(catalog).issuers.items()
    )
    session.show_many("issuers", [stub.CreateIssuer(each).issuer for each in requests], COLUMNS)


@issuer.command("list")
@limit_option
@pass_session
def list_(session: Session, limit: int) -> None:
    """List the issuers."""
    method = session.stub(IssuerServiceStub).ListIssuers
    session.list(method, pb.ListIssuersRequest(), of="issuers", columns=COLUMNS, limit=limit)
