"""`pospago tax`: which tax rates hold. `pospago catalog` makes them so."""

import click
from pospago.billing.v1 import tax_pb2 as pb
from pospago.billing.v1.tax_pb2_grpc import TaxProfileServiceStub

from pospago_cli.session import Noun, Session, limit_option, pass_session
from pospago_cli.values import ResourceName

TAX_PROFILE = ResourceName("taxProfiles/{tax_profile}")
COLUMNS = "name display_name versions"


@click.group("tax", cls=Noun)
def tax() -> None:
    """Tax profiles: rates by category, in versions. A catalogue file makes them."""


@tax.command("get")
@click.argument("name", type=TAX_PROFILE)
@pass_session
def get(session: Session, name: str) -> None:
    """Show one tax profile with all its versions."""
    answer = session.stub(TaxProfileServiceStub).GetTaxProfile(pb.GetTaxProfileRequest(name=name))
    session.show(answer.tax_profile, answer=answer)


@tax.command("list")
@limit_option
@pass_session
def list_(session: Session, limit: int) -> None:
    """List the tax profiles."""
    method = session.stub(TaxProfileServiceStub).ListTaxProfiles
    request = pb.ListTaxProfilesRequest()
    session.list(method, request, of="tax_profiles", columns=COLUMNS, limit=limit)
