"""`pospago profile`: how each account is billed, and where it stands."""

from typing import Any

import click
from google.protobuf.field_mask_pb2 import FieldMask
from pospago.billing.v1 import billing_profile_pb2 as pb
from pospago.billing.v1.billing_profile_pb2_grpc import BillingProfileServiceStub

from pospago_cli.accounts import ACCOUNT
from pospago_cli.failures import CommandFailed
from pospago_cli.session import Noun, Session, pass_session, request_id_option
from pospago_cli.taxes import TAX_PROFILE
from pospago_cli.values import ResourceName


@click.group("profile", cls=Noun)
def profile() -> None:
    """Billing profiles: who is billed how, expiry and credit."""


@profile.command("get")
@click.argument("account", type=ACCOUNT)
@pass_session
def get(session: Session, account: str) -> None:
    """Show ACCOUNT's billing profile."""
    request = pb.GetBillingProfileRequest(name=f"{account}/billingProfile")
    answer = session.stub(BillingProfileServiceStub).GetBillingProfile(request)
    session.show(answer.billing_profile, answer=answer)


@profile.command("update")
@click.argument("account", type=ACCOUNT)
@click.option("--legal-name", default=None, help="The buyer's legal name.")
@click.option("--registration-number", default=None, help="Such as a CNPJ.")
@click.option("--billing-email", default=None, help="Where invoices are sent.")
@click.option("--reference-text", default=None, help="What the buyer wants to read on invoices.")
@click.option("--currency", default=None, help="ISO 4217; fixed once anything was charged.")
@click.option("--terms", type=ResourceName("terms/{terms}"), default=None, help="Billing terms.")
@click.option("--issuer", type=ResourceName("issuers/{issuer}"), default=None, help="Who invoices.")
@click.option("--payer", type=ACCOUNT, default=None, help="Who pays for it.")
@click.option("--tax-profile", type=TAX_PROFILE, default=None, help="Which taxes hold for it.")
@click.option(
    "--tax-treatment",
    type=click.Choice(["standard", "exempt", "reverse-charge"]),
    default=None,
    help="How the tax profile is applied.",
)
@click.option("--tax-note", default=None, help="Why it is not taxed, as invoices print it.")
@click.option(
    "--payment-provider",
    default=None,
    help="Who collects what is due at once: manual, or test in a sandbox.",
)
@click.option("--payment-method", default=None, help="The provider's token for how to collect.")
@click.option(
    "--hold-invoices/--no-hold-invoices", default=None, help="Whether drafts are held at first."
)
@request_id_option
@pass_session
def update(
    session: Session, /, account: str, request_id: str, **changes: str | bool | None
) -> None:
    """Change ACCOUNT's billing profile, for invoices issued from now on."""
    stated: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    if not stated:
        raise CommandFailed("Nothing to change was stated.", "See `pospago profile update --help`.")
    if "tax_treatment" in stated:
        word = stated["tax_treatment"].replace("-", "_").upper()
        stated["tax_treatment"] = f"TAX_TREATMENT_{word}"
    request = pb.UpdateBillingProfileRequest(
        billing_profile=pb.BillingProfile(name=f"{account}/billingProfile", **stated),
        update_mask=FieldMask(paths=sorted(stated)),
        request_id=request_id,
    )
    answer = session.stub(BillingProfileServiceStub).UpdateBillingProfile(request)
    session.show(answer.billing_profile, answer=answer)
