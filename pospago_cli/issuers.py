"""`pospago issuer`: the legal entities that issue invoices."""

import uuid
from pathlib import Path
from typing import Annotated

import click
import yaml
from pospago.billing.v1 import issuer_pb2 as pb
from pospago.billing.v1.issuer_pb2_grpc import IssuerServiceStub
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pospago_cli.failures import CommandFailed
from pospago_cli.session import Noun, Session, limit_option, pass_session

COLUMNS = "name legal_name registration_number invoice_series create_time"
Slug = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Issuer(_Strict):
    legal_name: str
    registration_number: str = ""
    bank_details: str = ""
    payment_reference: str = ""
    invoice_series: str


class _File(_Strict):
    issuers: dict[Slug, _Issuer]


@click.group("issuer", cls=Noun)
def issuer() -> None:
    """Issuers: the legal entities that issue invoices."""


@issuer.command("create")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_session
def create(session: Session, file: Path) -> None:
    """Create the issuers of a FILE, such as examples/issuers/exemplo.yaml."""
    stub = session.stub(IssuerServiceStub)
    requests = (
        pb.CreateIssuerRequest(issuer_id=issuer_id, issuer=wanted, request_id=str(uuid.uuid4()))
        for issuer_id, wanted in read_issuers(file).items()
    )
    session.show_many("issuers", [stub.CreateIssuer(each).issuer for each in requests], COLUMNS)


@issuer.command("list")
@limit_option
@pass_session
def list_(session: Session, limit: int) -> None:
    """List the issuers."""
    method = session.stub(IssuerServiceStub).ListIssuers
    session.list(method, pb.ListIssuersRequest(), of="issuers", columns=COLUMNS, limit=limit)


def read_issuers(path: Path) -> dict[str, pb.Issuer]:
    """The issuers in a file, by id; CommandFailed says where it is wrong."""
    try:
        read = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError, ValueError) as wrong:
        raise CommandFailed(
            f"{path} names no issuers: {wrong}", "Compare it with examples/issuers/exemplo.yaml."
        ) from wrong
    return {each: pb.Issuer(**issuer.model_dump()) for each, issuer in read.issuers.items()}
